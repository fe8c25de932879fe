import { randomBytes } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { AzemichiError } from "../core/domain/errors.ts";
import type { Config } from "./config.ts";

export interface DataFolder {
  readonly path: string;
  readonly demo: boolean;
}

/** The demo when there is neither a site file nor a sign of a real site: then everything lives in the subfolder `demo`. */
export function dataFolderOf(config: Config): DataFolder {
  const demo = config.site === null && !existsSync(join(config.dataDir, "catalog.db")) && !existsSync(lastGoodCatalog({ path: config.dataDir }));
  return { demo, path: demo ? join(config.dataDir, "demo") : config.dataDir };
}

/** The relay's own copy of the catalog: a site that has one is real, and its tractors are served though its catalog is lost. */
export const lastGoodCatalog = ({ path }: Pick<DataFolder, "path">): string => join(path, "run", "relay-catalog.json");

/** An empty catalog in place of a lost one would take every tractor's account away. Throws STORE_UNAVAILABLE. */
export function refuseLostCatalog(folder: DataFolder, config: Pick<Config, "site">): void {
  const path = join(folder.path, "catalog.db");
  if (folder.demo || config.site !== null || existsSync(path)) return;
  throw new AzemichiError(
    "STORE_UNAVAILABLE",
    `${path} is gone. Restore it from a backup, or start with --site FILE. Meanwhile \`npm start -- --role relay\` serves the tractors from the relay's own copy.`,
  );
}

/** Readable by its owner alone. */
export function makeDataFolder(folder: DataFolder): void {
  try {
    mkdirSync(join(folder.path, "run"), { recursive: true, mode: 0o700 });
    chmodSync(folder.path, 0o700);
  } catch (cause) {
    throw new AzemichiError(
      "STORE_UNAVAILABLE",
      `${folder.path} cannot be made or written: ${(cause as Error).message}. Set AZEMICHI_DATA_DIR to a folder of yours.`,
      { cause },
    );
  }
}

/** Written whole or not at all, mode 0600. */
export function writeSecretFile(path: string, content: string | Uint8Array): void {
  const draft = `${path}.${process.pid}.tmp`;
  writeFileSync(draft, content, { mode: 0o600 });
  renameSync(draft, path);
}

/** The folder's own key: digests of device tokens are bound to it, so a copied catalog alone verifies nothing. */
export function folderKey(folder: DataFolder): Uint8Array {
  const path = join(folder.path, "secret.key");
  if (!existsSync(path)) writeSecretFile(path, randomBytes(32));
  const key = readFileSync(path);
  if (key.length !== 32)
    throw new AzemichiError("STORE_UNAVAILABLE", `${path} is damaged (${key.length} bytes instead of 32); restore it from a backup of the data folder`);
  return key;
}

export type LockName = "service" | "relay" | "field" | "web" | "sim";

/**
 * A lock that the kernel lets go of when the process dies, however it dies: an exclusive transaction on a file of its own.
 * Returns the release, or undefined when another process holds it.
 */
export function tryLock(folder: DataFolder, name: LockName): (() => void) | undefined {
  const db = new DatabaseSync(join(folder.path, "run", `${name}.lock`), { timeout: 0 });
  try {
    db.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE");
    return () => db.close();
  } catch {
    db.close();
    return undefined;
  }
}

const LOCK_WAIT_MS = 3000; // roles of a killed supervisor need a moment to end

/** Waits a little for the roles of a supervisor that was killed a moment ago. Throws `DATA_FOLDER_LOCKED`. */
export async function lock(folder: DataFolder, name: LockName): Promise<() => void> {
  const until = Date.now() + LOCK_WAIT_MS;
  for (;;) {
    const release = tryLock(folder, name);
    if (release) return release;
    if (Date.now() >= until) {
      throw new AzemichiError(
        "DATA_FOLDER_LOCKED",
        `another Azemichi already runs on ${folder.path} (${name}). Stop it first, or give this one its own AZEMICHI_DATA_DIR.`,
        { context: { folder: folder.path, name } },
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
