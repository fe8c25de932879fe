import { epochOf } from "rtcm-parser";
import { describe, expect, test } from "vitest";
import { BaseMonitor } from "../../correction-relay/health.ts";
import { RateWindow } from "../../correction-relay/rate-window.ts";
import { CAPTURES, readCapture } from "../rtcm-parser/captures.ts";
import { describeNeeding } from "../support/requirements.ts";
import { msm } from "./support.ts";

const NOW_MS = Date.UTC(2026, 10, 23);
const HEAD = { baseId: "b", mount: "M", sim: false, rovers: 0 };

function observe(frames: readonly Uint8Array[]): BaseMonitor {
  const monitor = new BaseMonitor();
  monitor.connected(NOW_MS, null);
  for (const frame of frames) monitor.frame(frame, epochOf(frame), NOW_MS);
  return monitor;
}

describe("base monitor", () => {
  const gps = (ms: number, satellites: number[], announced: boolean) => msm(1077, ms, { announced, satellites, signals: [2, 16] });

  test("satellites of a constellation over several frames of an epoch are counted once each", () => {
    const monitor = observe([gps(1000, [1, 2, 3], true), gps(1000, [3, 4], false), gps(2000, [1], true)]);
    expect(monitor.health({ ...HEAD, nowMs: NOW_MS }).satellites).toEqual({ GPS: 4 });
  });

  test("a constellation that is gone is not shown for ever", () => {
    const monitor = observe([msm(1087, 500, { announced: true, satellites: [7], signals: [2] })]);
    for (let s = 1; s <= 6; s += 1) monitor.frame(gps(1000 * s, [1], false), epochOf(gps(1000 * s, [1], false)), NOW_MS + 1000 * s);
    expect(monitor.health({ ...HEAD, nowMs: NOW_MS + 6000 }).satellites).toEqual({ GPS: 1 });
  });

  test("carriers and systems, for the sourcetable", () => {
    expect(observe([]).form(NOW_MS)).toMatchObject({ carriers: 0, constellations: [] });
    expect(observe([msm(1077, 0, { announced: false, satellites: [1], signals: [2] })]).form(NOW_MS)).toMatchObject({ carriers: 1, constellations: ["GPS"] });
    expect(observe([gps(0, [1], false)]).form(NOW_MS)).toMatchObject({ carriers: 2 });
  });

  test("a head that claims more cells than the standard allows is unreadable, not an accident", () => {
    const frame = msm(1077, 0, { announced: false, satellites: Array.from({ length: 40 }, (_, i) => i + 1), signals: [2, 16] });
    expect(new BaseMonitor().frame(frame, epochOf(frame), NOW_MS)).toBe("unreadable");
  });

  test("a new source is silent until its own first epoch", () => {
    const monitor = observe([gps(0, [1], false)]);
    monitor.disconnected();
    monitor.connected(NOW_MS + 1000, null);
    expect(monitor.health({ ...HEAD, nowMs: NOW_MS + 2000 })).toMatchObject({ state: "silent", satellites: {}, epochAgeS: 2 });
  });
});

describe("rate window", () => {
  test("mean of the window, of what there is of it, and nothing of what is older", () => {
    const window = new RateWindow(10);
    for (let s = 0; s < 20; s += 1) window.add(s * 1000, s < 10 ? 100 : 2);
    expect(window.perS(19_000, 0)).toBe(2);
    expect(window.perS(25_000, 0)).toBe(0.8);
    expect(window.perS(60_000, 0)).toBe(0);
    const young = new RateWindow(10);
    young.add(5000, 8);
    expect(young.perS(7000, 5000)).toBe(4);
    expect(young.perS(4000, 5000)).toBe(8); // the clock stepped back
  });
});

describeNeeding(["shared"], "base monitor on real captures", () => {
  test.each(CAPTURES)("%s: types counted, antenna and receiver as announced", (name) => {
    const { frames, truth } = readCapture(name);
    const { messages, antenna, receiver } = observe(frames).health({ ...HEAD, nowMs: NOW_MS });
    const wanted = Object.entries(truth.messageCounts).filter(([type]) => type !== "empty");
    // Of more types than a report shows, those that came most often.
    expect(messages).toHaveLength(Math.min(64, wanted.length));
    for (const { type, count } of messages) expect([type, count]).toEqual([type, truth.messageCounts[type]]);
    const station = truth.stations?.at(-1);
    if (station === undefined) expect(antenna).toBeNull();
    else
      expect(antenna).toMatchObject({
        x: expect.closeTo(Number(station["x"]), 4),
        y: expect.closeTo(Number(station["y"]), 4),
        z: expect.closeTo(Number(station["z"]), 4),
      });
    const receivers = truth.antennas?.filter((row) => row["receiver"] !== undefined) ?? [];
    expect(receiver).toBe(receivers.at(-1)?.["receiver"] || null);
  });
});
