import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { AzemichiError } from "../core/domain/errors.ts";
import type { Log } from "../core/runtime/log.ts";
import type { Metrics } from "../core/runtime/metrics.ts";
import { type BatchMemory, JournalBatch, type JournalEntry, type JournalTicket } from "./journal-batch.ts";
import type { JournalAnswer, JournalRequest, JournalWorkerData } from "./journal-protocol.ts";

export type { JournalEntry, JournalTicket } from "./journal-batch.ts";

export interface JournalOptions {
  readonly folder: string;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Numbers go on above this: the cursor of who reads, who would pass over a number that it has seen. */
  readonly numberAfter: number;
  readonly freeBytesMin?: number;
  readonly queueMax?: number;
  readonly queueBytesMax?: number;
  /** The thread died: nothing can be acknowledged any more. The role has to end and start again. */
  readonly onDeath: (error: Error) => void;
}

export const JOURNAL_FILE = "journal.db";
/** Below this much free space uplinks are refused, so that there is room left to process what was accepted. */
export const FREE_BYTES_MIN = 2 ** 30;
const QUEUE_MAX = 50_000;
const QUEUE_BYTES_MAX = 128 * 2 ** 20;
const PROBE_MS = 5000;
const PRUNE_ROWS = 2000;
const SPARE_MAX = 2; // one is filled while one is written
const SPARE_BYTES_MAX = 2 * 2 ** 20; // what a burst of large payloads took is given back

/**
 * journal.db as its one writer sees it. Everything that arrives while a commit is on its way to the disk goes into the next one
 * (group commit): one sync for up to 1,000 uplinks, and no timer to wait for.
 */
export class Journal {
  readonly #worker: Worker;
  readonly #options: JournalOptions;
  readonly #listeners = new Set<(lastSeq: number) => void>();
  readonly #answers: ((answer: JournalAnswer) => void)[] = []; // requests under way, oldest first
  #filling: JournalBatch | undefined;
  #full: JournalBatch[] = []; // waiting for their turn, oldest first
  #waiting = 0; // uplinks of both
  #waitingBytes = 0;
  readonly #spare: BatchMemory[] = [];
  #flushing = false;
  #ready = true;
  #dead: Error | undefined;
  #closing: Promise<void> | undefined;
  readonly #probeTimer: NodeJS.Timeout;

  private constructor(worker: Worker, options: JournalOptions) {
    this.#worker = worker;
    this.#options = options;
    this.#probeTimer = setInterval(() => void this.#probe(), PROBE_MS);
    worker.on("message", (answer: JournalAnswer) => this.#answers.shift()?.(answer));
    worker.on("error", (error) => this.#die(error as Error));
    worker.on("exit", (code) => this.#die(new Error(`journal thread ended with code ${code}`)));
  }

  /** Opens or makes the journal of a data folder. Rejects with `STORE_UNAVAILABLE` or `SCHEMA_NEWER`. */
  static async open(options: JournalOptions): Promise<Journal> {
    const { folder, numberAfter, freeBytesMin = FREE_BYTES_MIN } = options;
    const workerData: JournalWorkerData = { path: join(folder, JOURNAL_FILE), freeBytesMin, numberAfter };
    const worker = new Worker(new URL("./journal-worker.ts", import.meta.url), { workerData, name: "journal" });
    await new Promise<void>((resolve, reject) => {
      worker.once("message", () => resolve());
      worker.once("error", (cause: Error) => {
        const code = "code" in cause && cause.code === "SCHEMA_NEWER" ? "SCHEMA_NEWER" : "STORE_UNAVAILABLE";
        reject(new AzemichiError(code, cause.message, { cause }));
      });
    });
    worker.removeAllListeners("error");
    const journal = new Journal(worker, options);
    journal.#report();
    await journal.#probe();
    return journal;
  }

  /** False while the last write failed or the disk is nearly full: uplinks are refused. Tried again every few seconds. */
  get ready(): boolean {
    return this.#ready && this.#dead === undefined;
  }

  /** Resolves with the journal number once the bytes are synced to disk. Rejects when they are not, and then nothing may be acknowledged. */
  append(entry: JournalEntry): Promise<number> {
    return new Promise((resolve, reject) => {
      this.put(entry, { journaled: (_count, seq) => resolve(seq), refused: (_count, error) => reject(error) });
    });
  }

  /**
   * The same for those who hand in thousands: what becomes of it is told to the ticket, later or (refused) at once. The bytes are
   * copied before this returns.
   */
  put(entry: JournalEntry, ticket: JournalTicket): void {
    const { queueMax = QUEUE_MAX, queueBytesMax = QUEUE_BYTES_MAX, metrics } = this.#options;
    const { byteLength } = entry.payload;
    if (this.#dead || this.#closing) {
      ticket.refused(1, this.#dead ?? new Error("journal is closing"));
      return;
    }
    if (this.#waiting >= queueMax || this.#waitingBytes + byteLength > queueBytesMax) {
      metrics.count("azemichi_journal_queue_refused_total");
      ticket.refused(1, new Error("journal queue is full"));
      return;
    }
    this.#filling ??= new JournalBatch(this.#spare.pop());
    if (!this.#filling.takes(byteLength)) {
      this.#full.push(this.#filling);
      this.#filling = new JournalBatch(this.#spare.pop());
    }
    this.#filling.add(entry, ticket);
    this.#waiting += 1;
    this.#waitingBytes += byteLength;
    if (this.#flushing) return;
    this.#flushing = true;
    setImmediate(() => this.#flush()); // what all sockets had to say in this turn is one batch
  }

  /** Called with the last journal number after each commit. Returns the function that ends it. */
  onCommit(listener: (lastSeq: number) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Removes what was received before `receivedBeforeMs`, up to `upToSeq`, in small steps between which uplinks are written. Resolves with how many. */
  async prune(what: { receivedBeforeMs: number; upToSeq: number }): Promise<number> {
    let removed = 0;
    for (;;) {
      const answer = await this.#request({ kind: "prune", ...what, max: PRUNE_ROWS });
      if (answer.kind !== "pruned") return removed;
      removed += answer.removed;
      if (answer.removed < PRUNE_ROWS) return removed;
    }
  }

  /** Idempotent. What was accepted is written first. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    clearInterval(this.#probeTimer);
    while ((this.#flushing || this.#answers.length > 0) && !this.#dead) await new Promise((resolve) => setImmediate(resolve));
    if (!this.#dead) await this.#request({ kind: "close" });
    await this.#worker.terminate();
  }

  #flush(): void {
    let batch = this.#full.shift();
    if (batch === undefined) {
      batch = this.#filling;
      this.#filling = undefined;
    }
    if (batch === undefined) {
      this.#flushing = false;
      return;
    }
    const sent = batch;
    this.#waiting -= sent.rows;
    this.#waitingBytes -= sent.bytes;
    this.#send({ kind: "append", uplinks: sent.pack() }, (answer) => {
      // The next batch is written while this one is acknowledged.
      if (answer.kind === "appended" && this.#spare.length < SPARE_MAX && answer.memory.bytes.byteLength <= SPARE_BYTES_MAX) this.#spare.push(answer.memory);
      this.#flush();
      this.#settle(sent, answer);
    });
  }

  #settle(batch: JournalBatch, answer: JournalAnswer): void {
    const { metrics } = this.#options;
    if (answer.kind === "appended") {
      metrics.count("azemichi_journal_commits_total");
      metrics.count("azemichi_journal_uplinks_total", {}, batch.rows);
      // One writer and AUTOINCREMENT: the numbers of a batch follow one another.
      batch.journaled(answer.lastSeq - batch.rows + 1);
      this.#setReady(null);
      for (const listener of this.#listeners) listener(answer.lastSeq);
      return;
    }
    const why = answer.kind === "failed" ? answer.message : `unexpected answer ${answer.kind}`;
    metrics.count("azemichi_journal_failures_total");
    this.#setReady(why);
    batch.refused(new AzemichiError("STORE_UNAVAILABLE", `uplinks cannot be journaled: ${why}`));
  }

  async #probe(): Promise<void> {
    if (this.#dead || this.#closing) return;
    const answer = await this.#request({ kind: "probe" });
    if ((answer.kind === "probed" || answer.kind === "failed") && answer.freeBytes !== undefined)
      this.#options.metrics.gauge("azemichi_journal_free_bytes", answer.freeBytes);
    this.#setReady(answer.kind === "probed" ? null : answer.kind === "failed" ? answer.message : "no answer");
  }

  #setReady(trouble: string | null): void {
    const ready = trouble === null;
    if (ready === this.#ready) return;
    this.#ready = ready;
    this.#report();
    if (ready) this.#options.log.info("journal takes uplinks again");
    else this.#options.log.error("journal takes no uplinks", { why: trouble });
  }

  #report(): void {
    this.#options.metrics.gauge("azemichi_field_ready", this.ready ? 1 : 0);
  }

  #request(request: JournalRequest): Promise<JournalAnswer> {
    return new Promise((resolve) => this.#send(request, resolve));
  }

  #send(request: JournalRequest, answered: (answer: JournalAnswer) => void): void {
    if (this.#dead) {
      answered({ kind: "failed", message: this.#dead.message });
      return;
    }
    this.#answers.push(answered);
    this.#worker.postMessage(request, request.kind === "append" ? [request.uplinks.bytes.buffer, request.uplinks.numbers.buffer] : []);
  }

  #die(error: Error): void {
    if (this.#dead || this.#closing) return;
    this.#dead = error;
    clearInterval(this.#probeTimer);
    this.#report();
    for (const answer of this.#answers.splice(0)) answer({ kind: "failed", message: error.message });
    const left = [...this.#full.splice(0), ...(this.#filling === undefined ? [] : [this.#filling])];
    this.#filling = undefined;
    for (const batch of left) batch.refused(error);
    this.#options.onDeath(error);
  }
}
