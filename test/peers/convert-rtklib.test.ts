import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { decodeMessage, encodeMessage, epochOf, frequencyHz, LegacyConverter, Msm4Converter, messageType } from "rtcm-parser";
import { expect, test } from "vitest";
import { type CaptureName, readCapture } from "../rtcm-parser/captures.ts";
import { describeNeeding, programPath } from "../support/requirements.ts";
import { type Rinex, type RinexValue, readRinex } from "./rinex.ts";

const LIGHT_M_PER_S = 299_792_458;
const PRINT = 0.001; // RINEX has three decimals, of metres, cycles and dB-Hz

const run = promisify(execFile);

/** What RTKLIB makes of a stream. */
async function observed(folder: string, name: string, frames: readonly Uint8Array[], weekMs: number): Promise<Rinex> {
  writeFileSync(join(folder, `${name}.rtcm3`), Buffer.concat(frames));
  const args = ["-r", "rtcm3", "-tr", ...approximateTime(frames, weekMs), "-v", "3.03", "-os", "-o", `${name}.obs`, "-n", `${name}.nav`, `${name}.rtcm3`];
  await run(programPath("convbin") as string, args, { cwd: folder, timeout: 20_000 });
  return readRinex(readFileSync(join(folder, `${name}.obs`), "latin1"));
}

function approximateTime(frames: readonly Uint8Array[], weekMs: number): [date: string, time: string] {
  const first = frames.map((frame) => epochOf(frame)).find((epoch) => epoch?.constellation === "GPS");
  const [date, time] = new Date(weekMs + (first?.epochRaw ?? 0)).toISOString().slice(0, 19).split("T") as [string, string];
  return [date.replaceAll("-", "/"), time];
}

const isMsm = (frame: Uint8Array): boolean => {
  const type = messageType(frame) ?? 0;
  return epochOf(frame) !== null && type > 1070;
};

function asMsm4(frames: readonly Uint8Array[]): Uint8Array[] {
  const converter = new Msm4Converter();
  return frames.flatMap((frame) => (isMsm(frame) ? (converter.push(frame) ?? []) : [frame]));
}

/** In pieces that end where the sender says that an epoch ends. */
function asLegacy(frames: readonly Uint8Array[]): Uint8Array[] {
  const converter = new LegacyConverter();
  const out: Uint8Array[] = [];
  let from = 0;
  for (const [i, frame] of frames.entries()) {
    if (epochOf(frame)?.multipleMessage !== false) continue;
    out.push(...converter.push(frames.slice(from, i + 1)));
    from = i + 1;
  }
  return [...out, ...converter.push(frames.slice(from))];
}

/** The encoder of 2012 gave BeiDou a time 14 s off, which tears RTKLIB's epochs apart. It ends an epoch with BeiDou, after QZSS. */
function withoutBeidou(frames: readonly Uint8Array[]): Uint8Array[] {
  return frames.flatMap((frame) => {
    const type = messageType(frame);
    if (type === 1127) return [];
    const message = type === 1117 ? decodeMessage(frame) : undefined;
    return [message?.kind === "msm" ? encodeMessage({ ...message, multipleMessage: false }) : frame];
  });
}

interface Pair {
  readonly what: string;
  readonly satellite: string;
  /** RINEX code of the converted signal: band and attribute. */
  readonly code: string;
  readonly before: Signal;
  readonly after: Signal;
  /** The signal's first epoch: convbin reads a file twice, and then compares its lock with that of the file's end. */
  readonly first: boolean;
}

interface Signal {
  readonly C: RinexValue | undefined;
  readonly L: RinexValue | undefined;
  readonly S: RinexValue | undefined;
}

/** Every signal of the converted stream beside what it was made from. */
function* pairs(before: Rinex, after: Rinex, sourceCodes: (code: string, has: (code: string) => boolean) => string | undefined): Generator<Pair> {
  const known = new Set<string>();
  for (const [time, satellites] of after) {
    for (const [satellite, values] of satellites) {
      const original = before.get(time)?.get(satellite) ?? new Map<string, RinexValue>();
      const codes = new Set([...values.keys()].map((name) => name.slice(1)));
      for (const code of codes) {
        const source = sourceCodes(code, (wanted) => [...original.keys()].some((name) => name.slice(1) === wanted));
        if (source === undefined) throw new Error(`${time} ${satellite} ${code} comes from nowhere`);
        const of = (map: ReadonlyMap<string, RinexValue>, name: string): Signal => ({ C: map.get(`C${name}`), L: map.get(`L${name}`), S: map.get(`S${name}`) });
        yield {
          what: `${time} ${satellite} ${code}`,
          satellite,
          code,
          before: of(original, source),
          after: of(values, code),
          first: !known.has(satellite + code),
        };
        known.add(satellite + code);
      }
    }
  }
}

function within(what: string, after: RinexValue | undefined, before: RinexValue | undefined, most: number): void {
  if (after === undefined) return;
  if (before === undefined) throw new Error(`${what}: a value from nowhere`);
  if (Math.abs(after.value - before.value) > most) throw new Error(`${what}: ${after.value} for ${before.value}`);
}

const HALF_MSM4 = { rangeM: LIGHT_M_PER_S / 1000 / 2 ** 25, phaseM: LIGHT_M_PER_S / 1000 / 2 ** 30, cnrDbHz: 0.5 };
const HALF_LEGACY = { rangeM: 0.01, phaseM: 0.00025, cnrDbHz: 0.125 };

/** RTKLIB writes 1 for a slip, 2 or 3 with a half cycle; where both meet it adds them up, and the flag is lost. */
const isSlip = (phase: RinexValue | undefined): boolean => phase?.lli === 1;

/** A week with the leap seconds of the recording, else GPS and GLONASS fall apart; day and time of it are the stream's own. */
const weekOf = (name: CaptureName): number => WEEKS[name] ?? Date.UTC(2024, 7, 25);
const WEEKS: Partial<Record<CaptureName, number>> = {
  "base-msm7-japan-gmsd-2012.rtcm3": Date.UTC(2012, 9, 7),
  "msm7-sbas-eph-1044-1045-1046.rtcm3": Date.UTC(2016, 1, 28),
};

const RECEIVERS: readonly CaptureName[] = [
  "base-f9p-msm7-200s.rtcm3",
  "base-msm7-japan-gmsd-2012.rtcm3",
  "mixed-ubx-nmea-rtcm-f9p-long.bin",
  "mixed-ubx-nmea-rtcm-f9t.bin",
  "msm5-piksi-5hz.rtcm3",
  "msm7-sbas-eph-1044-1045-1046.rtcm3",
  "ntrip-body-plain.bin",
];
/** Slips that RTKLIB sees in the recordings, on signals that 1004 and 1012 can carry. */
const SLIPS: Partial<Record<CaptureName, number>> = {
  "base-msm7-japan-gmsd-2012.rtcm3": 4,
  "mixed-ubx-nmea-rtcm-f9p-long.bin": 58,
  "msm5-piksi-5hz.rtcm3": 18,
  "msm4-trimble.rtcm3": 11,
};
const HAVE_MSM4: readonly CaptureName[] = ["msm4-trimble.rtcm3"];

describeNeeding(["shared", "convbin"], "RTKLIB reads what was converted", () => {
  test.each(RECEIVERS)("%s as MSM4: the same epochs, satellites, values and slips", async (name) => {
    await inFolder(async (folder) => {
      const { frames } = readCapture(name);
      const before = await observed(folder, "sent", frames, weekOf(name));
      const after = await observed(folder, "msm4", asMsm4(frames), weekOf(name));
      expect([...after.keys()]).toEqual([...before.keys()]);
      for (const [time, satellites] of before) expect([...(after.get(time)?.keys() ?? [])]).toEqual([...satellites.keys()]);
      const tellsChannels = frames.some((frame) => messageType(frame) === 1020); // MSM4 does not: RTKLIB has no cycles then
      let compared = 0;
      for (const { what, satellite, before: sent, after: got, first } of pairs(before, after, (code) => code)) {
        within(what, got.C, sent.C, HALF_MSM4.rangeM + PRINT);
        within(what, got.L, sent.L, HALF_MSM4.phaseM / 0.18 + PRINT);
        within(what, got.S, sent.S, HALF_MSM4.cnrDbHz + PRINT);
        if (sent.C !== undefined) expect(got.C, what).toBeDefined();
        if (sent.L === undefined || (satellite.startsWith("R") && !tellsChannels)) continue;
        if (satellite.startsWith("R") && got.L === undefined) continue; // until its 1020 came
        expect(got.L, what).toBeDefined();
        if (isSlip(sent.L) && !first) expect(got.L?.lli, what).not.toBe(0);
        compared += 1;
      }
      expect(compared).toBeGreaterThan(100);
    });
  });

  test.each([...RECEIVERS, ...HAVE_MSM4])("%s as 1004 and 1012: the same epochs, ranges, phases but for multiples of 1500 cycles, and slips", async (name) => {
    await inFolder(async (folder) => {
      const frames = name === "base-msm7-japan-gmsd-2012.rtcm3" ? withoutBeidou(readCapture(name).frames) : readCapture(name).frames;
      const before = await observed(folder, "sent", frames, weekOf(name));
      const after = await observed(folder, "legacy", asLegacy(frames), weekOf(name));
      let compared = 0;
      let slips = 0;
      let extra = 0;
      for (const { what, satellite, code, before: sent, after: got, first } of pairs(before, after, codeBehind)) {
        within(what, got.C, sent.C, HALF_LEGACY.rangeM + PRINT);
        within(what, got.S, sent.S, HALF_LEGACY.cnrDbHz + PRINT);
        if (got.L === undefined) continue;
        if (sent.L === undefined) throw new Error(`${what}: a phase from nowhere`);
        const awayCycles = got.L.value - sent.L.value;
        const roundCycles = Math.round(awayCycles / 1500) * 1500;
        expect(Math.abs(awayCycles - roundCycles), what).toBeLessThanOrEqual(HALF_LEGACY.phaseM / wavelengthM(satellite, code) + 2 * PRINT);
        expect(sent.L.lli & 2, `${what}: a half cycle`).toBe(0);
        if (isSlip(sent.L) && !first) {
          expect(got.L.lli, what).toBe(1);
          slips += 1;
        } else if (!first && got.L.lli === 1 && sent.L.lli === 0) extra += 1;
        compared += 1;
      }
      expect(compared).toBeGreaterThan(100);
      expect([...after.keys()]).toEqual(
        [...before.keys()].filter((time) => [...(before.get(time) ?? [])].some(([satellite, values]) => isDue(name, satellite, values))),
      );
      expect(slips).toBeGreaterThanOrEqual(SLIPS[name] ?? 0);
      // What is under a second old is 0 in 1004: RTKLIB takes two such epochs for a slip.
      expect(extra).toBeLessThanOrEqual(0.02 * compared);
    });
  });
});

/** 1004 and 1012 hold GPS, SBAS and GLONASS satellites with a C/A or P pseudorange on L1. */
function isDue(name: CaptureName, satellite: string, values: ReadonlyMap<string, RinexValue>): boolean {
  if (!/^[GRS]/.test(satellite) || (HAVE_MSM4.includes(name) && satellite.startsWith("R"))) return false;
  return ["C1C", "C1W", "C1P"].some((code) => values.has(code));
}

/** RTKLIB reads L2C of 1004 as 2X, whichever part of it was tracked. */
const L2C = ["2X", "2L", "2S", "2C"];
const codeBehind = (code: string, has: (code: string) => boolean): string | undefined =>
  has(code) ? code : code === "2X" ? L2C.find(has) : code === "1P" ? "1W" : undefined;

function wavelengthM(satellite: string, code: string): number {
  const band = code.startsWith("1") ? 2 : 8;
  const hz = satellite.startsWith("R") ? frequencyHz("GLONASS", band, 0) : frequencyHz("GPS", band);
  return LIGHT_M_PER_S / (hz as number);
}

async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "azemichi-convert-"));
  try {
    await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
