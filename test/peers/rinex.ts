export interface RinexValue {
  readonly value: number;
  /** Loss of lock indicator: 1 slip, 2 half cycle; 0 where nothing is written. */
  readonly lli: number;
}

/** Epoch as written → satellite → observation code ("C1C") → value. What is blank is not there. */
export type Rinex = ReadonlyMap<string, ReadonlyMap<string, ReadonlyMap<string, RinexValue>>>;

const FIELD_CHARACTERS = 16; // F14.3, loss of lock, strength

/** Observations of a RINEX 3 file. */
export function readRinex(text: string): Rinex {
  const lines = text.split("\n");
  const codes = new Map<string, string[]>();
  let system = "";
  let at = 0;
  for (; at < lines.length && !(lines[at] as string).includes("END OF HEADER"); at += 1) {
    const line = lines[at] as string;
    if (!line.includes("SYS / # / OBS TYPES")) continue;
    if (line[0] !== " ") {
      system = line[0] as string;
      codes.set(system, []);
    }
    codes.get(system)?.push(...line.slice(7, 60).trim().split(/\s+/));
  }
  const epochs = new Map<string, Map<string, Map<string, RinexValue>>>();
  let satellites = new Map<string, Map<string, RinexValue>>();
  for (const line of lines.slice(at + 1)) {
    if (line.startsWith(">")) {
      satellites = new Map();
      epochs.set(line.slice(2, 29), satellites);
    } else if (line !== "") satellites.set(line.slice(0, 3), valuesOf(line, codes.get(line[0] as string) ?? []));
  }
  return epochs;
}

function valuesOf(line: string, codes: readonly string[]): Map<string, RinexValue> {
  const values = new Map<string, RinexValue>();
  for (const [i, code] of codes.entries()) {
    const field = line.slice(3 + i * FIELD_CHARACTERS, 3 + (i + 1) * FIELD_CHARACTERS);
    const number = field.slice(0, 14).trim();
    if (number !== "") values.set(code, { value: Number(number), lli: Number(field[14]?.trim() ?? 0) });
  }
  return values;
}
