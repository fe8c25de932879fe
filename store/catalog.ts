import type { DatabaseSync } from "node:sqlite";
import type { Catalog } from "../core/domain/site.ts";
import type { StaffOrder } from "../core/domain/staff-order.ts";
import { openForWriting, transaction } from "../core/runtime/sqlite.ts";
import type { SiteFile } from "../core/wire/site-file.ts";
import { addOrder, listOrders, type NewOrder, readOrders } from "./base-orders.ts";
import { catalogOf } from "./catalog-entries.ts";
import { type AnyEntry, type CatalogWriting, type EntryRow, idOf, KINDS, liveCodecIds, putEntries, readEntries, sealEntry } from "./catalog-rows.ts";
import { catalogMigrations } from "./catalog-schema.ts";
import { readLiveCodecs } from "./codecs.ts";
import { type LocalEdits, saveOrigins, withLocalEdits } from "./entry-origin.ts";
import { withHomeBases } from "./home-bases.ts";
import { readRedecodes } from "./redecode-orders.ts";
import { checkSite, type SiteIssue } from "./site-check.ts";
import { withKeptAddressSecrets, withoutAddressSecrets } from "./site-secrets.ts";
import { droppedZeros } from "./zero-log.ts";

export type ImportResult = { readonly ok: true; readonly warnings: readonly SiteIssue[] } | { readonly ok: false; readonly issues: readonly SiteIssue[] };

/** The catalog for its one writer. Readers use `watchCatalog`. */
export class CatalogStore {
  readonly #db: DatabaseSync;
  readonly #key: Uint8Array;
  readonly #profiles: readonly string[];
  #working: Promise<unknown> = Promise.resolve();

  /** `key`: the data folder's; `profiles`: names of the decoders there are. */
  constructor(path: string, options: { key: Uint8Array; profiles: readonly string[] }) {
    this.#db = openForWriting(path, catalogMigrations);
    this.#key = options.key;
    this.#profiles = options.profiles;
  }

  close(): void {
    this.#db.close();
  }

  /** One piece of work on the catalog at a time, imports included: nothing is read that another one is about to change. */
  exclusive<T>(work: (writing: CatalogWriting) => T | Promise<T>): Promise<T> {
    const run = this.#working.then(() => work({ db: this.#db, key: this.#key, profiles: this.#profiles }));
    this.#working = run.catch(() => undefined);
    return run;
  }

  read<T>(look: (db: DatabaseSync) => T): T {
    return look(this.#db);
  }

  /**
   * Upsert: entries of the document replace those of the same id, others stay. All of it or nothing. What was changed here since the
   * last import stays where the document says the same as then (`entry-origin.ts`).
   */
  importSite(document: unknown): Promise<ImportResult> {
    return this.exclusive(() => this.#import(document));
  }

  async #import(document: unknown): Promise<ImportResult> {
    const stored = readEntries(this.#db).file;
    const kept = withKeptAddressSecrets(document, stored);
    const local = withLocalEdits(kept.document, stored, { db: this.#db, key: this.#key });
    const check = checkSite(this.#merge(local.document, stored), this.#profiles, liveCodecIds(this.#db));
    if (check.ok && kept.issues.length > 0) return { ok: false, issues: kept.issues };
    if (!check.ok) return { ok: false, issues: check.issues.map((issue) => ({ ...issue, path: local.pathOf(issue.path) })) };
    const warnings = check.warnings.map((warning) => ({ ...warning, path: local.pathOf(warning.path) }));
    const dropped = droppedZeros(this.#db, check.file, local);
    await this.#save(withHomeBases(check.file, stored), local);
    return { ok: true, warnings: [...dropped, ...local.warnings, ...warnings] };
  }

  async #save(file: SiteFile, local: LocalEdits): Promise<void> {
    const rows: EntryRow[] = [{ kind: "site", id: "site", sealed: { entry: file.site, digest: null } }];
    for (const kind of KINDS) {
      for (const entry of file[kind] ?? []) rows.push({ kind, id: idOf(entry), sealed: await sealEntry({ db: this.#db, key: this.#key }, kind, entry) });
    }
    transaction(this.#db, () => {
      putEntries(this.#db, rows);
      saveOrigins(this.#db, local.origins);
    });
  }

  /** The document's entries first (so that paths in errors are its own), then the stored ones that it does not replace. */
  #merge(document: unknown, stored: SiteFile): unknown {
    if (this.isEmpty() || typeof document !== "object" || document === null) return document;
    const merged: Record<string, unknown> = { ...stored, ...document };
    for (const kind of KINDS) {
      const fresh = (document as Record<string, unknown>)[kind];
      if (!Array.isArray(fresh)) continue;
      const replaced = new Set(fresh.filter((e) => typeof e === "object" && e !== null).map((e) => idOf(e as AnyEntry)));
      merged[kind] = [...fresh, ...(stored[kind] ?? []).filter((e) => !replaced.has(idOf(e)))];
    }
    return merged;
  }

  isEmpty(): boolean {
    return this.#db.prepare("SELECT 1 FROM entry LIMIT 1").get() === undefined;
  }

  /** The site file as it can be kept under version control: hashes where secrets stood, `***` for those inside addresses. */
  exportSite(): SiteFile {
    return withoutAddressSecrets(readEntries(this.#db).file);
  }

  order(order: NewOrder): StaffOrder {
    return addOrder(this.#db, order);
  }

  /** Newest first; of one base with those for all, or every one. */
  orders(filter: { readonly baseId: string | null; readonly max: number }): StaffOrder[] {
    return listOrders(this.#db, filter);
  }

  catalog(): Catalog {
    return readCatalog(this.#db);
  }

  meta(key: string): string | undefined {
    return (this.#db.prepare("SELECT value FROM meta WHERE key = ?").get(key) as { value: string } | undefined)?.value;
  }

  setMeta(key: string, value: string): void {
    this.#db.prepare("INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value").run(key, value);
  }
}

/** An empty catalog is a site without anything in it. */
export function readCatalog(db: DatabaseSync): Catalog {
  const { file, digests } = readEntries(db);
  return {
    ...catalogOf(file.site === undefined ? { ...file, site: { id: "site" } } : file, digests),
    ...readOrders(db),
    codecs: readLiveCodecs(db),
    redecodes: readRedecodes(db),
  };
}
