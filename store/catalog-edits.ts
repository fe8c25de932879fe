import type { DatabaseSync } from "node:sqlite";
import { newToken, tokenDigest } from "../core/runtime/secrets.ts";
import { transaction } from "../core/runtime/sqlite.ts";
import type { SiteFile } from "../core/wire/site-file.ts";
import { type CatalogWriting, type EntryRow, liveCodecIds, putEntries, readEntries, readEntry, sealEntry } from "./catalog-rows.ts";
import { changedKeys, type EditableKind, noteEdit } from "./entry-origin.ts";
import { withHomeBases } from "./home-bases.ts";
import { mergePatch } from "./merge-patch.ts";
import { checkShape, meaningIssues, type SiteIssue, siteWarnings } from "./site-check.ts";
import { withKeptAddressSecrets, withoutAddressSecrets, withoutHashes } from "./site-secrets.ts";

type Entry = Record<string, unknown>;

/** One entry of the site file, changed by somebody. `entry` and `patch` are as they came: nothing about them is known. */
export type EntryEdit = { readonly kind: EditableKind; readonly id: string; readonly by: string; readonly atMs: number } & (
  | { readonly how: "put"; readonly entry: unknown }
  | { readonly how: "patch"; readonly patch: unknown }
  | { readonly how: "remove" }
);

export type EditOutcome =
  | { readonly kind: "done"; readonly isNew: boolean; readonly entry: Entry | null; readonly warnings: readonly SiteIssue[] } // entry: as `shownEntry` gives it
  | { readonly kind: "missing" }
  | { readonly kind: "in-use"; readonly by: readonly string[] } // places that name it
  | { readonly kind: "last-admin" }
  | { readonly kind: "refused"; readonly issues: readonly SiteIssue[] };

/** The entry as it may leave this machine: without hashes, passwords inside addresses masked. Undefined: there is none. */
export function shownEntry(db: DatabaseSync, kind: EditableKind, id: string): Entry | undefined {
  const row = readEntry(db, kind, id);
  return row && shown(kind, row.entry as Entry);
}

function shown(kind: EditableKind, entry: Entry): Entry {
  const masked = withoutAddressSecrets({ site: { id: "site" }, [kind]: [entry] } as SiteFile)[kind]?.[0] as Entry;
  return withoutHashes(masked);
}

/** Changes one entry. The whole site is checked with it, as at an import; issues name the place inside the entry. */
export async function editEntry(writing: CatalogWriting, edit: EntryEdit): Promise<EditOutcome> {
  const { kind, id, by, atMs } = edit;
  const stored = shownEntry(writing.db, kind, id);
  if (stored === undefined && edit.how !== "put") return { kind: "missing" };
  if (edit.how === "remove") return removeEntry(writing, edit);
  const next = edit.how === "put" ? edit.entry : mergePatch(stored, edit.patch);
  if (typeof next !== "object" || next === null || Array.isArray(next)) return { kind: "refused", issues: [{ path: "(entry)", message: "must be an object" }] };
  const named = { id, ...(next as Entry) };
  if (named.id !== id) return { kind: "refused", issues: [{ path: "id", message: `must be ${id}, as in the address` }] };
  return applyEdit(writing, { kind, id, next: named, by, atMs });
}

/** Puts an entry that is whole but for the secrets it leaves out, those stay. `also` runs in the same transaction. */
export async function applyEdit(
  writing: CatalogWriting,
  edit: {
    readonly kind: EditableKind;
    readonly id: string;
    readonly next: Entry;
    readonly by: string;
    readonly atMs: number;
    readonly also?: (db: DatabaseSync) => void;
  },
): Promise<EditOutcome> {
  const { kind, id, by, atMs } = edit;
  const { db } = writing;
  const { file: stored } = readEntries(db);
  const site = stored.site ?? { id: "site" };
  const kept = withKeptAddressSecrets({ site, [kind]: [edit.next] }, stored);
  const shape = checkShape(kept.document);
  const inside = (issues: readonly SiteIssue[], at: number): SiteIssue[] => issues.map((issue) => ({ ...issue, path: inEntry(issue.path, kind, at) }));
  if (!shape.ok) return { kind: "refused", issues: inside(shape.issues, 0) };
  if (kept.issues.length > 0) return { kind: "refused", issues: inside(kept.issues, 0) };
  const entry = shape.file[kind]?.[0] as Entry & { readonly id: string };
  const others = (stored[kind] ?? []).filter((other) => other.id !== id);
  // The entry comes last, so that what stands there a second time is said of it.
  const merged = { ...stored, site, [kind]: [...others, entry] } as SiteFile;
  const issues = meaningIssues(merged, writing.profiles);
  if (issues.length > 0) return { kind: "refused", issues: inside(issues, others.length) };
  if (kind === "users" && leavesNoAdmin(stored, merged, entry)) return { kind: "last-admin" };

  const before = readEntry(db, kind, id)?.entry as Entry | undefined;
  const rows = await rowsOf(writing, { kind, id, merged, stored });
  transaction(db, () => {
    putEntries(db, rows);
    noteEdit(db, { kind, id, keys: changedKeys(kind, before ?? {}, rows[0]?.sealed.entry as Entry), atMs, by });
    edit.also?.(db);
  });
  const warnings = siteWarnings({ site, [kind]: [entry] } as SiteFile, liveCodecIds(db));
  return { kind: "done", isNew: before === undefined, entry: shownEntry(db, kind, id) ?? null, warnings: inside(warnings, 0) };
}

/** The entry first; then the plots whose home base follows from it (home-bases.ts). */
async function rowsOf(
  writing: CatalogWriting,
  { kind, id, merged, stored }: { kind: EditableKind; id: string; merged: SiteFile; stored: SiteFile },
): Promise<EntryRow[]> {
  const file = kind === "plots" || kind === "bases" ? withHomeBases(merged, stored) : merged;
  const entry = file[kind]?.at(-1);
  if (entry === undefined) return [];
  const rows: EntryRow[] = [{ kind, id, sealed: await sealEntry(writing, kind, entry) }];
  const same = new Set<unknown>(merged.plots ?? []);
  for (const plot of file.plots ?? []) {
    if (!same.has(plot) && plot !== entry) rows.push({ kind: "plots", id: plot.id, sealed: { entry: plot, digest: null } });
  }
  return rows;
}

function removeEntry({ db, profiles }: CatalogWriting, { kind, id, by, atMs }: EntryEdit): EditOutcome {
  const { file: stored } = readEntries(db);
  const without = { ...stored, [kind]: (stored[kind] ?? []).filter((entry) => entry.id !== id) } as SiteFile;
  const issues = meaningIssues(without, profiles);
  if (issues.length > 0) return { kind: "in-use", by: issues.map(({ path }) => ownerText(path, without)) };
  if (kind === "users" && leavesNoAdmin(stored, without, null)) return { kind: "last-admin" };
  transaction(db, () => {
    db.prepare("DELETE FROM entry WHERE kind = ? AND id = ?").run(kind, id);
    noteEdit(db, { kind, id, keys: null, atMs, by });
  });
  return { kind: "done", isNew: false, entry: null, warnings: [] };
}

/** Somebody must be left who can let the others in. */
function leavesNoAdmin(before: SiteFile, after: SiteFile, changed: { readonly id: string } | null): boolean {
  const hadPassword = new Set((before.users ?? []).filter((user) => user.passwordHash !== undefined).map(({ id }) => id));
  const canAdminister = (user: NonNullable<SiteFile["users"]>[number]): boolean =>
    user.role === "admin" &&
    !user.until &&
    (user.passwordHash !== undefined || (user.id === changed?.id && (user.password !== undefined || hadPassword.has(user.id))));
  return (before.users ?? []).some(canAdminister) && !(after.users ?? []).some(canAdminister);
}

/** `devices[7].placements[0].plot` → `placements[0].plot`, if that is the entry. */
function inEntry(path: string, kind: EditableKind, at: number): string {
  const prefix = `${kind}[${at}]`;
  if (path === prefix) return "(entry)";
  return path.startsWith(`${prefix}.`) ? path.slice(prefix.length + 1) : path;
}

/** `devices[7].placements[0].plot` → `devices/kita-3-level (placements[0].plot)`. */
function ownerText(path: string, file: SiteFile): string {
  const [, kind = "", at = "", key = ""] = /^(\w+)\[(\d+)\]\.?(.*)$/.exec(path) ?? [];
  const entry = (file as unknown as Record<string, readonly Entry[] | undefined>)[kind]?.[Number(at)];
  if (entry === undefined) return path;
  const name = typeof entry["id"] === "string" ? entry["id"] : [entry["party"], entry["plot"]].filter(Boolean).join("-");
  return `${kind}/${name} (${key})`;
}

/** Credentials that we make ourselves: what they open, and under which key of the entry their digest stands. */
export type KeyKind = "mqtt" | "hook";

export type KeyOutcome = { readonly kind: "done"; readonly username: string | null; readonly key: string } | Exclude<EditOutcome, { readonly kind: "done" }>;

/** A new key of 256 random bits in the place of any former one. It is kept as a keyed digest only: what is returned here is the only copy. */
export async function makeKey(
  writing: CatalogWriting,
  of: { readonly kind: "devices" | "networks"; readonly id: string; readonly opens: KeyKind; readonly by: string; readonly atMs: number },
): Promise<KeyOutcome> {
  const entry = readEntry(writing.db, of.kind, of.id)?.entry as Entry | undefined;
  if (entry === undefined) return { kind: "missing" };
  const key = newToken();
  const digest = tokenDigest(writing.key, key);
  const username = of.opens === "hook" ? null : ((entry["mqtt"] as { username?: string } | null | undefined)?.username ?? of.id);
  const next = of.opens === "hook" ? { ...entry, hookTokenHash: digest } : { ...entry, mqtt: { username, tokenHash: digest } };
  const outcome = await applyEdit(writing, { kind: of.kind, id: of.id, next, by: of.by, atMs: of.atMs });
  return outcome.kind === "done" ? { kind: "done", username, key } : outcome;
}

/** Ends a key; what is logged in with it is cut within 2 s. Nothing happens when there is none. */
export async function revokeKey(
  writing: CatalogWriting,
  of: { readonly kind: "devices" | "networks"; readonly id: string; readonly opens: KeyKind; readonly by: string; readonly atMs: number },
): Promise<EditOutcome> {
  const { db } = writing;
  const row = readEntry(db, of.kind, of.id);
  if (row === undefined) return { kind: "missing" };
  const { hookTokenHash, ...rest } = row.entry as Entry & { hookTokenHash?: string; mqtt?: { username: string; tokenHash?: string } | null };
  const without = of.opens === "hook" ? rest : { ...row.entry, mqtt: { username: rest.mqtt?.username ?? of.id } };
  if ((of.opens === "hook" ? hookTokenHash : rest.mqtt?.tokenHash) !== undefined) {
    transaction(db, () => {
      // not by way of the seal: there, a secret that is left out stays
      putEntries(db, [{ kind: of.kind, id: of.id, sealed: { entry: without, digest: row.digest } }]);
      noteEdit(db, { kind: of.kind, id: of.id, keys: [of.opens === "hook" ? "hookToken" : "mqtt"], atMs: of.atMs, by: of.by });
    });
  }
  return { kind: "done", isNew: false, entry: shownEntry(db, of.kind, of.id) ?? null, warnings: [] };
}
