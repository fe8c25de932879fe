import type { Bucket } from "./telemetry.ts";

/**
 * How a series becomes at most `max` buckets, the same for every store:
 * - no more points than `max`: each point is a bucket of its own at its own time (n = 1), and a hole of more than
 *   `GAP_SPACINGS` times the median spacing is marked by one empty bucket, so that a chart breaks its line there;
 * - more: buckets of equal width on round boundaries of the site's clock from the first to the last point, empty ones included.
 */
export interface Extent {
  readonly n: number;
  readonly firstMs: number;
  readonly lastMs: number;
}

export interface BucketPlan {
  readonly widthMs: number;
  readonly firstMs: number; // start of the first bucket
  readonly count: number;
}

export interface TimedValue {
  readonly timeMs: number;
  readonly value: number;
}

const GAP_SPACINGS = 2.5; // two reports in a row are missing; one lost frame is everyday LPWA
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const ROUND_WIDTHS_MS = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500],
  ...[1, 2, 5, 10, 15, 30].map((n) => n * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((n) => n * MINUTE),
  ...[1, 2, 3, 4, 6, 12].map((n) => n * HOUR),
  ...[1, 2, 7, 14, 28, 91, 365].map((n) => n * DAY),
];

/** The finest round width with at most `max` buckets. `zoneOffsetMs` (east positive) puts boundaries on the local clock. */
export function planBuckets(extent: Extent, max: number, zoneOffsetMs: number): BucketPlan {
  const floor = (ms: number, widthMs: number) => Math.floor((ms + zoneOffsetMs) / widthMs) * widthMs - zoneOffsetMs;
  const countOf = (widthMs: number) => (floor(extent.lastMs, widthMs) - floor(extent.firstMs, widthMs)) / widthMs + 1;
  let widthMs = ROUND_WIDTHS_MS.find((w) => countOf(w) <= max) ?? 365 * DAY;
  while (countOf(widthMs) > max && widthMs < Number.MAX_SAFE_INTEGER / 4) widthMs *= 2; // few buckets for many years
  return { widthMs, firstMs: floor(extent.firstMs, widthMs), count: countOf(widthMs) };
}

/** Puts empty buckets where `found` has none. `found` is ascending in time. */
export function fillBuckets(plan: BucketPlan, found: Iterable<Bucket>): Bucket[] {
  const out: Bucket[] = [];
  for (let i = 0; i < plan.count; i += 1) out.push([plan.firstMs + i * plan.widthMs, 0, null, null, null]);
  for (const bucket of found) {
    const i = (bucket[0] - plan.firstMs) / plan.widthMs;
    if (i >= 0 && i < plan.count) out[i] = bucket;
  }
  return out;
}

/** Points ascending in time, as buckets of one with marked gaps. May hold more than `points.length` buckets: the caller checks. */
export function pointBuckets(points: readonly TimedValue[]): Bucket[] {
  const spacings: number[] = [];
  for (let i = 1; i < points.length; i += 1) spacings.push((points[i] as TimedValue).timeMs - (points[i - 1] as TimedValue).timeMs);
  const usual = spacings.filter((ms) => ms > 0).sort((a, b) => a - b);
  const medianMs = usual[Math.floor((usual.length - 1) / 2)] ?? 0;
  const out: Bucket[] = [];
  points.forEach(({ timeMs, value }, i) => {
    const gapMs = spacings[i - 1] ?? 0;
    if (gapMs > GAP_SPACINGS * medianMs) out.push([timeMs - gapMs + medianMs, 0, null, null, null]);
    out.push([timeMs, 1, value, value, value]);
  });
  return out;
}
