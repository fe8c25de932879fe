import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { AzemichiError } from "../core/domain/errors.ts";

export const MANIFEST = "manifest.json";
export const BACKUP_PREFIX = "azemichi-";

const count = z.int().nonnegative();
const instant = z.iso.datetime();
const path = z.string().regex(/^(?!\.\.?\/)(?!.*\/\.\.?\/)[^/\0\\]+(\/[^/\0\\]+)*$/, "a path within the backup");

/** What a backup holds, written last: a folder without it is no backup. */
const ManifestSchema = z.strictObject({
  format: z.literal(1),
  version: z.string(), // of Azemichi
  site: z.string().nullable(),
  demo: z.boolean(),
  startedAt: instant, // everything acknowledged before is in it
  endedAt: instant,
  readings: count,
  processedUpTo: count, // journal number: what follows in the copied journal is processed after a restore
  lastUplink: count, // journal number of the newest uplink
  ledger: z.strictObject({ received: count, stored: count, duplicate: count, rejected: count, quarantined: count, pending: count }),
  files: z.array(z.strictObject({ path, bytes: count, sha256: z.string().regex(/^[0-9a-f]{64}$/), schema: count.nullable() })), // schema: of a database
});
export type Manifest = z.infer<typeof ManifestSchema>;

/** Throws BACKUP_INVALID. */
export function readManifest(folder: string): Manifest {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(join(folder, MANIFEST), "utf8"));
  } catch (cause) {
    throw new AzemichiError("BACKUP_INVALID", `${join(folder, MANIFEST)} cannot be read: ${(cause as Error).message}`, { cause });
  }
  const found = ManifestSchema.safeParse(json);
  if (found.success) return found.data;
  const issue = found.error.issues[0];
  throw new AzemichiError(
    "BACKUP_INVALID",
    `${join(folder, MANIFEST)}: ${issue?.path.join(".")} ${issue?.message}. It was changed, or written by another version.`,
  );
}

/** Backups in a folder, oldest first, by name; with `site`, those of that site. */
export function backupsIn(folder: string, site?: string): string[] {
  const prefix = site === undefined ? BACKUP_PREFIX : `${BACKUP_PREFIX}${site}-`;
  const stamp = /-\d{8}T\d{6}Z(-\d+)?$/;
  return readdirSync(folder)
    .filter(
      (name) =>
        name.startsWith(prefix) && stamp.test(name) && (site === undefined || name.replace(stamp, "-") === prefix) && existsSync(join(folder, name, MANIFEST)),
    )
    .sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
}

/** The folder itself when it is a backup, else the newest in it. Throws BACKUP_INVALID. */
export function backupAt(folder: string): string {
  if (!existsSync(folder)) throw new AzemichiError("BACKUP_INVALID", `${folder}: there is no such folder`);
  if (existsSync(join(folder, MANIFEST))) return folder;
  const newest = backupsIn(folder)
    .sort((a, b) => (stampOf(a) < stampOf(b) ? -1 : 1))
    .at(-1);
  if (newest === undefined) throw new AzemichiError("BACKUP_INVALID", `${folder}: there is no complete backup in it (a backup has a ${MANIFEST})`);
  return join(folder, newest);
}

const stampOf = (name: string): string => name.slice(name.search(/\d{8}T\d{6}Z/));
