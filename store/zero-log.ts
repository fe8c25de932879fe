import type { DatabaseSync } from "node:sqlite";
import { type SiteZone, siteZone } from "../core/domain/site-zone.ts";
import type { SiteFile } from "../core/wire/site-file.ts";
import { applyEdit, type EditOutcome } from "./catalog-edits.ts";
import { type CatalogWriting, readEntries } from "./catalog-rows.ts";
import type { LocalEdits } from "./entry-origin.ts";
import { insertRedecode } from "./redecode-orders.ts";
import type { SiteIssue } from "./site-check.ts";

type DeviceEntry = NonNullable<SiteFile["devices"]>[number];
type PlacementEntry = NonNullable<DeviceEntry["placements"]>[number];

/** A zero as it was given: who, when, and from when it holds. */
export interface ZeroLogRow {
  readonly id: number;
  readonly atMs: number;
  readonly fromMs: number;
  readonly zeroMm: number;
  readonly formerMm: number | null; // null = there was none
  readonly username: string;
  readonly note: string | null;
}

export interface NewZero {
  readonly deviceId: string;
  readonly fromMs: number; // holds from here on, to the end of the placement that is in force then
  readonly zeroMm: number;
  readonly by: string;
  readonly note: string | null;
  readonly atMs: number; // now
}

export type ZeroOutcome =
  | { readonly kind: "done"; readonly formerMm: number | null; readonly toMs: number | null; readonly redecodeId: number }
  | { readonly kind: "nowhere" } // it has placements, and none of them at that time
  | Exclude<EditOutcome, { readonly kind: "done" }>;

const LOG_ROWS_MAX = 1000; // a sensor that is set to zero every week fills that in twenty years

/** Newest first. */
export function zeroLog(db: DatabaseSync, deviceId: string): ZeroLogRow[] {
  return db
    .prepare(
      `SELECT seq AS id, at_ms AS atMs, from_ms AS fromMs, zero_mm AS zeroMm, former_mm AS formerMm, username, note
       FROM zero_log WHERE device = ? ORDER BY seq DESC LIMIT ?`,
    )
    .all(deviceId, LOG_ROWS_MAX) as unknown as ZeroLogRow[];
}

/**
 * Gives a level sensor another zero from `fromMs` on: the placement in force then is split in two, and what was measured since is
 * ordered to be computed again. Placement, log and order are one transaction.
 */
export async function giveZero(writing: CatalogWriting, zero: NewZero): Promise<ZeroOutcome> {
  const { file } = readEntries(writing.db);
  const entry = file.devices?.find(({ id }) => id === zero.deviceId);
  if (entry === undefined) return { kind: "missing" };
  const zone = siteZone(file.site.timeZone ?? "Asia/Tokyo");
  const split = withZero(placementsOf(entry), zero, zone);
  if (split === null) return { kind: "nowhere" };
  const { plot: _plot, levelZeroMm: _zero, placements: _placements, ...rest } = entry;
  let redecodeId = 0;
  const outcome = await applyEdit(writing, {
    kind: "devices",
    id: zero.deviceId,
    next: { ...rest, placements: split.placements },
    by: zero.by,
    atMs: zero.atMs,
    also: (db) => {
      db.prepare("INSERT INTO zero_log (at_ms, device, from_ms, zero_mm, former_mm, username, note) VALUES (?, ?, ?, ?, ?, ?, ?)").run(
        zero.atMs,
        zero.deviceId,
        zero.fromMs,
        zero.zeroMm,
        split.formerMm,
        zero.by,
        zero.note,
      );
      redecodeId = insertRedecode(db, {
        atMs: zero.atMs,
        what: { kind: "device", deviceId: zero.deviceId },
        fromMs: zero.fromMs,
        toMs: split.toMs,
        username: zero.by,
        reason: "zero",
      }).id;
    },
  });
  return outcome.kind === "done" ? { kind: "done", formerMm: split.formerMm, toMs: split.toMs, redecodeId } : outcome;
}

/** `plot` and `levelZeroMm` directly on a device are shorthand for a placement since ever. */
function placementsOf(entry: DeviceEntry): readonly PlacementEntry[] {
  if (entry.placements !== undefined && entry.placements.length > 0) return entry.placements;
  if (entry.plot || (entry.levelZeroMm !== undefined && entry.levelZeroMm !== null))
    return [{ ...(entry.plot ? { plot: entry.plot } : {}), ...(entry.levelZeroMm === undefined ? {} : { zeroMm: entry.levelZeroMm }) }];
  return [];
}

/** In force: [from, to), the last that began wins; null = none. */
function inForce(placements: readonly PlacementEntry[], zone: SiteZone, atMs: number): { index: number; fromMs: number; toMs: number | null } | null {
  let found: { index: number; fromMs: number; toMs: number | null } | null = null;
  for (const [index, placement] of placements.entries()) {
    const fromMs = placement.from ? (zone.instantMs(placement.from) ?? Number.POSITIVE_INFINITY) : Number.NEGATIVE_INFINITY;
    const toMs = placement.to ? (zone.instantMs(placement.to) ?? Number.NEGATIVE_INFINITY) : null;
    if (atMs < fromMs || (toMs !== null && atMs >= toMs)) continue;
    if (found === null || fromMs >= found.fromMs) found = { index, fromMs, toMs };
  }
  return found;
}

function withZero(
  placements: readonly PlacementEntry[],
  { fromMs, zeroMm }: NewZero,
  zone: SiteZone,
): { placements: PlacementEntry[]; formerMm: number | null; toMs: number | null } | null {
  const from = new Date(fromMs).toISOString();
  if (placements.length === 0) return { placements: [{ from, zeroMm }], formerMm: null, toMs: null };
  const at = inForce(placements, zone, fromMs);
  if (at === null) return null;
  const old = placements[at.index] as PlacementEntry;
  const parts: PlacementEntry[] =
    at.fromMs === fromMs
      ? [{ ...old, zeroMm }]
      : [
          { ...old, to: from },
          { ...old, from, zeroMm },
        ];
  return { placements: [...placements.slice(0, at.index), ...parts, ...placements.slice(at.index + 1)], formerMm: old.zeroMm ?? null, toMs: at.toMs };
}

/** What an import loses of the zeros that were given here: the document says other placements than at its last import. */
export function droppedZeros(db: DatabaseSync, file: SiteFile, local: Pick<LocalEdits, "overridden">): SiteIssue[] {
  const zone = siteZone(file.site.timeZone ?? "Asia/Tokyo");
  return local.overridden.flatMap(({ kind, id, path, keys }): SiteIssue[] => {
    const entry = kind === "devices" && keys.includes("placements") ? file.devices?.find((device) => device.id === id) : undefined;
    if (entry === undefined) return [];
    const placements = placementsOf(entry);
    const lost = zeroLog(db, id).filter((zero) => placements[inForce(placements, zone, zero.fromMs)?.index ?? -1]?.zeroMm !== zero.zeroMm);
    if (lost.length === 0) return [];
    const since = new Date(Math.min(...lost.map(({ fromMs }) => fromMs))).toISOString();
    return [
      { path: `${path}.placements`, message: `drops ${lost.length} zero(s) given here, from ${since} on; export the site first, and put them into the file` },
    ];
  });
}
