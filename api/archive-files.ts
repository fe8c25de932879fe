import { open, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";

export interface ArchiveFile {
  readonly name: string;
  readonly from: string; // beginning of its hour
  readonly bytes: number;
  readonly complete: boolean;
}

const HOUR_MS = 3_600_000;
const LISTED_MAX = 10_000;
const NAME = /^(\d{4}-\d{2}-\d{2})T(\d{2})Z\.rtcm3$/;

/** Unix ms of the hour that a file of the archive holds; null: no such name. Nothing else is ever opened. */
export function archiveHourMs(name: string): number | null {
  const [, day, hour] = NAME.exec(name) ?? [];
  const atMs = Date.parse(`${day}T${hour}:00:00Z`);
  return Number.isFinite(atMs) && new Date(atMs).toISOString().startsWith(`${day}T${hour}`) ? atMs : null;
}

/** The relay's folder for a base: its id, with the dots written as %2E. */
export const archiveFolderOf = (archive: string, baseId: string): string => join(archive, baseId.replaceAll(".", "%2E"));

/** Hourly raw files of one base; newest first. */
export async function listArchive(folder: string, nowMs: number): Promise<ArchiveFile[]> {
  const names = (await readdir(folder).catch(absent(() => []))).filter((name) => archiveHourMs(name) !== null).sort();
  const files: ArchiveFile[] = [];
  for (const name of names.reverse().slice(0, LISTED_MAX)) {
    const found = await stat(join(folder, name)).catch(absent(() => null)); // rotated away meanwhile
    const hourMs = archiveHourMs(name);
    if (found?.isFile() && hourMs !== null) files.push({ name, from: new Date(hourMs).toISOString(), bytes: found.size, complete: nowMs >= hourMs + HOUR_MS });
  }
  return files;
}

/** The bytes that the file has now: what is written while it is read belongs to the next download. null: there is no such file. */
export async function openArchive(folder: string, name: string): Promise<{ readonly bytes: number; readonly stream: Readable } | null> {
  if (archiveHourMs(name) === null) return null;
  const file = await open(join(folder, name), "r").catch(absent(() => null));
  if (file === null) return null;
  const found = await file.stat();
  if (found.isFile() && found.size > 0) return { bytes: found.size, stream: file.createReadStream({ end: found.size - 1 }) };
  await file.close();
  return null;
}

/** ENOENT is an answer, anything else is trouble. */
function absent<T>(answer: () => T): (error: unknown) => T {
  return (error) => {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return answer();
    throw error;
  };
}
