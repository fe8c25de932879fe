import { describe, expect, test } from "vitest";
import { HISTORY_MS, LATE_EVERY_MS, lateReports, liveOffsets, SILENT_FOR_MS } from "../../../firmware-sim/lpwa/schedule.ts";
import { demoFleet } from "../../../firmware-sim/scenarios/demo.ts";

const NOW_MS = Date.UTC(2026, 10, 23, 6, 0, 1);
const range = (fromMs: number, toMs: number) => ({ fromMs, toMs, firstStartMs: NOW_MS });

describe("late reports", () => {
  const all = lateReports(demoFleet(), range(NOW_MS - HISTORY_MS, NOW_MS));

  test("three days are a report each quarter of an hour, and no more than can be sent in seconds", () => {
    const speaking = demoFleet().filter((s) => s.behaviour !== "silent").length;
    const silent = demoFleet().length - speaking;
    expect(all.length).toBe((speaking * HISTORY_MS + silent * (HISTORY_MS - SILENT_FOR_MS)) / LATE_EVERY_MS);
    expect(all.length).toBeLessThanOrEqual(5000);
  });
  test("are in order of time, in the past, and no two of a device are of one time", () => {
    for (const [i, due] of all.entries()) {
      expect(due.atMs).toBeGreaterThanOrEqual(all[i - 1]?.atMs ?? 0);
      expect(due.atMs).toBeLessThanOrEqual(NOW_MS);
    }
    expect(new Set(all.map((d) => `${d.sensor.id} ${d.atMs}`)).size).toBe(all.length);
  });
  test("cut at any time, both parts together are the whole", () => {
    const cutMs = NOW_MS - 7_654_321;
    const parts = [...lateReports(demoFleet(), range(NOW_MS - HISTORY_MS, cutMs)), ...lateReports(demoFleet(), range(cutMs, NOW_MS))];
    expect(parts).toEqual(all);
  });
  test("the silent sensor stopped long before the first start, and never speaks again", () => {
    const silent = all.filter((d) => d.sensor.behaviour === "silent");
    expect(silent.length).toBeGreaterThan(100);
    expect(Math.max(...silent.map((d) => d.atMs))).toBeLessThanOrEqual(NOW_MS - SILENT_FOR_MS);
    expect(liveOffsets(demoFleet()).some(({ sensor }) => sensor.behaviour === "silent")).toBe(false);
    const later = lateReports(demoFleet(), { fromMs: NOW_MS, toMs: NOW_MS + HISTORY_MS, firstStartMs: NOW_MS });
    expect(later.some((d) => d.sensor.behaviour === "silent")).toBe(false);
  });
});
