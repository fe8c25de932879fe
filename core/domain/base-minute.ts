import type { BaseHealth, BaseTruth } from "./live.ts";

/** What one base did in one minute: its history is a row of these, kept for 90 days. */
export interface BaseMinute {
  readonly baseId: string;
  readonly at: string; // the minute's beginning, RFC 3339 UTC
  readonly bytes: number;
  readonly frames: number;
  readonly epochs: number;
  readonly missedEpochs: number; // by the stream's own times
  readonly duplicates: number;
  readonly outOfOrder: number;
  readonly crcFailures: number;
  readonly reconnects: number;
  readonly satellites: BaseHealth["satellites"]; // mean of the minute, one decimal
  readonly medianCnrDbHz: number | null;
  readonly latencyMedianMs: number | null;
  readonly latencyP95Ms: number | null;
  readonly slips: number; // satellites that lost lock
  readonly satelliteS: number; // watched satellites × seconds: what the slips are to be held against
  readonly verdict: BaseTruth["verdict"];
}
