import type { BaseMinute } from "./base-minute.ts";
import type { BaseHealth, BaseTruth, FixState } from "./live.ts";

/** One minute of a base as its health told it each second. `GET bases/{id}/history`. */
export interface BaseHistoryMinute {
  readonly at: string; // the minute's beginning
  readonly heardS: number; // seconds of which we know; what is missing to 60 nobody told
  readonly sendingS: number;
  readonly silentS: number;
  readonly absentS: number;
  readonly guard: BaseTruth["guard"]["state"] | null; // the worst of the minute; null: not told
  readonly verdict: BaseTruth["verdict"] | null; // likewise
  readonly rovers: number; // at most
  readonly bytesPerS: number; // mean
  readonly crcFailures: number;
  readonly latencyMeanMs: number | null;
  readonly latencyMaxMs: number | null;
  readonly satellites: Readonly<Partial<Record<keyof BaseHealth["satellites"], { readonly least: number; readonly most: number }>>>;
  readonly medianCnrDbHz: number | null; // last of the minute
  readonly displacementM: number | null; // likewise
  readonly counted: BaseMinute | null; // what the relay itself counted of this minute, when it told
  readonly sim: boolean;
}

/** Where a rover was, by its own GGA, and how it was served. `GET rovers/{id}/track`. */
export interface TrackPoint {
  readonly at: string;
  readonly latDeg: number;
  readonly lonDeg: number;
  readonly heightM: number | null;
  readonly fix: FixState;
  readonly satellites: number | null;
  readonly hdop: number | null;
  readonly correctionAgeS: number | null; // GGA field 13: as the rover sees it
  readonly baselineKm: number | null;
  readonly baseId: string | null;
  readonly mount: string | null;
  readonly plotId: string | null;
  readonly relayLatencyMs: number | null;
  readonly sendLatencyMs: number | null;
  readonly datum: string | null;
  readonly sim: boolean;
}

/** How a rover fared on one plot. `GET rovers/{id}/plots`. */
export interface PlotShare {
  readonly plotId: string | null; // null: on none
  readonly from: string;
  readonly to: string;
  readonly totalS: number;
  readonly secondsByFix: Readonly<Partial<Record<FixState, number>>>;
  readonly fixShare: number; // 0 to 1: seconds of FIX in all
  readonly bases: readonly { readonly baseId: string | null; readonly seconds: number; readonly datum: string | null }[]; // longest first
  readonly sim: boolean;
}
