import type { DatabaseSync } from "node:sqlite";
import { parentPort, workerData } from "node:worker_threads";
import { openForReading } from "../core/runtime/sqlite.ts";
import { CorrectionsQueries, type HistoryPeriod } from "./corrections-queries.ts";
import { correctionsMigrations } from "./corrections-schema.ts";
import type { ThreadAnswer } from "./query-thread.ts";

export type CorrectionsQuestion =
  | { readonly kind: "minutes"; readonly baseId: string; readonly period: HistoryPeriod }
  | { readonly kind: "events"; readonly of: Parameters<CorrectionsQueries["events"]>[0] }
  | { readonly kind: "track"; readonly roverId: string; readonly period: HistoryPeriod; readonly max: number }
  | { readonly kind: "plots"; readonly roverId: string; readonly period: HistoryPeriod };

if (parentPort) {
  const port = parentPort;
  const { path } = workerData as { readonly path: string };
  let db: DatabaseSync | undefined;
  port.on("message", (question: CorrectionsQuestion & { readonly id: number }) => {
    const { id } = question;
    try {
      db ??= openForReading(path, correctionsMigrations);
      port.postMessage({ id, answer: db === undefined ? [] : answer(new CorrectionsQueries(db), question) } satisfies ThreadAnswer);
    } catch (error) {
      port.postMessage({ id, error: (error as Error).message } satisfies ThreadAnswer);
    }
  });
}

function answer(queries: CorrectionsQueries, question: CorrectionsQuestion): unknown {
  switch (question.kind) {
    case "minutes":
      return queries.minutes(question.baseId, question.period);
    case "events":
      return queries.events(question.of);
    case "track":
      return queries.track(question.roverId, question.period, question.max);
    case "plots":
      return queries.plotShares(question.roverId, question.period);
  }
}
