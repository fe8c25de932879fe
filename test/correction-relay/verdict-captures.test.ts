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
const STREAMS: readonly (readonly [name: CaptureName, says: readonly string[]])[] = [
  ["base-f9p-msm7-200s.rtcm3", ["arp-rare", "moving-base-message"]], // there is no 1005 in it
  ["base-msm7-japan-gmsd-2012.rtcm3", ["arp-rare"]],
  ["legacy-1004-1012-eph.rtcm3", []],
  ["legacy-1230-1029-1033.rtcm3", []],
  ["mixed-ubx-nmea-rtcm-f9p-long.bin", ["moving-base-message"]],
  ["mixed-ubx-nmea-rtcm-f9t.bin", ["moving-base-message"]],
  ["msm4-trimble.rtcm3", []],
  ["msm5-piksi-5hz.rtcm3", []],
  ["msm7-sbas-eph-1044-1045-1046.rtcm3", []],
  ["ntrip-body-plain.bin", []],
];

interface Replay {
  readonly monitor: BaseMonitor;
  readonly findings: Map<string, Finding>;
  readonly verdicts: Set<string>;
  readonly softFaults: string[];
  nowMs: number;
}

/** As the base sent it: each epoch arrives a moment after its own time, and a second never goes by without a look. */
function replay(bytes: Uint8Array, more: { monitor?: BaseMonitor; startMs?: number } = {}): Replay {
  const monitor = more.monitor ?? new BaseMonitor();
  const r: Replay = { monitor, findings: new Map(), verdicts: new Set(), softFaults: [], nowMs: more.startMs ?? START_MS };
  const splitter = new FrameSplitter();
  let behindMs = 0; // the F9P's recording begins anew twice
  let lookedAtMs: number | null = null; // null: before the first epoch
  for (let at = 0; at < bytes.length; at += 64) {
    const piece = bytes.subarray(at, at + 64);
    for (const frame of splitter.push(piece)) {
      const epoch = epochOf(frame);
      const sentMs = epoch?.constellation === "GPS" ? epochUnixMs(epoch, r.nowMs - behindMs) : null;
      if (sentMs !== null && sentMs + UPLINK_MS + behindMs < r.nowMs - 5000 && lookedAtMs !== null) behindMs = r.nowMs + 1000 - sentMs - UPLINK_MS;
      const arrivalMs = sentMs === null ? null : sentMs + UPLINK_MS + behindMs;
      if (arrivalMs !== null && lookedAtMs === null) {
        r.nowMs = arrivalMs;
        lookedAtMs = arrivalMs;
        monitor.connected(arrivalMs, null);
      }
      if (lookedAtMs === null) continue;
      r.nowMs = Math.max(r.nowMs, arrivalMs ?? 0);
      for (; lookedAtMs + 1000 <= r.nowMs; lookedAtMs += 1000) look(r, lookedAtMs + 1000);
      monitor.frame(frame, epoch, r.nowMs);
    }
    if (lookedAtMs !== null) monitor.chunk(piece.length, splitter.counters, r.nowMs);
  }
  return r;
}

function look(r: Replay, nowMs: number): void {
  const { verdict, findings } = r.monitor.truth({ nowMs, clock: "trusted", lonDeg: null, kind: "physical" });
  r.verdicts.add(verdict);
  for (const finding of findings) r.findings.set(finding.code, finding);
  const fault = r.monitor.softFault(nowMs);
  if (fault !== null) r.softFaults.push(fault.code);
}

describeNeeding(["shared"], "health of real bases, replayed at their own rate", () => {
  test.each(STREAMS)("%s: no false alarm", (name, says) => {
    const { bytes } = readCapture(name);
    const { findings, verdicts, softFaults, monitor, nowMs } = replay(bytes);
    const said = [...findings.values()].filter(({ severity }) => severity !== "hint").map(({ code }) => code);
    expect(said.sort()).toEqual(says);
    expect([...verdicts].filter((v) => v === "bad" || v === "good")).toEqual([]); // none is ten minutes long
    expect(softFaults).toEqual([]);
    expect(monitor.satellitesForRtk(nowMs)).toBeGreaterThanOrEqual(5);
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
