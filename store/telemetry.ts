import type { Quantity } from "../core/domain/quantity.ts";
import type { Reading } from "../core/domain/reading.ts";

/** Absent = everything; an empty `deviceIds` = nothing. Time is event time, `[fromMs, toMs)`. */
export interface ReadingQuery {
  readonly deviceIds?: readonly string[];
  readonly plotId?: string;
  readonly quantity?: Quantity;
  readonly fromMs?: number;
  readonly toMs?: number;
}

export interface LatestFilter {
  readonly deviceIds?: readonly string[];
  readonly plotId?: string;
}

export interface SeriesQuery {
  readonly deviceId: string;
  readonly quantity: Quantity;
  readonly depthCm?: number | null; // absent = every depth together; null = without a depth
  readonly fromMs?: number;
  readonly toMs?: number; // exclusive
  readonly max: number; // most buckets wanted
}

/** A bucket without data is `[tMs, 0, null, null, null]`. */
export type Bucket = readonly [tMs: number, n: number, min: number | null, mean: number | null, max: number | null];

export interface Series {
  readonly unit: string; // UCUM
  readonly buckets: readonly Bucket[];
}

/**
 * What both stores answer alike. `latest`: greatest event time per device, quantity and depth, whatever its flag; with
 * `plotId`, among the readings of that plot. `series`: see `series-buckets.ts`; flags 4 and 9 are left out.
 * `rows`: in order of event time, each once, read page by page; a reading stored meanwhile appears if it lies ahead.
 */
export interface TelemetryReader {
  latest(filter: LatestFilter): Promise<Reading[]>;
  series(query: SeriesQuery): Promise<Series>;
  rows(query: ReadingQuery): AsyncIterable<Reading>;
}

/** Idempotent: the same reading twice leaves one point; a later value for the same device, quantity, depth and time replaces it. */
export interface ReadingWriter {
  write(readings: readonly Reading[]): Promise<void>;
}
