import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { AzemichiError } from "../core/domain/errors.ts";
import { FREE_BYTES_MIN, JOURNAL_FILE } from "../ingest/journal.ts";
import { openJournal } from "../ingest/journal-reader.ts";
import { checkDatabase, copyBytes, copyDatabase, readingsFacts, siteIdOf } from "../store/backup.ts";
import { copyFile, diskOf, existingParent, filesUnder, fingerprint, removeAbandoned, settle } from "../store/backup-files.ts";
import { readLedger } from "../store/ledger-reader.ts";
import { BACKUP_PREFIX, backupsIn, MANIFEST, type Manifest } from "./backup-manifest.ts";
import type { DataFolder } from "./data-folder.ts";
import { VERSION } from "./ready.ts";

export interface BackupOptions {
  readonly folder: DataFolder;
  /** Backups are put here, each in a folder of its own. */
  readonly to: string;
  /** How many backups of the site stay, this one included; null = all. */
  readonly keep: number | null;
  readonly nowMs: () => number;
  readonly diskOf?: typeof diskOf;
}
export interface Backup {
  readonly path: string;
  readonly manifest: Manifest;
  readonly removed: readonly string[]; // older backups
}

const READINGS_FILE = "readings.db";
/** In this order: what the readings say is processed is in a journal that was copied after them. */
const FIRST = [READINGS_FILE, JOURNAL_FILE];
const NOT_COPIED = new Set(["run", "archive", "demo"]); // made anew at each start; raw RTCM with its own limit; another data folder
const PARTIAL = ".azemichi-partial-";
const MARGIN_BYTES = 64 * 2 ** 20;
const TRIES = 3;

/**
 * Copies a data folder, running or not, into a new folder that is only there under its name once it is complete, checked and on the
 * disk. Blocks for as long as that takes. Throws STORE_UNAVAILABLE.
 */
export function makeBackup(options: BackupOptions): Backup {
  const { folder, nowMs } = options;
  const to = resolve(options.to);
  if (!existsSync(join(folder.path, "catalog.db"))) throw new AzemichiError("STORE_UNAVAILABLE", `${folder.path}: there is no data of Azemichi to copy`);
  const databases = databasesOf(folder.path);
  demandSpace(options, to, databases);
  mkdirSync(to, { recursive: true, mode: 0o700 });
  removeAbandoned(to, PARTIAL);
  const partial = join(to, `${PARTIAL}${process.pid}`);
  const startedAt = new Date(nowMs()).toISOString();
  mkdirSync(partial, { mode: 0o700 });
  try {
    copyTogether(folder.path, partial, databases);
    for (const name of databases.filter((name) => !FIRST.includes(name))) copyDatabase(join(folder.path, name), join(partial, name));
    for (const name of smallFilesOf(folder.path)) {
      mkdirSync(dirname(join(partial, name)), { recursive: true, mode: 0o700 });
      copyFile(join(folder.path, name), join(partial, name));
    }
    const manifest = describe(partial, { folder, startedAt, nowMs });
    writeFileSync(join(partial, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`, { mode: 0o600 });
    settle(join(partial, MANIFEST), "file");
    for (const path of new Set(manifest.files.map((file) => dirname(join(partial, file.path))))) settle(path, "folder");
    const path = publish(partial, to, manifest);
    return { path, manifest, removed: forgetOld(to, manifest, options.keep) };
  } catch (error) {
    rmSync(partial, { recursive: true, force: true });
    throw error;
  }
}

function databasesOf(folder: string): string[] {
  const found = readdirSync(folder).filter((name) => name.endsWith(".db"));
  return [...FIRST.filter((name) => found.includes(name)), ...found.filter((name) => !FIRST.includes(name)).sort()];
}

const smallFilesOf = (folder: string): string[] => filesUnder(folder, NOT_COPIED).filter((name) => !/\.(db|db-wal|db-shm|db-journal|bak|tmp)$/.test(name));

/**
 * Readings first, then the journal, so that the journal holds everything beyond the readings' cursor. Only what is processed is ever
 * removed from a journal: should that have overtaken the copied cursor meanwhile, the readings are copied again.
 */
function copyTogether(from: string, to: string, databases: readonly string[]): void {
  for (let attempt = 1; ; attempt += 1) {
    const firstBefore = firstUplinkIn(from);
    for (const name of FIRST.filter((name) => databases.includes(name))) {
      rmSync(join(to, name), { force: true });
      copyDatabase(join(from, name), join(to, name));
    }
    const cursor = databases.includes(READINGS_FILE) ? readingsFacts(join(to, READINGS_FILE)).cursor : 0;
    const first = firstUplinkIn(to);
    if (first === null || first <= Math.max(cursor + 1, firstBefore ?? 1)) return;
    if (attempt === TRIES)
      throw new AzemichiError("STORE_UNAVAILABLE", `${from}: old uplinks were removed while they were copied, ${TRIES} times in a row; try again later`);
  }
}

function firstUplinkIn(folder: string): number | null {
  const journal = openJournal(folder);
  try {
    return journal?.firstSeq() ?? null;
  } finally {
    journal?.close();
  }
}

/** Refuses before anything is written. On the disk of the data folder, room stays for the uplinks that go on arriving. */
function demandSpace(options: BackupOptions, to: string, databases: readonly string[]): void {
  const look = options.diskOf ?? diskOf;
  const { path } = options.folder;
  const neededBytes = databases.reduce((sum, name) => sum + copyBytes(join(path, name)), MARGIN_BYTES);
  const target = look(existingParent(to));
  const reserveBytes = target.id === look(path).id ? FREE_BYTES_MIN : 0;
  if (target.freeBytes >= neededBytes + reserveBytes) return;
  const mb = (bytes: number): string => `${Math.ceil(bytes / 2 ** 20).toLocaleString("en")} MB`;
  const why = reserveBytes === 0 ? "" : `; ${mb(reserveBytes)} more have to stay free there for uplinks`;
  throw new AzemichiError(
    "STORE_UNAVAILABLE",
    `${to}: the backup needs ${mb(neededBytes)}, and ${mb(target.freeBytes)} are free${why}. Choose a folder on another disk, or remove old backups.`,
  );
}

/** Reads every copied file again: what the manifest says is what is on the disk. */
function describe(partial: string, given: { folder: DataFolder; startedAt: string; nowMs: () => number }): Manifest {
  const files = filesUnder(partial)
    .sort()
    .map((path) => {
      const isDatabase = path.endsWith(".db");
      const checked = isDatabase ? checkDatabase(join(partial, path), "quick") : null;
      if (checked?.problem)
        throw new AzemichiError("STORE_UNAVAILABLE", `${join(given.folder.path, path)}: its copy is damaged (${checked.problem}); the original may be too`);
      settle(join(partial, path), "file");
      return { path, ...fingerprint(join(partial, path)), schema: checked?.schema ?? null };
    });
  const readingsPath = join(partial, READINGS_FILE);
  const { readings, cursor } = existsSync(readingsPath) ? readingsFacts(readingsPath) : { readings: 0, cursor: 0 };
  return {
    format: 1,
    version: VERSION,
    site: siteIdOf(join(partial, "catalog.db")),
    demo: given.folder.demo,
    startedAt: given.startedAt,
    endedAt: new Date(given.nowMs()).toISOString(),
    readings,
    processedUpTo: cursor,
    ...accountOf(partial),
    files,
  };
}

/** The ledger as it is in the copies. */
function accountOf(folder: string): Pick<Manifest, "ledger" | "lastUplink"> {
  const path = join(folder, READINGS_FILE);
  const db = existsSync(path) ? new DatabaseSync(path, { readOnly: true }) : undefined;
  const journal = openJournal(folder);
  try {
    const { total } = readLedger(db, journal ?? { pendingAfter: () => new Map() });
    return { ledger: { ...total }, lastUplink: journal?.lastSeq() ?? 0 };
  } finally {
    journal?.close();
    db?.close();
  }
}

/** Gives the complete backup its name. */
function publish(partial: string, to: string, manifest: Manifest): string {
  const stamp = manifest.startedAt.replace(/[-:]|\.\d+/g, "");
  for (let n = 1; ; n += 1) {
    const path = join(to, `${prefixOf(manifest)}${stamp}${n === 1 ? "" : `-${n}`}`);
    if (existsSync(path)) continue;
    settle(partial, "folder");
    renameSync(partial, path);
    settle(to, "folder");
    return path;
  }
}

function forgetOld(to: string, manifest: Manifest, keep: number | null): string[] {
  if (keep === null) return [];
  const old = backupsIn(to, siteNameOf(manifest)).slice(0, -keep);
  for (const name of old) rmSync(join(to, name), { recursive: true, force: true });
  return old;
}

const siteNameOf = ({ site, demo }: Manifest): string => `${demo ? "demo" : (site ?? "site").replace(/[^\w.-]/g, "_")}`;
const prefixOf = (manifest: Manifest): string => `${BACKUP_PREFIX}${siteNameOf(manifest)}-`;
