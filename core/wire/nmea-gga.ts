import type { FixState } from "../domain/live.ts";

/** One NMEA 0183 GGA sentence, of any talker. What the rover does not say is null, never a number that looks good. */
export interface Gga {
  readonly timeOfDayMs: number | null; // UTC
  readonly position: { readonly latDeg: number; readonly lonDeg: number; readonly heightM: number | null } | null; // height above the ellipsoid
  readonly fix: FixState;
  readonly satellites: number | null;
  readonly hdop: number | null;
  readonly ageS: number | null; // field 13: age of the corrections
  readonly stationId: number | null; // field 14
}

// Field 6. 3 is PPS, 6 dead reckoning, 7 manual, 8 simulator: none of them says how good the corrections are.
const FIX: Readonly<Record<string, FixState>> = { "0": "none", "1": "single", "2": "dgps", "4": "fix", "5": "float" };
const SENTENCE = /^\$([A-Z]{2})GGA,([^*]*)(?:\*([0-9A-F]{2}))?\s*$/i;

/**
 * null when the line is no GGA or its checksum is wrong. A checksum left out, an empty position and fix 0 are no errors:
 * receivers send them at start-up.
 */
export function parseGga(line: string): Gga | null {
  const found = SENTENCE.exec(line);
  if (!found) return null;
  const given = found[3];
  if (given !== undefined && Number.parseInt(given, 16) !== checksum(line)) return null;
  const field = (found[2] as string).split(",");
  const latDeg = angle(field[1], field[2], { positive: "N", negative: "S", maxDeg: 90 });
  const lonDeg = angle(field[3], field[4], { positive: "E", negative: "W", maxDeg: 180 });
  const quality = field[5] ?? "";
  const fix = quality === "" ? "unknown" : (FIX[quality] ?? "other");
  const mslM = number(field[8]);
  const geoidM = number(field[10]);
  return {
    timeOfDayMs: timeOfDay(field[0]),
    position:
      latDeg === null || lonDeg === null || fix === "none" ? null : { latDeg, lonDeg, heightM: mslM === null || geoidM === null ? null : mslM + geoidM },
    fix,
    satellites: number(field[6]),
    hdop: number(field[7]),
    ageS: number(field[12]),
    stationId: number(field[13]),
  };
}

/** Exclusive or of everything between `$` and `*`. */
function checksum(line: string): number {
  let sum = 0;
  for (let i = 1; i < line.length && line[i] !== "*"; i += 1) sum ^= line.charCodeAt(i);
  return sum;
}

function number(text: string | undefined): number | null {
  if (text === undefined || !/^[+-]?\d{1,9}(\.\d{0,12})?$/.test(text.trim())) return null;
  return Number(text);
}

/** `3925.2000`,`N` → 39.42. */
function angle(text: string | undefined, side: string | undefined, of: { positive: string; negative: string; maxDeg: number }): number | null {
  const found = /^(\d{1,3})(\d{2}(?:\.\d{0,12})?)$/.exec(text?.trim() ?? "");
  const sign = side === of.positive ? 1 : side === of.negative ? -1 : 0;
  if (!found || sign === 0) return null;
  const minutes = Number(found[2]);
  const degrees = Number(found[1]) + minutes / 60;
  return minutes < 60 && degrees <= of.maxDeg ? sign * degrees : null;
}

const DAY_MS = 86_400_000;

function timeOfDay(text: string | undefined): number | null {
  const found = /^(\d{2})(\d{2})(\d{2}(?:\.\d{0,6})?)$/.exec(text?.trim() ?? "");
  if (!found) return null;
  const ms = Math.round((Number(found[1]) * 3600 + Number(found[2]) * 60 + Number(found[3])) * 1000);
  return ms < DAY_MS ? ms : null;
}

/** NMEA 0183 allows 82 characters; receivers with more digits send up to about 100. */
const LINE_BYTES_MAX = 256;

/** Finds GGA sentences in what a rover sends, several in a packet or one split over many; other bytes are passed over. */
export class GgaCollector {
  #line = "";
  #overlong = false;
  #passedOver = 0;
  #sentence: string | null = null;

  /** Lines that were no GGA, or damaged, or too long. */
  get passedOver(): number {
    return this.#passedOver;
  }

  /** The last one found, as it came, without its line end: for a network that wants to hear it. */
  get sentence(): string | null {
    return this.#sentence;
  }

  *push(chunk: Uint8Array): Generator<Gga, void, undefined> {
    const text = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString("latin1").replaceAll("\r", "\n");
    let from = 0;
    for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", from)) {
      const line = this.#overlong ? "" : this.#line + text.slice(from, at);
      const tooLong = this.#overlong || line.length > LINE_BYTES_MAX;
      from = at + 1;
      this.#line = "";
      this.#overlong = false;
      if (!tooLong && line.trim() === "") continue;
      const sentence = line.slice(Math.max(0, line.lastIndexOf("$"))).trimEnd();
      const gga = tooLong ? null : parseGga(sentence);
      if (gga === null) {
        this.#passedOver += 1;
        continue;
      }
      this.#sentence = sentence;
      yield gga;
    }
    if (this.#overlong) return;
    this.#line += text.slice(from, from + LINE_BYTES_MAX + 1);
    this.#overlong = this.#line.length > LINE_BYTES_MAX;
    if (this.#overlong) this.#line = "";
  }
}
