import type { DatabaseSync } from "node:sqlite";
import type { Catalog } from "../core/domain/site.ts";
import type { StaffOrder } from "../core/domain/staff-order.ts";
import { openForWriting, transaction } from "../core/runtime/sqlite.ts";
import type { SiteFile } from "../core/wire/site-file.ts";
import { addOrder, listOrders, type NewOrder, readOrders } from "./base-orders.ts";
import { catalogOf } from "./catalog-entries.ts";
import { catalogMigrations } from "./catalog-schema.ts";
import { withHomeBases } from "./home-bases.ts";
import { checkSite, type SiteIssue } from "./site-check.ts";
import {
  type Known,
  type Sealed,
  sealBase,
  sealDevice,
  sealNetwork,
  sealRover,
  sealUser,
  withKeptAddressSecrets,
  withoutAddressSecrets,
} from "./site-secrets.ts";

const KINDS = ["parties", "users", "plots", "holdings", "devices", "gateways", "networks", "bases", "rovers", "consents"] as const;
type Kind = (typeof KINDS)[number];
type AnyEntry = NonNullable<SiteFile[Kind]>[number];

export type ImportResult = { readonly ok: true; readonly warnings: readonly SiteIssue[] } | { readonly ok: false; readonly issues: readonly SiteIssue[] };

/** Entries without an id of their own are known by what they bind. */
function idOf(entry: AnyEntry): string {
  if ("id" in entry) return entry.id;
  return "plot" in entry ? `${entry.party}|${entry.plot}|${entry.from ?? ""}` : `${entry.party}|${entry.scope}|${entry.from ?? ""}`;
}

/** The catalog for its one writer. Readers use `watchCatalog`. */
export class CatalogStore {
  readonly #db: DatabaseSync;
  readonly #key: Uint8Array;
  readonly #profiles: readonly string[];
  #importing: Promise<unknown> = Promise.resolve();

  /** `key`: the data folder's; `profiles`: names of the decoders there are. */
  constructor(path: string, options: { key: Uint8Array; profiles: readonly string[] }) {
    this.#db = openForWriting(path, catalogMigrations);
    this.#key = options.key;
    this.#profiles = options.profiles;
  }

  close(): void {
    this.#db.close();
  }

  /** Upsert: entries of the document replace those of the same id, others stay. All of it or nothing. */
  importSite(document: unknown): Promise<ImportResult> {
    const run = this.#importing.then(() => this.#import(document));
    this.#importing = run.catch(() => undefined);
    return run;
  }

  async #import(document: unknown): Promise<ImportResult> {
    const stored = readEntries(this.#db).file;
    const kept = withKeptAddressSecrets(document, stored);
    const check = checkSite(this.#merge(kept.document, stored), this.#profiles);
    if (check.ok && kept.issues.length > 0) return { ok: false, issues: kept.issues };
    return check.ok ? { ok: true, warnings: await this.#save(withHomeBases(check.file, stored), check.warnings) } : check;
  }

  async #save(file: SiteFile, warnings: readonly SiteIssue[]): Promise<readonly SiteIssue[]> {
    const rows: { kind: string; id: string; sealed: Sealed<unknown> }[] = [{ kind: "site", id: "site", sealed: { entry: file.site, digest: null } }];
    for (const kind of KINDS) for (const entry of file[kind] ?? []) rows.push({ kind, id: idOf(entry), sealed: await this.#seal(kind, entry) });
    transaction(this.#db, () => {
      const next = (this.#db.prepare("SELECT coalesce(max(ord), 0) AS n FROM entry").get() as { n: number }).n + 1;
      const put = this.#db.prepare(
        "INSERT INTO entry (kind, id, ord, json, digest) VALUES (?, ?, ?, ?, ?) ON CONFLICT (kind, id) DO UPDATE SET json = excluded.json, digest = excluded.digest WHERE json <> excluded.json OR digest IS NOT excluded.digest",
      );
      for (const [i, { kind, id, sealed }] of rows.entries()) put.run(kind, id, next + i, JSON.stringify(sealed.entry), sealed.digest);
    });
    return warnings;
  }

  async #seal(kind: Kind, entry: AnyEntry): Promise<Sealed<unknown>> {
    const row = this.#db.prepare("SELECT json, digest FROM entry WHERE kind = ? AND id = ?").get(kind, idOf(entry)) as
      | { json: string; digest: string | null }
      | undefined;
    const known = { entry: row === undefined ? undefined : JSON.parse(row.json), digest: row?.digest ?? null } as Known<never>;
    switch (kind) {
      case "users":
        return sealUser(entry as never, known);
      case "devices":
        return sealDevice(entry as never, known, this.#key);
      case "networks":
        return sealNetwork(entry as never, known, this.#key);
      case "bases":
        return sealBase(entry as never, known, this.#key);
      case "rovers":
        return sealRover(entry as never, known, this.#key);
      default:
        return { entry, digest: null };
    }
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

function readEntries(db: DatabaseSync): { file: SiteFile; digests: Map<string, string | null> } {
  const file: Record<string, unknown> = {};
  const digests = new Map<string, string | null>();
  for (const row of db.prepare("SELECT kind, id, json, digest FROM entry ORDER BY ord").iterate() as Iterable<{
    kind: string;
    id: string;
    json: string;
    digest: string | null;
  }>) {
    const entry = JSON.parse(row.json);
    if (row.kind === "site") file["site"] = entry;
    else {
      file[row.kind] ??= [];
      (file[row.kind] as unknown[]).push(entry);
    }
    digests.set(`${row.kind}/${row.id}`, row.digest);
  }
  return { file: file as SiteFile, digests };
}

/** An empty catalog is a site without anything in it. */
export function readCatalog(db: DatabaseSync): Catalog {
  const { file, digests } = readEntries(db);
  return { ...catalogOf(file.site === undefined ? { ...file, site: { id: "site" } } : file, digests), ...readOrders(db) };
}
