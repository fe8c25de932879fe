import type { DatabaseSync } from "node:sqlite";
import { tokenDigest } from "../core/runtime/secrets.ts";
import type { SiteFile } from "../core/wire/site-file.ts";
import type { Kind } from "./catalog-rows.ts";
import type { SiteIssue } from "./site-check.ts";

/** Kinds whose entries are edited one by one. */
export const EDITABLE_KINDS = ["users", "plots", "devices", "gateways", "networks", "bases", "rovers"] as const satisfies readonly Kind[];
export type EditableKind = (typeof EDITABLE_KINDS)[number];

/** An entry that was removed here. */
const REMOVED = "*";
const DIGEST_DIGITS = 16; // 64 bits tell a changed value from the same one

/** What a document last said of an entry, and which of its keys were changed here since. */
export interface OriginRow {
  readonly kind: EditableKind;
  readonly id: string;
  readonly imported: Readonly<Record<string, string>> | null; // key → keyed digest; null = never in a document
  readonly edited: readonly string[];
  readonly editedMs: number | null;
  readonly editedBy: string | null;
}

/** A document as it is to be imported, with what was changed here kept where the document says the same as at its last import. */
export interface LocalEdits {
  readonly document: unknown;
  readonly origins: readonly OriginRow[]; // as they stand once it is imported
  readonly overridden: readonly { readonly kind: EditableKind; readonly id: string; readonly path: string; readonly keys: readonly string[] }[];
  readonly warnings: readonly SiteIssue[];
  /** The place in the document as it was given. */
  pathOf(path: string): string;
}

type Entry = Record<string, unknown>;

/** Keys that say one thing together, named by one of them: who changes one, changes all. */
const TOGETHER: Readonly<Record<string, string>> = {
  plot: "placements",
  levelZeroMm: "placements",
  passwordHash: "password",
  sourcePasswordHash: "sourcePassword",
  hookTokenHash: "hookToken",
};
const groupOf = (kind: EditableKind, key: string): string => (kind === "devices" || key !== "plot" ? (TOGETHER[key] ?? key) : key);

function groups(kind: EditableKind, entry: Entry): Map<string, Entry> {
  const found = new Map<string, Entry>();
  for (const [key, value] of Object.entries(entry)) {
    if (key === "id" || value === undefined) continue;
    const group = groupOf(kind, key);
    const values = found.get(group);
    if (values) values[key] = value;
    else found.set(group, { [key]: value });
  }
  return found;
}

function digestsOf(kind: EditableKind, entry: Entry, key: Uint8Array): Record<string, string> {
  return Object.fromEntries([...groups(kind, entry)].map(([group, values]) => [group, tokenDigest(key, textOf(values)).slice(0, DIGEST_DIGITS)]));
}

/** Of a document that nobody has checked yet. */
function textOf(values: Entry): string {
  try {
    return JSON.stringify(values);
  } catch (error) {
    if (error instanceof RangeError) return "nested too deep"; // its check refuses it
    throw error;
  }
}

/** Which keys differ, by the names under which they are kept together. */
export function changedKeys(kind: EditableKind, before: Entry, after: Entry): string[] {
  const [a, b] = [groups(kind, before), groups(kind, after)];
  return [...new Set([...a.keys(), ...b.keys()])].filter((group) => JSON.stringify(a.get(group)) !== JSON.stringify(b.get(group)));
}

/** Merges a document with what was changed here: per key, what changed in the document since its last import wins, and it is said. */
export function withLocalEdits(document: unknown, stored: SiteFile, { db, key }: { db: DatabaseSync; key: Uint8Array }): LocalEdits {
  const origins: OriginRow[] = [];
  const overridden: LocalEdits["overridden"][number][] = [];
  const warnings: SiteIssue[] = [];
  const places = new Map<string, number[]>(); // kind → index in the given document of each entry that is imported
  if (typeof document !== "object" || document === null) return { document, origins, overridden, warnings, pathOf: (path) => path };
  const known = readOrigins(db);
  const merged: Entry = { ...document };
  for (const kind of EDITABLE_KINDS) {
    const given = merged[kind];
    if (!Array.isArray(given)) continue;
    const before = new Map<string, Entry>((stored[kind] ?? []).map((entry) => [entry.id, entry as Entry]));
    const taken: number[] = [];
    merged[kind] = given.flatMap((entry: unknown, i) => {
      const one = mergeOne(kind, entry, { path: `${kind}[${i}]`, before, known, key });
      if (one.origin) origins.push(one.origin);
      if (one.overridden) overridden.push(one.overridden);
      warnings.push(...one.warnings);
      if (one.entry === undefined) return [];
      taken.push(i);
      return [one.entry];
    });
    places.set(kind, taken);
  }
  const pathOf = (path: string): string =>
    path.replace(/^(\w+)\[(\d+)\]/, (whole, kind: string, i: string) => placeText(kind, places.get(kind)?.[Number(i)], whole));
  return { document: merged, origins, overridden, warnings, pathOf };
}

const placeText = (kind: string, i: number | undefined, otherwise: string): string => (i === undefined ? otherwise : `${kind}[${i}]`);

interface Merged {
  readonly entry: unknown; // undefined: stays removed
  readonly origin?: OriginRow;
  readonly overridden?: LocalEdits["overridden"][number];
  readonly warnings: readonly SiteIssue[];
}

function mergeOne(
  kind: EditableKind,
  given: unknown,
  context: { path: string; before: ReadonlyMap<string, Entry>; known: ReadonlyMap<string, OriginRow>; key: Uint8Array },
): Merged {
  const { path, before, known, key } = context;
  if (typeof given !== "object" || given === null) return { entry: given, warnings: [] };
  const fresh = given as Entry;
  const id = fresh["id"];
  if (typeof id !== "string") return { entry: given, warnings: [] };
  const imported = digestsOf(kind, fresh, key);
  const origin = known.get(`${kind}/${id}`);
  if (origin === undefined || origin.edited.length === 0)
    return { entry: given, origin: { kind, id, imported, edited: [], editedMs: null, editedBy: null }, warnings: [] };
  const differs = (group: string): boolean => imported[group] !== origin.imported?.[group];
  const said = `${origin.editedBy ?? "somebody"} ${new Date(origin.editedMs ?? 0).toISOString()}`;
  if (origin.edited.includes(REMOVED)) {
    const isChanged = [...new Set([...Object.keys(imported), ...Object.keys(origin.imported ?? {})])].some(differs);
    if (!isChanged)
      return {
        entry: undefined,
        origin: { ...origin, imported },
        warnings: [{ path, message: `${id} was removed here (${said}); this document says of it what it said before, so it stays removed` }],
      };
    return {
      entry: given,
      origin: { kind, id, imported, edited: [], editedMs: null, editedBy: null },
      warnings: [{ path, message: `${id} was removed here (${said}) and is changed in this document: it is there again` }],
    };
  }
  const lost = origin.edited.filter(differs);
  const kept = origin.edited.filter((group) => !differs(group));
  const warnings = lost.map((group) => ({ path: `${path}.${group}`, message: `replaces what was changed here (${said})` }));
  return {
    entry: kept.length === 0 ? given : withKept(kind, fresh, before.get(id) ?? {}, new Set(kept)),
    origin: { ...origin, imported, edited: kept, ...(kept.length === 0 ? { editedMs: null, editedBy: null } : {}) },
    ...(lost.length === 0 ? {} : { overridden: { kind, id, path, keys: lost } }),
    warnings,
  };
}

function withKept(kind: EditableKind, fresh: Entry, stored: Entry, kept: ReadonlySet<string>): Entry {
  const isKept = ([key]: [string, unknown]): boolean => kept.has(groupOf(kind, key));
  return Object.fromEntries([...Object.entries(fresh).filter((row) => !isKept(row)), ...Object.entries(stored).filter(isKept)]);
}

function readOrigins(db: DatabaseSync): Map<string, OriginRow> {
  const rows = db.prepare("SELECT kind, id, imported, edited, edited_ms, edited_by FROM entry_origin").all() as unknown as OriginDbRow[];
  return new Map(rows.map((row) => [`${row.kind}/${row.id}`, originOf(row)]));
}

interface OriginDbRow {
  kind: EditableKind;
  id: string;
  imported: string | null;
  edited: string;
  edited_ms: number | null;
  edited_by: string | null;
}

function originOf(row: OriginDbRow): OriginRow {
  return {
    kind: row.kind,
    id: row.id,
    imported: row.imported === null ? null : (JSON.parse(row.imported) as Record<string, string>),
    edited: JSON.parse(row.edited) as string[],
    editedMs: row.edited_ms,
    editedBy: row.edited_by,
  };
}

/** Inside the caller's transaction. */
export function saveOrigins(db: DatabaseSync, origins: readonly OriginRow[]): void {
  const put = db.prepare(
    `INSERT INTO entry_origin (kind, id, imported, edited, edited_ms, edited_by) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT (kind, id) DO UPDATE SET imported = excluded.imported, edited = excluded.edited, edited_ms = excluded.edited_ms, edited_by = excluded.edited_by
     WHERE imported IS NOT excluded.imported OR edited <> excluded.edited`,
  );
  for (const { kind, id, imported, edited, editedMs, editedBy } of origins)
    put.run(kind, id, imported === null ? null : JSON.stringify(imported), JSON.stringify(edited), editedMs, editedBy);
}

/** Notes an edit made here, inside the caller's transaction. `keys`: those that changed; null = the entry was removed. */
export function noteEdit(db: DatabaseSync, edit: { kind: EditableKind; id: string; keys: readonly string[] | null; atMs: number; by: string }): void {
  const { kind, id, keys, atMs, by } = edit;
  const row = db.prepare("SELECT kind, id, imported, edited, edited_ms, edited_by FROM entry_origin WHERE kind = ? AND id = ?").get(kind, id);
  const before = row === undefined ? undefined : originOf(row as unknown as OriginDbRow);
  // An entry made anew after its removal: what it leaves out was left out here too.
  const earlier = before?.edited.includes(REMOVED) ? Object.keys(before.imported ?? {}) : (before?.edited ?? []);
  const edited = keys === null ? [REMOVED] : [...new Set([...earlier, ...keys])];
  db.prepare("INSERT OR REPLACE INTO entry_origin (kind, id, imported, edited, edited_ms, edited_by) VALUES (?, ?, ?, ?, ?, ?)").run(
    kind,
    id,
    before?.imported ? JSON.stringify(before.imported) : null,
    JSON.stringify(edited),
    atMs,
    by,
  );
}
