import type { DatabaseSync } from "node:sqlite";
import type { SiteFile } from "../core/wire/site-file.ts";
import { type Known, type Sealed, sealBase, sealDevice, sealNetwork, sealRover, sealUser } from "./site-secrets.ts";

/** Kinds of entries of a site file. */
export const KINDS = ["parties", "users", "plots", "holdings", "devices", "gateways", "networks", "bases", "rovers", "consents"] as const;
export type Kind = (typeof KINDS)[number];
export type AnyEntry = NonNullable<SiteFile[Kind]>[number];

/** What writes the catalog. One at a time: `CatalogStore.exclusive`. */
export interface CatalogWriting {
  readonly db: DatabaseSync;
  readonly key: Uint8Array; // the data folder's
  readonly profiles: readonly string[]; // names of the decoders there are
}

/** An entry as it is stored: hashes instead of secrets. */
export interface EntryRow {
  readonly kind: Kind | "site";
  readonly id: string;
  readonly sealed: Sealed<unknown>;
}

/** Entries without an id of their own are known by what they bind. */
export function idOf(entry: AnyEntry): string {
  if ("id" in entry) return entry.id;
  return "plot" in entry ? `${entry.party}|${entry.plot}|${entry.from ?? ""}` : `${entry.party}|${entry.scope}|${entry.from ?? ""}`;
}

export function readEntries(db: DatabaseSync): { file: SiteFile; digests: Map<string, string | null> } {
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

/** One stored entry with its hashes; undefined when there is none. */
export function readEntry(db: DatabaseSync, kind: Kind, id: string): { entry: AnyEntry; digest: string | null } | undefined {
  const row = db.prepare("SELECT json, digest FROM entry WHERE kind = ? AND id = ?").get(kind, id) as { json: string; digest: string | null } | undefined;
  return row && { entry: JSON.parse(row.json) as AnyEntry, digest: row.digest };
}

/** Secrets become hashes; a secret left out stays what it was. */
export async function sealEntry({ db, key }: Pick<CatalogWriting, "db" | "key">, kind: Kind, entry: AnyEntry): Promise<Sealed<unknown>> {
  const row = readEntry(db, kind, idOf(entry));
  const known = { entry: row?.entry, digest: row?.digest ?? null } as Known<never>;
  switch (kind) {
    case "users":
      return sealUser(entry as never, known);
    case "devices":
      return sealDevice(entry as never, known, key);
    case "networks":
      return sealNetwork(entry as never, known, key);
    case "bases":
      return sealBase(entry as never, known, key);
    case "rovers":
      return sealRover(entry as never, known, key);
    default:
      return { entry, digest: null };
  }
}

/** Ids of the vendor codecs that decode. */
export function liveCodecIds(db: DatabaseSync): ReadonlySet<string> {
  return new Set((db.prepare("SELECT id FROM codec WHERE live IS NOT NULL").all() as { id: string }[]).map(({ id }) => id));
}

/** Inside the caller's transaction. What is the same already is not written. */
export function putEntries(db: DatabaseSync, rows: readonly EntryRow[]): void {
  const next = (db.prepare("SELECT coalesce(max(ord), 0) AS n FROM entry").get() as { n: number }).n + 1;
  const put = db.prepare(
    "INSERT INTO entry (kind, id, ord, json, digest) VALUES (?, ?, ?, ?, ?) ON CONFLICT (kind, id) DO UPDATE SET json = excluded.json, digest = excluded.digest WHERE json <> excluded.json OR digest IS NOT excluded.digest",
  );
  for (const [i, { kind, id, sealed }] of rows.entries()) put.run(kind, id, next + i, JSON.stringify(sealed.entry), sealed.digest);
}
