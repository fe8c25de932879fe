import type { SimSensor } from "../demo/sensors.ts";
import { hash32, seedOf } from "../noise.ts";

const MINUTE_MS = 60_000;

/** Before the demo's first start, and in gaps, a sensor reported this often: believable for a battery, and few enough to send at once. */
export const LATE_EVERY_MS = 15 * MINUTE_MS;
export const HISTORY_MS = 3 * 24 * 60 * MINUTE_MS;
/** The sensor that fell silent did so this long before the first start. */
export const SILENT_FOR_MS = 20 * 60 * MINUTE_MS;

export interface Due {
  readonly sensor: SimSensor;
  readonly atMs: number;
}

/**
 * Late reports with `fromMs` < time <= `toMs`, in order of time. Each sensor has its own minute and millisecond within the quarter of an
 * hour, always the same: sending a stretch again gives the same event times.
 */
export function lateReports(sensors: readonly SimSensor[], range: { readonly fromMs: number; readonly toMs: number; readonly firstStartMs: number }): Due[] {
  const due: Due[] = [];
  for (const sensor of sensors) {
    const untilMs = sensor.behaviour === "silent" ? Math.min(range.toMs, range.firstStartMs - SILENT_FOR_MS) : range.toMs;
    const offsetMs = hash32(seedOf(sensor.devEui), 51) % LATE_EVERY_MS;
    const first = Math.floor((range.fromMs - offsetMs) / LATE_EVERY_MS) + 1;
    for (let n = first; n * LATE_EVERY_MS + offsetMs <= untilMs; n += 1) due.push({ sensor, atMs: n * LATE_EVERY_MS + offsetMs });
  }
  return due.sort((a, b) => a.atMs - b.atMs);
}

/** Sensors that go on reporting, each with its own place within its interval so that reports do not come in bursts. */
export function liveOffsets(sensors: readonly SimSensor[]): { readonly sensor: SimSensor; readonly offsetMs: number }[] {
  const speaking = sensors.filter((sensor) => sensor.behaviour !== "silent");
  return speaking.map((sensor, i) => ({ sensor, offsetMs: Math.floor((sensor.intervalS * 1000 * i) / speaking.length) }));
}
