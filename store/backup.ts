import { DatabaseSync } from "node:sqlite";
import { AzemichiError } from "../core/domain/errors.ts";

const BUSY_TIMEOUT_MS = 30_000; // a backup can wait

/** What a copy of a database needs on disk, bytes: its pages in use. */
export function copyBytes(path: string): number {
  return reading(path, (db) => {
    const of = (pragma: string) => Object.values(db.prepare(`PRAGMA ${pragma}`).get() as Record<string, number>)[0] ?? 0;
    return (of("page_count") - of("freelist_count")) * of("page_size");
  });
}

/**
 * Copies a database that others may be writing, as it stands at one moment: `VACUUM INTO` reads within one transaction, while SQLite's
 * backup API starts anew with each write of another process. Blocks until it is done. Throws STORE_UNAVAILABLE.
 */
export function copyDatabase(from: string, to: string): void {
  reading(from, (db) => db.prepare("VACUUM INTO ?").run(to));
}

/** Reads a database through: `quick` its pages and rows, `full` its indices too. `problem` is SQLite's first finding. */
export function checkDatabase(path: string, depth: "quick" | "full"): { readonly schema: number; readonly problem: string | null } {
  try {
    return reading(path, (db) => {
      const { user_version: schema } = db.prepare("PRAGMA user_version").get() as { user_version: number };
      const found = db.prepare(depth === "quick" ? "PRAGMA quick_check(1)" : "PRAGMA integrity_check(1)").get() as Record<string, string>;
      const first = Object.values(found)[0] ?? "no answer";
      return { schema, problem: first === "ok" ? null : first };
    });
  } catch (error) {
    return { schema: 0, problem: ((error as AzemichiError).cause as Error).message };
  }
}

/** How many readings a readings.db holds, and up to which journal number uplinks are in it. */
export function readingsFacts(path: string): { readonly readings: number; readonly cursor: number } {
  return reading(path, (db) => {
    const { n } = db.prepare("SELECT count(*) AS n FROM reading").get() as { n: number };
    const { cursor } = db.prepare("SELECT cursor FROM progress").get() as { cursor: number };
    return { readings: n, cursor };
  });
}

/** Id of the site in a catalog.db; null before one was imported. */
export function siteIdOf(path: string): string | null {
  return reading(path, (db) => {
    const row = db.prepare("SELECT json_extract(json, '$.id') AS id FROM entry WHERE kind = 'site'").get() as { id: string } | undefined;
    return row?.id ?? null;
  });
}

/** Throws STORE_UNAVAILABLE. */
function reading<T>(path: string, work: (db: DatabaseSync) => T): T {
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(path, { readOnly: true, timeout: BUSY_TIMEOUT_MS });
    return work(db);
  } catch (cause) {
    throw new AzemichiError("STORE_UNAVAILABLE", `${path}: ${(cause as Error).message}`, { cause });
  } finally {
    db?.close();
  }
}
