import type { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { unreachable } from "../core/domain/errors.ts";
import type { Log } from "../core/runtime/log.ts";
import type { Metrics } from "../core/runtime/metrics.ts";
import { DrainQueue, type Outgoing, type OutgoingBatch } from "./drain-queue.ts";
import type { WriteOutcome } from "./influx-outcome.ts";
import type { InfluxPoint } from "./line-protocol.ts";

/** What the drain needs of InfluxDB. */
export interface DrainTarget {
  send(points: readonly InfluxPoint[], signal: AbortSignal): Promise<WriteOutcome>;
  ensureDatabase(signal: AbortSignal): Promise<{ readonly kind: "ready" } | { readonly kind: "failed"; readonly reason: string }>;
}

export interface DrainOptions {
  readonly db: DatabaseSync; // readings.db, opened for writing by the thread that runs the drain
  readonly writer: DrainTarget;
  readonly nowMs: () => number;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly batchRows?: number;
  readonly random?: () => number;
  readonly wait?: (ms: number, signal: AbortSignal) => Promise<void>;
}

const BATCH_ROWS = 2000;
const LINGER_MS = 200; // lets single readings gather into one request and one sync of the disk
const IDLE_MS = 5000; // looks by itself, should nobody call wake()
const RETRY_FIRST_MS = 250;
const RETRY_MAX_MS = 10_000;
const GROW_AFTER = 16; // requests in a row that were not too large
const UNCERTAIN_MAX = 16; // single lines refused for an unknown reason before the request itself is held to be at fault

type Refused = { readonly row: Outgoing; readonly reason: string };
/** A batch on its way, from its head: `settled` rows were either accepted or refused for good. */
interface Progress {
  settled: number;
  accepted: number;
  readonly refused: Refused[];
  uncertain: number;
}
type Obstacle = Exclude<WriteOutcome, { kind: "stored" } | { kind: "refused" } | { kind: "too-large" }>;

/**
 * Sends the outbox to InfluxDB in commit order. A row leaves the outbox only after InfluxDB's 204 for it; a crash in between sends
 * the same point again, which changes nothing. Bad lines are set aside with their reason; every other trouble keeps everything and
 * tries again, at the latest after 10 s (or what Retry-After asks, up to 15 min). The backlog is bounded by the disk alone.
 */
export class InfluxDrain {
  readonly #options: DrainOptions;
  readonly #queue: DrainQueue;
  readonly #wait: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly #batchMax: number;
  #batchRows: number;
  #taken = 0; // requests since one was too large
  #failures = 0; // in a row
  #createdDatabase = false; // since the last success
  #woken: (() => void) | undefined;
  #hasNews = false;

  constructor(options: DrainOptions) {
    this.#options = options;
    this.#queue = new DrainQueue(options.db);
    this.#wait = options.wait ?? pause;
    this.#batchMax = options.batchRows ?? BATCH_ROWS;
    this.#batchRows = this.#batchMax;
  }

  /** There is something new in the outbox. Cheap; does not shorten the pause after a failure. */
  wake(): void {
    this.#hasNews = true;
    this.#woken?.();
  }

  /** Runs until `signal`, whatever InfluxDB does; then resolves. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        this.#hasNews = false;
        const limit = this.#batchRows;
        const batch = this.#queue.next(limit);
        const pauseMs = batch.throughSeq === null ? 0 : await this.#deliver(batch, signal);
        this.#measure();
        if (pauseMs > 0) await this.#wait(pauseMs, signal);
        else if (batch.throughSeq === null) await this.#idle(signal);
        else if (batch.changes < limit) await this.#wait(LINGER_MS, signal);
      } catch (error) {
        if (signal.aborted) return;
        // Our own disk: nothing was removed from the outbox, so the same rows are sent again.
        this.#options.log.error("influx drain could not keep its books", { error });
        await this.#wait(this.#backOffMs(), signal);
      }
    }
  }

  /** Answers how long to pause, 0 = go on. */
  async #deliver(batch: OutgoingBatch, signal: AbortSignal): Promise<number> {
    const progress: Progress = { settled: 0, accepted: 0, refused: [], uncertain: 0 };
    const obstacle = batch.points.length === 0 ? undefined : await this.#send(batch.points, progress, signal);
    const blamesTheLines = progress.uncertain === 0 || progress.accepted > 0;
    if (blamesTheLines) this.#settle(batch, progress);
    if (obstacle) return this.#obstructed(obstacle, signal);
    if (!blamesTheLines) return this.#obstructed({ kind: "forbidden", reason: progress.refused[0]?.reason ?? "refused" }, signal);
    if (this.#failures > 0) this.#options.log.info("influx takes readings again", { failures: this.#failures });
    this.#options.metrics.gauge("azemichi_influx_up", 1);
    this.#failures = 0;
    this.#createdDatabase = false;
    this.#taken += 1;
    // Not at once: each step up may cost a request that is too large again.
    if (this.#taken % GROW_AFTER === 0) this.#batchRows = Math.min(this.#batchMax, this.#batchRows * 2);
    return 0;
  }

  /** Depth first, so that what is settled is always the head of the batch. Ends early with what stands in the way of every line. */
  async #send(rows: readonly Outgoing[], progress: Progress, signal: AbortSignal): Promise<Obstacle | undefined> {
    const outcome = await this.#options.writer.send(rows, signal);
    switch (outcome.kind) {
      case "stored":
        if (outcome.notice !== undefined) this.#options.log.warn("influx is not fully set up", { reason: outcome.notice });
        progress.settled += rows.length;
        progress.accepted += rows.length;
        return undefined;
      case "refused":
      case "too-large": {
        if (outcome.kind === "too-large") {
          this.#batchRows = Math.max(1, Math.floor(rows.length / 2));
          this.#taken = 0;
        }
        const [only] = rows;
        if (rows.length > 1 || !only) return this.#sendHalves(rows, progress, signal);
        progress.refused.push({ row: only, reason: outcome.reason });
        progress.settled += 1;
        if (outcome.kind === "refused" && !outcome.certain) progress.uncertain += 1;
        return progress.accepted === 0 && progress.uncertain >= UNCERTAIN_MAX ? { kind: "forbidden", reason: outcome.reason } : undefined;
      }
      case "missing":
      case "forbidden":
      case "later":
        return outcome;
      default:
        return unreachable(outcome);
    }
  }

  async #sendHalves(rows: readonly Outgoing[], progress: Progress, signal: AbortSignal): Promise<Obstacle | undefined> {
    const middle = Math.ceil(rows.length / 2);
    return (await this.#send(rows.slice(0, middle), progress, signal)) ?? (await this.#send(rows.slice(middle), progress, signal));
  }

  #settle({ points, throughSeq }: OutgoingBatch, progress: Progress): void {
    const seq = progress.settled === points.length ? throughSeq : points[progress.settled - 1]?.seq;
    if (seq === undefined || seq === null) return;
    this.#queue.settle({ throughSeq: seq, accepted: progress.accepted, refused: progress.refused });
    const { metrics, log } = this.#options;
    metrics.count("azemichi_influx_sent_total", {}, progress.accepted);
    metrics.count("azemichi_influx_refused_total", {}, progress.refused.length);
    if (progress.refused.length > 0) log.warn("influx refused readings", { readings: progress.refused.length, reason: progress.refused[0]?.reason });
  }

  async #obstructed(obstacle: Obstacle, signal: AbortSignal): Promise<number> {
    this.#options.metrics.count("azemichi_influx_failures_total", { kind: obstacle.kind });
    this.#options.metrics.gauge("azemichi_influx_up", 0);
    let reason = obstacle.reason;
    if (obstacle.kind === "missing" && !this.#createdDatabase) {
      const created = await this.#options.writer.ensureDatabase(signal);
      this.#createdDatabase = created.kind === "ready"; // still missing after that: somebody else's fault, no second try at once
      if (created.kind === "ready") return 0;
      reason = `${reason}; ${created.reason}`;
    }
    if (this.#queue.noteError(reason)) this.#options.log.warn("influx does not take readings; they wait on disk", { kind: obstacle.kind, reason });
    const backOffMs = this.#backOffMs();
    if (obstacle.kind === "later") return Math.max(backOffMs, obstacle.retryAfterMs);
    this.#createdDatabase = false;
    return RETRY_MAX_MS; // an operator has to act
  }

  /** Exponential with jitter: many sites do not come back in step. */
  #backOffMs(): number {
    const fullMs = Math.min(RETRY_MAX_MS, RETRY_FIRST_MS * 2 ** Math.min(this.#failures, 20));
    this.#failures += 1;
    return fullMs * (0.5 + 0.5 * (this.#options.random ?? Math.random)());
  }

  #measure(): void {
    const { depth, oldestReceivedMs } = this.#queue.backlog();
    this.#options.metrics.gauge("azemichi_influx_outbox_readings", depth);
    this.#options.metrics.gauge(
      "azemichi_influx_outbox_oldest_seconds",
      oldestReceivedMs === null ? 0 : Math.max(0, (this.#options.nowMs() - oldestReceivedMs) / 1000),
    );
  }

  async #idle(signal: AbortSignal): Promise<void> {
    if (this.#hasNews) return;
    const early = new AbortController();
    this.#woken = () => early.abort();
    try {
      await this.#wait(IDLE_MS, AbortSignal.any([signal, early.signal]));
    } finally {
      this.#woken = undefined;
    }
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch((error: Error) => {
    if (error.name !== "AbortError") throw error;
  });
}
