import { createHash } from "node:crypto";
import { chmodSync, closeSync, copyFileSync, fsyncSync, openSync, readdirSync, readSync, rmSync, statfsSync, statSync } from "node:fs";
import { dirname, join } from "node:path";

const CHUNK_BYTES = 2 ** 20;

/** SHA-256 of a file, hex, and its length. */
export function fingerprint(path: string): { readonly sha256: string; readonly bytes: number } {
  const hash = createHash("sha256");
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  const fd = openSync(path, "r");
  try {
    let bytes = 0;
    for (;;) {
      const n = readSync(fd, chunk, 0, chunk.length, null);
      if (n === 0) return { sha256: hash.digest("hex"), bytes };
      hash.update(chunk.subarray(0, n));
      bytes += n;
    }
  } finally {
    closeSync(fd);
  }
}

/** Makes a file or folder durable; a file is also made readable by its owner alone. */
export function settle(path: string, kind: "file" | "folder"): void {
  if (kind === "file") chmodSync(path, 0o600);
  const fd = openSync(path, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Copies one file, durable, mode 0600. */
export function copyFile(from: string, to: string): void {
  copyFileSync(from, to);
  settle(to, "file");
}

/** Free space for an ordinary user on the disk of `path`, bytes, and which disk that is. */
export function diskOf(path: string): { readonly id: number; readonly freeBytes: number } {
  const { bavail, bsize } = statfsSync(path);
  return { id: statSync(path).dev, freeBytes: bavail * bsize };
}

/** Files under `folder` as paths relative to it, folders named in `except` left out. Links are not followed. */
export function filesUnder(folder: string, except: ReadonlySet<string> = new Set()): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.isDirectory()) return except.has(entry.name) ? [] : filesUnder(join(folder, entry.name)).map((name) => join(entry.name, name));
    return entry.isFile() ? [entry.name] : [];
  });
}

/** Removes unfinished work of processes that are gone: entries `…-PID` that begin with `prefix`. Returns how many. */
export function removeAbandoned(folder: string, prefix: string): number {
  const abandoned = readdirSync(folder).filter((name) => name.startsWith(prefix) && !isAlive(Number(/-(\d+)$/.exec(name)?.[1])));
  for (const name of abandoned) rmSync(join(folder, name), { recursive: true, force: true });
  return abandoned.length;
}

/** The folder that is there already, of which `path` is or will be a part. */
export function existingParent(path: string): string {
  for (let at = path; ; at = dirname(at)) {
    try {
      if (statSync(at).isDirectory()) return at;
    } catch {
      // not made yet: its parent is asked
    }
    if (dirname(at) === at) return at;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
