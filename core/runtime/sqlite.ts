import { existsSync, rmSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { AzemichiError } from "../domain/errors.ts";

/** Each entry brings the schema from version i to i+1. Entries are never edited once released. */
export type Migrations = readonly string[];

const BUSY_TIMEOUT_MS = 5000;
const READER_CACHE_KB = 32_000; // at most, as it is used: the ends of thousands of series and the way to them
const WAL_KEPT_BYTES = 64 * 2 ** 20; // a log that a long read made larger gives its disk space back

/**
 * Opens for writing: WAL, every commit synced to disk, migrated forward. Before a migration of existing data a snapshot
 * is left beside the file (`….v1.bak`). A file written by a newer version is refused (`SCHEMA_NEWER`).
 */
export function openForWriting(path: string, migrations: Migrations): DatabaseSync {
  const db = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
  try {
    const mode = db.prepare("PRAGMA journal_mode = WAL").get() as { journal_mode: string };
    if (mode.journal_mode !== "wal")
      throw new AzemichiError("STORE_UNAVAILABLE", `${path}: the disk does not allow a write-ahead log; put the data folder on a local disk`);
    db.exec("PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000; PRAGMA foreign_keys = ON");
    db.exec(`PRAGMA journal_size_limit = ${WAL_KEPT_BYTES}`);
    migrate(db, path, migrations);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** Opens for reading while another process writes. `undefined` as long as the writer has not made the file. */
export function openForReading(path: string, migrations: Migrations): DatabaseSync | undefined {
  if (!existsSync(path)) return undefined;
  const db = new DatabaseSync(path, { readOnly: true, timeout: BUSY_TIMEOUT_MS });
  try {
    if (versionOf(db) === migrations.length) {
      db.exec(`PRAGMA cache_size = -${READER_CACHE_KB}`);
      return db;
    }
  } catch {
    // a file that is being made right now is not readable yet: the caller asks again
  }
  db.close();
  return undefined;
}

function versionOf(db: DatabaseSync): number {
  return (db.prepare("PRAGMA user_version").get() as { user_version: number }).user_version;
}

function migrate(db: DatabaseSync, path: string, migrations: Migrations): void {
  const version = versionOf(db);
  if (version > migrations.length) {
    throw new AzemichiError(
      "SCHEMA_NEWER",
      `${path} was written by a newer Azemichi (schema ${version}, this one knows ${migrations.length}). Start that version, or restore a backup made before the update.`,
    );
  }
  if (version === migrations.length) return;
  if (version > 0) {
    const snapshot = `${path}.v${version}.bak`;
    rmSync(snapshot, { force: true });
    db.prepare("VACUUM INTO ?").run(snapshot);
  }
  for (let v = version; v < migrations.length; v += 1) {
    db.exec("BEGIN IMMEDIATE");
    try {
      db.exec(migrations[v] as string);
      db.exec(`PRAGMA user_version = ${v + 1}`);
      db.exec("COMMIT");
    } catch (error) {
      db.exec("ROLLBACK");
      throw new AzemichiError("STORE_UNAVAILABLE", `${path}: migration to schema ${v + 1} failed; nothing was changed`, { cause: error });
    }
  }
}

/** Runs `work` in one transaction; an error rolls all of it back. */
export function transaction<T>(db: DatabaseSync, work: () => T): T {
  db.exec("BEGIN IMMEDIATE");
  try {
    const result = work();
    db.exec("COMMIT");
    return result;
  } catch (error) {
    if (db.isTransaction) db.exec("ROLLBACK");
    throw error;
  }
}
