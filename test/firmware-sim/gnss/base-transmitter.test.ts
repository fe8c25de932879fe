import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { decodeMessage, epochOf, epochUnixMs, FrameSplitter, latLonToEcef, type MsmMessage, type RtcmMessage } from "rtcm-parser";
import { describe, expect, test } from "vitest";
import { DEMO_BASES } from "../../../firmware-sim/demo/demo-site.ts";
import { BaseTransmitter, WARNING } from "../../../firmware-sim/gnss/base-transmitter.ts";
import { skyAt } from "../../../firmware-sim/gnss/observations.ts";
import { describeNeeding, programPath } from "../../support/requirements.ts";

const BASE = DEMO_BASES[0] as (typeof DEMO_BASES)[number];
const LIGHT_M_PER_MS = 299_792.458;

/** Seconds that have been awkward: a day's end in Moscow (GLONASS), a GPS week's end, an ordinary one. */
const STARTS_MS = [Date.UTC(2026, 10, 23, 20, 59, 58), Date.UTC(2026, 10, 28, 23, 59, 40), Date.UTC(2026, 10, 23, 6, 0, 0)];

function epochs(startMs: number, seconds: number): { atMs: number; frames: Uint8Array[] }[] {
  const transmitter = new BaseTransmitter(BASE);
  return Array.from({ length: seconds }, (_, s) => ({ atMs: startMs + s * 1000, frames: transmitter.framesAt(startMs + s * 1000) }));
}
const isMsm = (message: RtcmMessage): message is MsmMessage => message.kind === "msm";

describe("what a simulated base sends", () => {
  test("is whole frames and nothing else", () => {
    const splitter = new FrameSplitter();
    const stream = Buffer.concat(epochs(STARTS_MS[2] as number, 31).flatMap((e) => e.frames));
    const frames = [...splitter.push(stream)];
    expect(splitter.counters).toMatchObject({ skippedBytes: 0, crcFailures: 0 });
    const types = new Set(frames.map((f) => decodeMessage(f)).map((m) => (isMsm(m) ? m.type : m.kind)));
    expect(types).toEqual(new Set(["1006", "1033", "1230", "1029", 1077, 1087, 1097, 1117, 1127]));
  });

  test("says at once, and again, that it is simulated", () => {
    const seconds = epochs(STARTS_MS[2] as number, 31).map((e) => e.frames.map(decodeMessage));
    const texts = seconds.map((messages) => messages.flatMap((m) => (m.kind === "1029" ? [m.text] : [])));
    expect(texts[0]).toEqual([WARNING]);
    expect(texts[30]).toEqual([WARNING]);
    expect(seconds[0]?.find((m) => m.kind === "1033")).toMatchObject({ receiver: WARNING, stationId: BASE.stationId });
  });

  test("gives the antenna where the site file has it, to 0.1 mm", () => {
    const [first] = epochs(STARTS_MS[0] as number, 1);
    const { xM, yM, zM } = latLonToEcef(BASE.antenna);
    const position = first?.frames.map(decodeMessage).find((m) => m.kind === "1006");
    expect(position).toMatchObject({ xM: Number(xM.toFixed(4)), yM: Number(yM.toFixed(4)), zM: Number(zM.toFixed(4)), nonPhysical: false });
  });

  test.each(STARTS_MS)("tags every system with the same exact second, from %i on", (startMs) => {
    for (const { atMs, frames } of epochs(startMs, 25)) {
      const heads = frames.flatMap((f) => epochOf(f) ?? []);
      expect(heads.map((h) => h.constellation)).toEqual(["GPS", "GLONASS", "GALILEO", "QZSS", "BEIDOU"]);
      expect(heads.map((h) => epochUnixMs(h, atMs + 500))).toEqual(heads.map(() => atMs));
      expect(heads.map((h) => h.multipleMessage)).toEqual([true, true, true, true, false]);
    }
  });

  test("GLONASS names the day in Moscow", () => {
    const days = epochs(STARTS_MS[0] as number, 4).map(
      ({ frames }) =>
        frames
          .map(decodeMessage)
          .filter(isMsm)
          .find((m) => m.type === 1087)?.dayOfWeek,
    );
    expect(days).toEqual([1, 1, 2, 2]); // Monday 23:59:58, 23:59:59, Tuesday 00:00:00, 00:00:01
  });

  test("lock times grow by a second a second; after a reconnection they go on, and the description comes first", () => {
    const transmitter = new BaseTransmitter(BASE);
    const startMs = STARTS_MS[2] as number;
    const lockAt = (s: number): number[] =>
      transmitter
        .framesAt(startMs + s * 1000)
        .map(decodeMessage)
        .filter(isMsm)
        .flatMap((m) => m.cells.map((c) => c.minLockMs ?? -1));
    expect(Math.max(...lockAt(0))).toBe(0);
    expect(Math.min(...lockAt(1))).toBeGreaterThanOrEqual(992); // 1000 ms in steps of 16
    transmitter.restart();
    const again = transmitter.framesAt(startMs + 60_000).map(decodeMessage);
    expect(again[0]?.kind).toBe("1006");
    expect(Math.min(...again.filter(isMsm).flatMap((m) => m.cells.map((c) => c.minLockMs ?? -1)))).toBeGreaterThan(57_000);
  });

  test("ranges, rates and signal strengths are those of satellites over Akita", () => {
    const [first] = epochs(STARTS_MS[2] as number, 1);
    const sky = skyAt(BASE.antenna, STARTS_MS[2] as number);
    const cells =
      first?.frames
        .map(decodeMessage)
        .filter(isMsm)
        .flatMap((m) => m.cells) ?? [];
    expect(cells.length).toBe(2 * sky.length);
    for (const cell of cells) {
      expect((cell.pseudorangeM ?? 0) / LIGHT_M_PER_MS).toBeGreaterThan(63);
      expect((cell.pseudorangeM ?? 0) / LIGHT_M_PER_MS).toBeLessThan(140);
      expect(Math.abs((cell.phaseRangeM ?? 0) - (cell.pseudorangeM ?? 0))).toBeLessThan(5);
      expect(Math.abs(cell.rangeRateMps ?? 1e9)).toBeLessThan(1000);
      expect(cell.cnrDbHz ?? 0).toBeGreaterThan(25);
      expect(cell.cnrDbHz ?? 99).toBeLessThan(53);
    }
  });

  test("the sky is never empty: each system is seen all day, with at least six GPS and two QZSS satellites", () => {
    for (let hour = 0; hour < 48; hour += 1) {
      const counts = new Map<string, number>();
      for (const { constellation } of skyAt(BASE.antenna, (STARTS_MS[2] as number) + hour * 3_600_000))
        counts.set(constellation, (counts.get(constellation) ?? 0) + 1);
      expect(counts.get("GPS") ?? 0).toBeGreaterThanOrEqual(5);
      for (const c of ["GLONASS", "GALILEO", "BEIDOU"]) expect(counts.get(c) ?? 0).toBeGreaterThanOrEqual(4);
      expect(counts.get("QZSS") ?? 0).toBeGreaterThanOrEqual(2);
    }
  });
});

describeNeeding(["convbin"], "RTKLIB reads the simulated base", () => {
  test("convbin makes RINEX of a minute: position, receiver, and every satellite of every second", async () => {
    const folder = mkdtempSync(join(tmpdir(), "azemichi-convbin-"));
    try {
      const startMs = STARTS_MS[2] as number;
      writeFileSync(join(folder, "base.rtcm3"), Buffer.concat(epochs(startMs, 60).flatMap((e) => e.frames)));
      const args = ["-r", "rtcm3", "-tr", "2026/11/23", "06:00:00", "-v", "3.03", "-od", "-os", "-o", "base.obs", "-n", "base.nav", "base.rtcm3"];
      await promisify(execFile)(programPath("convbin") as string, args, { cwd: folder, timeout: 20_000 });
      const lines = readFileSync(join(folder, "base.obs"), "latin1").split("\n");
      const { xM, yM, zM } = latLonToEcef(BASE.antenna);
      const position =
        lines
          .find((l) => l.includes("APPROX POSITION XYZ"))
          ?.trim()
          .split(/\s+/)
          .slice(0, 3)
          .map(Number) ?? [];
      for (const [i, m] of [xM, yM, zM].entries()) expect(position[i]).toBeCloseTo(m, 3);
      expect(lines.some((l) => l.startsWith("                    SIMULATED DO NOT STE") && l.includes("REC #"))).toBe(true);
      const heads = lines.filter((l) => l.startsWith(">")).map((l) => l.trim().split(/\s+/));
      expect(heads.length).toBe(60);
      // RINEX counts GPS time: 18 s ahead of UTC.
      expect(heads[0]?.slice(1, 7).map(Number)).toEqual([2026, 11, 23, 6, 0, 18]);
      expect(heads.map((h) => Number(h[8]))).toEqual(Array.from({ length: 60 }, (_, s) => skyAt(BASE.antenna, startMs + s * 1000).length));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
