import { Worker } from "node:worker_threads";
import { AzemichiError } from "../core/domain/errors.ts";
import { QUANTITIES } from "../core/domain/quantity.ts";
import type { Reading } from "../core/domain/reading.ts";
import type { ReaderAnswer, ReaderQuestion, ReaderWorkerData } from "./reader-worker.ts";
import { type ReadingRow, toReading } from "./reading-row.ts";
import type { RowCursor, RowPage } from "./sqlite-queries.ts";
import type { LatestFilter, ReadingQuery, Series, SeriesQuery, TelemetryReader } from "./telemetry.ts";

export interface SqliteReaderOptions {
  /** East positive; puts the boundaries of wide buckets on the site's clock (JST: 9 h). */
  readonly zoneOffsetMs?: number;
  /** Rows read in one step of an export. */
  readonly pageRows?: number;
}

const PAGE_ROWS = 5000;
const WAITING_MAX = 256; // questions on their way to the thread; beyond, the caller is told to come back
const ANSWER_TIMEOUT_MS = 30_000;

type Ask = ReaderQuestion extends infer Q ? (Q extends ReaderQuestion ? Omit<Q, "id"> : never) : never;

/** Reads `path` (readings.db), empty as long as it does not exist. Throws `STORE_UNAVAILABLE`. Close it when done. */
export function openSqliteReader(path: string, options: SqliteReaderOptions = {}): SqliteReader {
  return new SqliteReader(path, options);
}

export class SqliteReader implements TelemetryReader {
  readonly #data: ReaderWorkerData;
  readonly #pageRows: number;
  readonly #waiting = new Map<number, { resolve: (answer: unknown) => void; reject: (error: Error) => void; timer: NodeJS.Timeout }>();
  #worker: Worker | undefined;
  #lastId = 0;
  #closed = false;

  constructor(path: string, options: SqliteReaderOptions) {
    this.#data = { path, zoneOffsetMs: options.zoneOffsetMs ?? 0 };
    this.#pageRows = options.pageRows ?? PAGE_ROWS;
  }

  async latest(filter: LatestFilter): Promise<Reading[]> {
    return ((await this.#ask({ kind: "latest", filter })) as ReadingRow[]).map(toReading);
  }

  async series(query: SeriesQuery): Promise<Series> {
    const found = (await this.#ask({ kind: "series", query })) as Series | null;
    return found ?? { unit: QUANTITIES[query.quantity].unit, buckets: [] };
  }

  async *rows(query: ReadingQuery): AsyncGenerator<Reading, void, undefined> {
    let after: RowCursor | null = null;
    do {
      const page = (await this.#ask({ kind: "page", query, after, limit: this.#pageRows })) as RowPage;
      for (const row of page.rows) yield toReading(row);
      after = page.next;
    } while (after !== null);
  }

  /** Idempotent. Questions still waiting are refused. */
  async close(): Promise<void> {
    this.#closed = true;
    const worker = this.#worker;
    this.#worker = undefined;
    this.#failAll("the reader was closed");
    await worker?.terminate();
  }

  #ask(question: Ask): Promise<unknown> {
    if (this.#closed) return Promise.reject(new AzemichiError("STORE_UNAVAILABLE", "the reader was closed"));
    if (this.#waiting.size >= WAITING_MAX) return Promise.reject(new AzemichiError("STORE_UNAVAILABLE", "too many queries at once; ask again"));
    const worker = this.#thread();
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        reject(new AzemichiError("STORE_UNAVAILABLE", `the readings did not answer within ${ANSWER_TIMEOUT_MS} ms`));
      }, ANSWER_TIMEOUT_MS);
      this.#waiting.set(id, { resolve, reject, timer });
      worker.postMessage({ ...question, id });
    });
  }

  #thread(): Worker {
    if (this.#worker) return this.#worker;
    const worker = new Worker(new URL("./reader-worker.ts", import.meta.url), { workerData: this.#data });
    worker.on("message", (message: ReaderAnswer) => this.#settle(message));
    worker.on("error", (error) => this.#ended(worker, error.message));
    worker.on("exit", () => this.#ended(worker, "its thread ended"));
    this.#worker = worker;
    return worker;
  }

  /** The next question starts a new thread. */
  #ended(worker: Worker, why: string): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    this.#failAll(why);
  }

  #settle(message: ReaderAnswer): void {
    const asked = this.#waiting.get(message.id);
    if (!asked) return; // timed out meanwhile
    this.#waiting.delete(message.id);
    clearTimeout(asked.timer);
    if ("error" in message) asked.reject(new AzemichiError("STORE_UNAVAILABLE", `readings: ${message.error}`));
    else asked.resolve(message.answer);
  }

  #failAll(why: string): void {
    for (const { reject, timer } of this.#waiting.values()) {
      clearTimeout(timer);
      reject(new AzemichiError("STORE_UNAVAILABLE", `readings: ${why}`));
    }
    this.#waiting.clear();
  }
}
