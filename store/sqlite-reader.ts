import { QUANTITIES } from "../core/domain/quantity.ts";
import type { Reading } from "../core/domain/reading.ts";
import { type NamedRows, toReadings } from "./named-rows.ts";
import { QueryThread } from "./query-thread.ts";
import type { ReaderQuestion, ReaderWorkerData } from "./reader-worker.ts";
import type { RowCursor, RowPage } from "./sqlite-queries.ts";
import type { LatestFilter, ReadingQuery, Series, SeriesQuery, TelemetryReader } from "./telemetry.ts";

export interface SqliteReaderOptions {
  /** East positive; puts the boundaries of wide buckets on the site's clock (JST: 9 h). */
  readonly zoneOffsetMs?: number;
  /** Rows read in one step of an export. */
  readonly pageRows?: number;
}

const PAGE_ROWS = 5000;

type Ask = ReaderQuestion extends infer Q ? (Q extends ReaderQuestion ? Omit<Q, "id"> : never) : never;

/** Reads `path` (readings.db), empty as long as it does not exist. Throws `STORE_UNAVAILABLE`. Close it when done. */
export function openSqliteReader(path: string, options: SqliteReaderOptions = {}): SqliteReader {
  return new SqliteReader(path, options);
}

export class SqliteReader implements TelemetryReader {
  readonly #thread: QueryThread<Ask>;
  readonly #pageRows: number;

  constructor(path: string, options: SqliteReaderOptions) {
    const data: ReaderWorkerData = { path, zoneOffsetMs: options.zoneOffsetMs ?? 0 };
    this.#thread = new QueryThread({ script: new URL("./reader-worker.ts", import.meta.url), data, what: "readings" });
    this.#pageRows = options.pageRows ?? PAGE_ROWS;
  }

  async latest(filter: LatestFilter): Promise<Reading[]> {
    return toReadings((await this.#thread.ask({ kind: "latest", filter })) as NamedRows);
  }

  async series(query: SeriesQuery): Promise<Series> {
    const found = (await this.#thread.ask({ kind: "series", query })) as Series | null;
    return found ?? { unit: QUANTITIES[query.quantity].unit, buckets: [] };
  }

  async *rows(query: ReadingQuery): AsyncGenerator<Reading, void, undefined> {
    let after: RowCursor | null = null;
    do {
      const page = (await this.#thread.ask({ kind: "page", query, after, limit: this.#pageRows })) as RowPage;
      yield* toReadings(page.found);
      after = page.next;
    } while (after !== null);
  }

  /** Idempotent. Questions still waiting are refused. */
  close(): Promise<void> {
    return this.#thread.close();
  }
}
