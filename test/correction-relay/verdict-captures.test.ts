import { epochOf, epochUnixMs, FrameSplitter } from "rtcm-parser";
import { expect, test } from "vitest";
import type { BaseMinute } from "../../core/domain/base-minute.ts";
import type { Finding } from "../../core/domain/live.ts";
import { BaseMonitor } from "../../correction-relay/health.ts";
import { type CaptureName, readCapture } from "../rtcm-parser/captures.ts";
import { describeNeeding } from "../support/requirements.ts";

const START_MS = Date.UTC(2026, 10, 23, 3);
const UPLINK_MS = 400;

/** Recordings of a stream over time; the others are collections of frames. `says`: what is true of them beside hints. */
const STREAMS: readonly { readonly name: CaptureName; readonly says: readonly string[]; readonly saysLater?: readonly string[] }[] = [
  { name: "base-f9p-msm7-200s.rtcm3", says: ["arp-rare", "moving-base-message"] }, // there is no 1005 in it
  { name: "base-msm7-japan-gmsd-2012.rtcm3", says: ["arp-rare"] },
  { name: "legacy-1004-1012-eph.rtcm3", says: [] },
  { name: "legacy-1230-1029-1033.rtcm3", says: [] },
  { name: "mixed-ubx-nmea-rtcm-f9p-long.bin", says: ["moving-base-message"] },
  { name: "mixed-ubx-nmea-rtcm-f9t.bin", says: ["moving-base-message"] },
  { name: "msm4-trimble.rtcm3", says: [] },
  { name: "msm5-piksi-5hz.rtcm3", says: [] },
  { name: "msm7-sbas-eph-1044-1045-1046.rtcm3", says: [], saysLater: ["arp-rare"] }, // none in this one either, but it is short
  { name: "ntrip-body-plain.bin", says: [] },
];

interface Replay {
  readonly monitor: BaseMonitor;
  readonly findings: Map<string, Finding>;
  readonly verdicts: Set<string>;
  readonly softFaults: string[];
  readonly beganAtMs: number;
  nowMs: number;
}

/** As the base sent it: each epoch arrives a moment after its own time, and a second never goes by without a look. */
function replay(bytes: Uint8Array, earlier?: Replay): Replay {
  let r = earlier;
  const monitor = r?.monitor ?? new BaseMonitor();
  const splitter = new FrameSplitter();
  let behindMs: number | null = r === undefined ? 0 : null; // a recording that begins anew; null: at its first epoch
  for (let at = 0; at < bytes.length; at += 64) {
    const piece = bytes.subarray(at, at + 64);
    for (const frame of splitter.push(piece)) {
      const epoch = epochOf(frame);
      if (epoch?.constellation === "GPS") {
        const sentMs = epochUnixMs(epoch, START_MS) + UPLINK_MS;
        r ??= begun(monitor, sentMs);
        if (behindMs === null || sentMs + behindMs < r.nowMs - 5000) behindMs = r.nowMs + 1000 - sentMs;
        pass(r, sentMs + behindMs);
      }
      if (r !== undefined) monitor.frame(frame, epoch, r.nowMs);
    }
    if (r !== undefined) monitor.chunk(piece.length, { ...splitter.counters }, r.nowMs);
  }
  if (r === undefined) throw new Error("no GPS epoch");
  return r;
}

function begun(monitor: BaseMonitor, nowMs: number): Replay {
  monitor.connected(nowMs, null);
  return { monitor, findings: new Map(), verdicts: new Set(), softFaults: [], beganAtMs: nowMs, nowMs };
}

function pass(r: Replay, untilMs: number): void {
  while (r.nowMs + 1000 <= untilMs) {
    r.nowMs += 1000;
    look(r, r.nowMs);
  }
  r.nowMs = Math.max(r.nowMs, untilMs);
}

function look(r: Replay, nowMs: number): void {
  const { verdict, findings } = r.monitor.truth({ nowMs, clock: "trusted", lonDeg: null, kind: "physical" });
  r.verdicts.add(verdict);
  for (const finding of findings) r.findings.set(finding.code, finding);
  const fault = r.monitor.softFault(nowMs);
  if (fault !== null) r.softFaults.push(fault.code);
}

describeNeeding(["shared"], "health of real bases, replayed at their own rate", () => {
  test.each(STREAMS)("$name: no false alarm", ({ name, says }) => {
    const { bytes } = readCapture(name);
    const { findings, verdicts, softFaults, monitor, nowMs } = replay(bytes);
    const said = [...findings.values()].filter(({ severity }) => severity !== "hint").map(({ code }) => code);
    expect(said.sort()).toEqual(says);
    expect([...verdicts].filter((v) => v === "bad" || v === "good")).toEqual([]); // none is ten minutes long
    expect(softFaults).toEqual([]);
    expect(monitor.satellitesForRtk(nowMs)).toBeGreaterThanOrEqual(5);
  });

  test.each(STREAMS)("$name over and over: no false alarm of stability", ({ name, says: first, saysLater }) => {
    const says = saysLater ?? first;
    const { bytes } = readCapture(name);
    const r = replay(bytes);
    const durationMs = r.nowMs - r.beganAtMs + 1000;
    for (let ms = durationMs; ms < 700_000; ms += durationMs) replay(bytes, r);
    const said = [...r.findings.values()].filter(({ severity }) => severity !== "hint").map(({ code }) => code);
    expect(said.sort()).toEqual(says);
    expect(r.softFaults).toEqual([]);
    expect(r.monitor.truth({ nowMs: r.nowMs, clock: "trusted", lonDeg: null, kind: "physical" }).verdict).toBe(says.length === 0 ? "good" : "watch");
  });

  test("hints: a stock F9P could send QZSS; GLONASS without 1230; other protocols on the port", () => {
    const hints = (name: CaptureName) => [...replay(readCapture(name).bytes).findings.values()].filter((f) => f.severity === "hint").map((f) => f.code);
    expect(hints("base-f9p-msm7-200s.rtcm3")).toEqual(["no-qzss", "not-now"]);
    expect(hints("base-msm7-japan-gmsd-2012.rtcm3")).toEqual(["no-1230"]);
    expect(hints("mixed-ubx-nmea-rtcm-f9p-long.bin")).toEqual(["foreign-bytes"]); // it does not stand under QZSS
  });

  test("damage on the way is seen", () => {
    const { findings, softFaults } = replay(readCapture("corrupted-from-f9p.bin").bytes);
    expect(findings.get("crc-failures")?.severity).toBe("fault");
    expect(softFaults).toContain("crc-failures");
  });

  test("medians and slips of a minute are those of the recording", () => {
    const { monitor, nowMs } = replay(readCapture("base-f9p-msm7-200s.rtcm3").bytes);
    const rows: BaseMinute[] = [];
    for (;;) {
      const row = monitor.minuteRecord({ baseId: "b", verdict: "watch", nowMs: nowMs + 60_000 });
      if (row === null) break;
      rows.push(row);
    }
    for (const row of rows) expect(row).toMatchObject({ baseId: "b", missedEpochs: 0, duplicates: 0, outOfOrder: 0, crcFailures: 0, verdict: "watch" });
    expect(rows.reduce((sum, row) => sum + (row.epochs ?? 0), 0)).toBe(198);
    expect(rows.reduce((sum, row) => sum + (row.slips ?? 0), 0)).toBe(6); // G09 and R22 once in each of its three rounds
    expect(rows[1]).toMatchObject({ satellites: { GPS: 8, GLONASS: 7, GALILEO: 7, BEIDOU: 6 }, latencyMedianMs: UPLINK_MS, epochs: 60 });
    expect(rows[1]?.medianCnrDbHz).toBeCloseTo(40, 0);
  });
});
