import { readFileSync } from "node:fs";
import { encodeMessage, epochAtUnixMs, FrameSplitter, msmFromObservations } from "rtcm-parser";
import { expect, test } from "vitest";
import { ReplayPace } from "../../../firmware-sim/gnss/replay-pace.ts";
import { describeNeeding, sharedPath } from "../../support/requirements.ts";

type System = "GPS" | "GLONASS" | "BEIDOU";
function frame(constellation: System, unixMs: number): Uint8Array {
  return encodeMessage(msmFromObservations({ constellation, msm: 7, stationId: 1, ...epochAtUnixMs(constellation, unixMs), multipleMessage: false }, []));
}

test.each([
  ["an ordinary second", Date.UTC(2026, 10, 23, 6)],
  ["the end of a GPS day", Date.UTC(2026, 10, 22, 23, 59, 41)],
  ["the end of a day in Moscow", Date.UTC(2026, 10, 22, 20, 59, 59)],
  ["the end of a GPS week", Date.UTC(2026, 10, 28, 23, 59, 41)],
  ["the end of a BeiDou week", Date.UTC(2026, 10, 28, 23, 59, 55)],
])("over %s: the first frame of an epoch waits a second, the others do not", (_, startMs) => {
  const pace = new ReplayPace();
  const waits = [0, 1, 2].flatMap((s) => (["GPS", "GLONASS", "BEIDOU"] as const).map((system) => pace.delayBeforeMs(frame(system, startMs + s * 1000))));
  expect(waits).toEqual([0, 0, 0, 1000, 0, 0, 1000, 0, 0]);
});

test("a gap of an hour is not sat through; an epoch that comes twice costs nothing", () => {
  const pace = new ReplayPace();
  const at = Date.UTC(2026, 10, 23, 6);
  expect([at, at + 3_600_000, at + 3_600_000, at + 3_601_000, at].map((t) => pace.delayBeforeMs(frame("GPS", t)))).toEqual([0, 0, 0, 1000, 0]);
});

test("frames without an epoch go with the epoch before them", () => {
  const text = encodeMessage({ kind: "1029", stationId: 1, mjd: 0, secondOfDay: 0, text: "x" });
  expect(new ReplayPace().delayBeforeMs(text)).toBe(0);
});

describeNeeding(["shared"], "real recordings", () => {
  test.each([
    ["base-f9p-msm7-200s.rtcm3", 197],
    ["msm5-piksi-5hz.rtcm3", null],
    ["legacy-1004-1012-eph.rtcm3", null],
  ])("%s is replayed in the time it took", (name, expectedS) => {
    const pace = new ReplayPace();
    const waits = [...new FrameSplitter().push(readFileSync(sharedPath(`rtcm/${name}`)))].map((f) => pace.delayBeforeMs(f));
    const totalS = waits.reduce((sum, ms) => sum + ms, 0) / 1000;
    if (expectedS !== null) expect(Math.abs(totalS - expectedS)).toBeLessThanOrEqual(3); // 198 epochs at 1 Hz, in more than one piece
    expect(totalS).toBeGreaterThan(1);
  });
});
