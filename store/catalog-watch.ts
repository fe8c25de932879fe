import { existsSync, readFileSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import type { Catalog, CatalogView } from "../core/domain/site.ts";
import type { Log } from "../core/runtime/log.ts";
import { openForReading } from "../core/runtime/sqlite.ts";
import { readCatalog } from "./catalog.ts";
import { catalogMigrations } from "./catalog-schema.ts";

const POLL_MS = 1000; // a change is known within 2 s (DESIGN.md §1)

const EMPTY: Catalog = {
  site: { id: "site", name: { ja: "", en: "" }, timeZone: "Asia/Tokyo", failoverAfterS: 8 },
  orders: [],
  recheckedAtMs: null,
  parties: [],
  users: [],
  plots: [],
  holdings: [],
  devices: [],
  gateways: [],
  networks: [],
  bases: [],
  rovers: [],
  consents: [],
  codecs: [],
  redecodes: [],
};

export interface CatalogWatch extends CatalogView {
  refresh(): void;
  close(): void;
}

/**
 * The catalog of a role that does not write it. What cannot be read changes nothing: the last good copy stays, and with
 * `lastGood` (a path, its writer given) it also survives a restart of the role.
 */
export function watchCatalog(path: string, options: { log: Log; lastGood?: { path: string; write: (path: string, text: string) => void } }): CatalogWatch {
  const { log, lastGood } = options;
  const listeners = new Set<(catalog: Catalog) => void>();
  let db: DatabaseSync | undefined;
  let version: number | undefined;
  let failing = false;
  let current = lastGood && existsSync(lastGood.path) ? (parse(lastGood.path, log) ?? EMPTY) : EMPTY;

  const look = (): void => {
    try {
      db ??= openForReading(path, catalogMigrations);
      if (!db) return;
      const { data_version } = db.prepare("PRAGMA data_version").get() as { data_version: number };
      if (data_version === version) return;
      current = readCatalog(db);
      version = data_version;
      failing = false;
      lastGood?.write(lastGood.path, JSON.stringify(current));
    } catch (error) {
      if (!failing) log.error("catalog cannot be read; the last good copy stays in force", { error });
      failing = true;
      db?.close();
      db = undefined;
      version = undefined;
      return;
    }
    for (const listener of listeners) listener(current);
  };
  look();
  const timer = setInterval(look, POLL_MS);

  return {
    current: () => current,
    refresh: look,
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    close() {
      clearInterval(timer);
      listeners.clear();
      db?.close();
      db = undefined;
    },
  };
}

function parse(path: string, log: Log): Catalog | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Catalog;
  } catch (error) {
    log.warn("last good copy of the catalog cannot be read", { error });
    return undefined;
  }
}
