import type { BaseHistoryMinute, PlotShare, TrackPoint } from "../core/domain/history.ts";
import type { RelayEvent } from "../core/domain/live.ts";
import type { HistoryPeriod } from "./corrections-queries.ts";
import type { CorrectionsQuestion } from "./corrections-reader-worker.ts";
import { QueryThread } from "./query-thread.ts";

/** Reads corrections.db, empty as long as it does not exist. Throws `STORE_UNAVAILABLE`. Close it when done. */
export class CorrectionsReader {
  readonly #thread: QueryThread<CorrectionsQuestion>;

  constructor(path: string) {
    this.#thread = new QueryThread({ script: new URL("./corrections-reader-worker.ts", import.meta.url), data: { path }, what: "history of corrections" });
  }

  async minutes(baseId: string, period: HistoryPeriod): Promise<readonly BaseHistoryMinute[]> {
    return (await this.#thread.ask({ kind: "minutes", baseId, period })) as BaseHistoryMinute[];
  }

  /** Newest first. */
  async events(of: { readonly kind: "base" | "rover"; readonly id: string } & HistoryPeriod & { readonly max: number }): Promise<readonly RelayEvent[]> {
    return (await this.#thread.ask({ kind: "events", of })) as RelayEvent[];
  }

  /** In order of time. */
  async track(roverId: string, period: HistoryPeriod, max: number): Promise<readonly TrackPoint[]> {
    return (await this.#thread.ask({ kind: "track", roverId, period, max })) as TrackPoint[];
  }

  async plotShares(roverId: string, period: HistoryPeriod): Promise<readonly PlotShare[]> {
    return (await this.#thread.ask({ kind: "plots", roverId, period })) as PlotShare[];
  }

  /** Idempotent. */
  close(): Promise<void> {
    return this.#thread.close();
  }
}
