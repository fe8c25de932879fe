import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { sessionsMigrations } from "../api/sessions.ts";
import { AzemichiError } from "../core/domain/errors.ts";
import type { Migrations } from "../core/runtime/sqlite.ts";
import { FREE_BYTES_MIN, JOURNAL_FILE } from "../ingest/journal.ts";
import { journalMigrations } from "../ingest/journal-schema.ts";
import { checkDatabase } from "../store/backup.ts";
import { copyFile, diskOf, existingParent, fingerprint, removeAbandoned, settle } from "../store/backup-files.ts";
import { catalogMigrations } from "../store/catalog-schema.ts";
import { correctionsMigrations } from "../store/corrections-schema.ts";
import { readingsMigrations } from "../store/readings-schema.ts";
import { backupAt, type Manifest, readManifest } from "./backup-manifest.ts";
import { type DataFolder, type LockName, lock } from "./data-folder.ts";

export interface RestoreOptions {
  /** A backup, or a folder of backups: then the newest. */
  readonly from: string;
  /** As AZEMICHI_DATA_DIR; a backup of the demo goes into its subfolder `demo`. */
  readonly dataDir: string;
  /** What is there already is moved aside. */
  readonly force: boolean;
  readonly nowMs: () => number;
}
export interface Restored {
  readonly backup: string;
  readonly manifest: Manifest;
  readonly path: string; // the data folder
  readonly former: string | null; // where the one before is now
}

const SCHEMAS: Readonly<Record<string, Migrations>> = {
  "catalog.db": catalogMigrations,
  [JOURNAL_FILE]: journalMigrations,
  "readings.db": readingsMigrations,
  "corrections.db": correctionsMigrations,
  "sessions.db": sessionsMigrations,
};
const STAGED = ".restoring-";
const LOCKS: readonly LockName[] = ["service", "relay", "field", "web", "sim"];

/** Reads a backup through, changing nothing. Throws BACKUP_INVALID or SCHEMA_NEWER. */
export function checkBackup(from: string): { readonly backup: string; readonly manifest: Manifest } {
  const backup = backupAt(resolve(from));
  const manifest = readManifest(backup);
  for (const { path, bytes, sha256, schema } of manifest.files) {
    const file = join(backup, path);
    if (!existsSync(file)) throw new AzemichiError("BACKUP_INVALID", `${file} is missing: the backup is incomplete`);
    const found = fingerprint(file);
    if (found.bytes !== bytes || found.sha256 !== sha256)
      throw new AzemichiError("BACKUP_INVALID", `${file} was changed or damaged since the backup was made (its checksum differs)`);
    if (schema === null) continue;
    const known = SCHEMAS[path]?.length ?? schema;
    if (schema > known)
      throw new AzemichiError(
        "SCHEMA_NEWER",
        `${file} was written by a newer Azemichi (schema ${schema}, this one knows ${known}; the backup is of version ${manifest.version}). Restore it with that version.`,
      );
    const { problem } = checkDatabase(file, "full");
    if (problem !== null) throw new AzemichiError("BACKUP_INVALID", `${file} is damaged: ${problem}`);
  }
  if (!manifest.files.some(({ path }) => path === "catalog.db")) throw new AzemichiError("BACKUP_INVALID", `${backup}: there is no catalog.db in it`);
  return { backup, manifest };
}

/**
 * Puts a backup into a data folder that nothing runs on. Files get their names only when all are copied, checked and on the disk.
 * Throws BACKUP_INVALID, SCHEMA_NEWER, DATA_FOLDER_LOCKED, CONFIG_INVALID (the folder is in use), STORE_UNAVAILABLE.
 */
export async function restoreBackup(options: RestoreOptions): Promise<Restored> {
  const { backup, manifest } = checkBackup(options.from);
  const path = join(resolve(options.dataDir), manifest.demo ? "demo" : "");
  const locks: (() => void)[] = [];
  try {
    if (existsSync(path)) locks.push(...(await lockAll({ path, demo: manifest.demo })));
    const occupied = existsSync(path) && readdirSync(path).some((name) => name.endsWith(".db") || name === "secret.key");
    if (occupied && !options.force)
      throw new AzemichiError(
        "CONFIG_INVALID",
        `${path} holds data already. Restore into another folder with --to DIR, or add --force: what is there now is then moved aside, not removed.`,
      );
    demandSpace(path, manifest);
    const former = occupied ? moveAside(path, options.nowMs()) : null;
    try {
      mkdirSync(join(path, "run"), { recursive: true, mode: 0o700 });
      if (locks.length === 0 || former !== null) locks.push(...(await lockAll({ path, demo: manifest.demo })));
      place(backup, path, manifest);
    } catch (error) {
      if (former !== null) {
        rmSync(path, { recursive: true, force: true });
        renameSync(former, path);
      }
      throw error;
    }
    return { backup, manifest, path, former };
  } finally {
    for (const release of locks) release();
  }
}

async function lockAll(folder: DataFolder): Promise<(() => void)[]> {
  mkdirSync(join(folder.path, "run"), { recursive: true, mode: 0o700 });
  const held: (() => void)[] = [];
  try {
    for (const name of LOCKS) held.push(await lock(folder, name));
    return held;
  } catch (error) {
    for (const release of held) release();
    throw error;
  }
}

function demandSpace(path: string, manifest: Manifest): void {
  const neededBytes = manifest.files.reduce((sum, { bytes }) => sum + bytes, FREE_BYTES_MIN);
  const { freeBytes } = diskOf(existingParent(path));
  if (freeBytes >= neededBytes) return;
  const mb = (bytes: number): number => Math.ceil(bytes / 2 ** 20);
  throw new AzemichiError(
    "STORE_UNAVAILABLE",
    `${path}: ${mb(neededBytes)} MB are needed (${mb(FREE_BYTES_MIN)} MB of them for uplinks), and ${mb(freeBytes)} MB are free`,
  );
}

function moveAside(path: string, nowMs: number): string {
  const stamp = new Date(nowMs).toISOString().replace(/[-:]|\.\d+/g, "");
  let former = `${path}.before-restore-${stamp}`;
  for (let n = 2; existsSync(former); n += 1) former = `${path}.before-restore-${stamp}-${n}`;
  try {
    renameSync(path, former);
  } catch (cause) {
    throw new AzemichiError(
      "STORE_UNAVAILABLE",
      `${path} cannot be moved aside (${(cause as Error).message}). Move its files away by hand, then restore again.`,
      { cause },
    );
  }
  return former;
}

/** catalog.db last: a folder without it is no data folder, should this be cut off. */
function place(backup: string, path: string, manifest: Manifest): void {
  removeAbandoned(path, STAGED);
  const staged = join(path, `${STAGED}${process.pid}`);
  mkdirSync(staged, { mode: 0o700 });
  try {
    for (const { path: name, sha256 } of manifest.files) {
      mkdirSync(dirname(join(staged, name)), { recursive: true, mode: 0o700 });
      copyFile(join(backup, name), join(staged, name));
      if (fingerprint(join(staged, name)).sha256 !== sha256)
        throw new AzemichiError("STORE_UNAVAILABLE", `${join(staged, name)} was not written as it is in the backup: is the disk sound?`);
    }
    const last = "catalog.db";
    const names = manifest.files.map((file) => file.path).sort((a, b) => Number(a === last) - Number(b === last));
    for (const name of names) {
      mkdirSync(dirname(join(path, name)), { recursive: true, mode: 0o700 });
      renameSync(join(staged, name), join(path, name));
    }
    for (const folder of new Set(names.map((name) => dirname(join(path, name))))) settle(folder, "folder");
  } finally {
    rmSync(staged, { recursive: true, force: true });
  }
}
