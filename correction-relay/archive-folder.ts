import { readdir, rm, stat, statfs } from "node:fs/promises";
import { join } from "node:path";

export const HOUR_MS = 3_600_000;
const NAME = /^(\d{4}-\d{2}-\d{2}T\d{2}Z)\.rtcm3$/;

export interface RotationLimits {
  readonly days: number;
  readonly totalBytes: number; // all bases together; the oldest hours go first
  readonly freeBytesMin: number; // the rest of the service needs the disk too
}

/** One file of the archive. */
export interface ArchivedHour {
  readonly hour: string; // 2026-11-23T03Z: its beginning
  readonly name: string;
  readonly bytes: number;
}

export const hourOf = (ms: number): string => `${new Date(ms).toISOString().slice(0, 13)}Z`;
const endMsOf = (hour: string): number => Date.parse(`${hour.slice(0, 13)}:00:00Z`) + HOUR_MS;

/** An id of a site file may hold anything; a folder's name may not. */
export const folderName = (baseId: string): string => encodeURIComponent(baseId).replaceAll(".", "%2E") || "%";

/** The hours of one base, newest first; none where there is no folder. */
export async function listHours(folder: string, baseId: string): Promise<readonly ArchivedHour[]> {
  const rows = await hoursIn(join(folder, folderName(baseId)));
  return rows.sort((a, b) => (a.hour < b.hour ? 1 : -1));
}

/** Removes what is too old, and then the oldest until the rest is within its bytes and leaves the disk its room. */
export async function removeOld(
  folder: string,
  limits: RotationLimits,
  nowMs: number,
): Promise<{ readonly removed: number; readonly totalBytes: number; readonly freeBytes: number | null }> {
  const files: { path: string; hour: string; bytes: number }[] = [];
  for (const base of await namesIn(folder)) {
    for (const { hour, name, bytes } of await hoursIn(join(folder, base))) files.push({ path: join(folder, base, name), hour, bytes });
  }
  files.sort((a, b) => (a.hour < b.hour ? -1 : 1));
  let totalBytes = files.reduce((sum, { bytes }) => sum + bytes, 0);
  let freeBytes = await freeBytesOf(folder);
  let removed = 0;
  for (const { path, hour, bytes } of files) {
    const old = endMsOf(hour) < nowMs - limits.days * 24 * HOUR_MS;
    const over = totalBytes > limits.totalBytes || (freeBytes !== null && freeBytes < limits.freeBytesMin);
    const running = hour === hourOf(nowMs);
    if (running || !(old || over)) continue;
    await rm(path, { force: true });
    removed += 1;
    totalBytes -= bytes;
    if (freeBytes !== null) freeBytes += bytes;
  }
  return { removed, totalBytes, freeBytes: removed > 0 ? await freeBytesOf(folder) : freeBytes };
}

async function hoursIn(folder: string): Promise<ArchivedHour[]> {
  const rows: ArchivedHour[] = [];
  for (const name of await namesIn(folder)) {
    const hour = NAME.exec(name)?.[1];
    if (hour === undefined) continue; // not ours
    const bytes = await stat(join(folder, name)).then(
      ({ size }) => size,
      () => null, // gone meanwhile
    );
    if (bytes !== null) rows.push({ hour, name, bytes });
  }
  return rows;
}

const namesIn = (folder: string): Promise<string[]> =>
  readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return [];
    throw error;
  });

const freeBytesOf = (folder: string): Promise<number | null> =>
  statfs(folder).then(
    ({ bavail, bsize }) => bavail * bsize,
    () => null, // not there yet
  );
