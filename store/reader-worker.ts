import { parentPort, workerData } from "node:worker_threads";
import { NO_ROWS } from "./named-rows.ts";
import type { ThreadAnswer } from "./query-thread.ts";
import { readingsFile } from "./readings-file.ts";
import { type RowCursor, type RowPage, SqliteQueries } from "./sqlite-queries.ts";
import type { LatestFilter, ReadingQuery, SeriesQuery } from "./telemetry.ts";

/** One question to the thread, answered with `{ id, answer }` or `{ id, error }`. */
export type ReaderQuestion =
  | { readonly id: number; readonly kind: "latest"; readonly filter: LatestFilter }
  | { readonly id: number; readonly kind: "series"; readonly query: SeriesQuery }
  | { readonly id: number; readonly kind: "page"; readonly query: ReadingQuery; readonly after: RowCursor | null; readonly limit: number };
export interface ReaderWorkerData {
  readonly path: string;
  readonly zoneOffsetMs: number;
}

/** Reads readings.db beside the event loop: a year of one sensor, or an export, never delays what else the process serves. */
if (parentPort) {
  const port = parentPort;
  const { path, zoneOffsetMs } = workerData as ReaderWorkerData;
  const file = readingsFile(path);
  let queries: SqliteQueries | undefined;
  port.on("message", (question: ReaderQuestion) => {
    try {
      const db = file.get();
      if (db && !queries) queries = new SqliteQueries(db, zoneOffsetMs);
      port.postMessage({ id: question.id, answer: answer(queries, question) } satisfies ThreadAnswer);
    } catch (error) {
      port.postMessage({ id: question.id, error: (error as Error).message } satisfies ThreadAnswer);
    }
  });
}

function answer(queries: SqliteQueries | undefined, question: ReaderQuestion): unknown {
  switch (question.kind) {
    case "latest":
      return queries?.latestRows(question.filter) ?? NO_ROWS;
    case "series":
      return queries?.series(question.query) ?? null;
    case "page":
      return queries?.page(question.query, question.after, question.limit) ?? ({ found: NO_ROWS, next: null } satisfies RowPage);
  }
}
