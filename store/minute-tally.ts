import type { BaseHealth, BaseTruth } from "../core/domain/live.ts";

/** A row of base_minute, but for its key. */
export interface MinuteRow {
  heard_s: number;
  sending_s: number;
  silent_s: number;
  absent_s: number;
  guard: string | null;
  verdict: string | null;
  rovers: number;
  bytes_sum: number;
  crc_failures: number;
  latency_n: number;
  latency_sum_ms: number;
  latency_max_ms: number | null;
  satellites: string;
  cnr_dbhz: number | null;
  displacement_m: number | null;
  sim: number;
}

type Guard = BaseTruth["guard"]["state"];
type Verdict = BaseTruth["verdict"];
type Systems = Record<string, [least: number, most: number]>;
const GUARDS: readonly Guard[] = ["passing", "unsurveyed", "waiting", "stopped"]; // best first
const VERDICTS: readonly Verdict[] = ["good", "insufficient", "watch", "bad"];

/** What one base said in one minute, second by second. */
export class MinuteTally {
  readonly row: MinuteRow;
  readonly #systems: Systems;

  /** `before`: what was kept of the same minute, by a run of this program that ended in it. */
  constructor(before: MinuteRow | null) {
    this.row = before ?? {
      heard_s: 0,
      sending_s: 0,
      silent_s: 0,
      absent_s: 0,
      guard: null,
      verdict: null,
      rovers: 0,
      bytes_sum: 0,
      crc_failures: 0,
      latency_n: 0,
      latency_sum_ms: 0,
      latency_max_ms: null,
      satellites: "{}",
      cnr_dbhz: null,
      displacement_m: null,
      sim: 0,
    };
    this.#systems = JSON.parse(this.row.satellites) as Systems;
  }

  add(health: BaseHealth, crcFailures: number): void {
    const { row } = this;
    row.heard_s = Math.min(60, row.heard_s + 1);
    row[`${health.state}_s`] += 1;
    row.rovers = Math.max(row.rovers, health.rovers);
    row.bytes_sum += health.bytesPerS;
    row.crc_failures += crcFailures;
    row.sim = health.sim ? 1 : 0;
    if (health.epochLatencyMs !== null) {
      row.latency_n += 1;
      row.latency_sum_ms += health.epochLatencyMs;
      row.latency_max_ms = Math.max(row.latency_max_ms ?? Number.NEGATIVE_INFINITY, health.epochLatencyMs);
    }
    for (const [system, count] of Object.entries(health.satellites)) {
      const [least, most] = this.#systems[system] ?? [count, count];
      this.#systems[system] = [Math.min(least, count), Math.max(most, count)];
    }
    row.satellites = JSON.stringify(this.#systems);
    if (health.truth) this.#truth(health.truth);
  }

  #truth(truth: BaseTruth): void {
    this.row.guard = worst(GUARDS, this.row.guard, truth.guard.state);
    this.row.verdict = worst(VERDICTS, this.row.verdict, truth.verdict);
    this.row.cnr_dbhz = truth.medianCnrDbHz;
    this.row.displacement_m = truth.displacementM;
  }
}

function worst<T extends string>(bestFirst: readonly T[], before: string | null, now: T): string {
  return before !== null && bestFirst.indexOf(before as T) > bestFirst.indexOf(now) ? before : now;
}
