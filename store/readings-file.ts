import type { DatabaseSync } from "node:sqlite";
import { openForReading } from "../core/runtime/sqlite.ts";
import { readingsMigrations } from "./readings-schema.ts";

/** readings.db seen by a reader that may be started before the field role has made it. */
export interface ReadingsFile {
  /** Opened on first use; undefined as long as the file is not there, or not of this version's schema. */
  get(): DatabaseSync | undefined;
  close(): void;
}

export function readingsFile(path: string): ReadingsFile {
  let db: DatabaseSync | undefined;
  return {
    get() {
      db ??= openForReading(path, readingsMigrations);
      return db;
    },
    close() {
      db?.close();
      db = undefined;
    },
  };
}
