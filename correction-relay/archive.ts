import { createReadStream, type ReadStream } from "node:fs";
import { type FileHandle, mkdir, open } from "node:fs/promises";
import { join } from "node:path";
import type { Log } from "../core/runtime/log.ts";
import type { Metrics } from "../core/runtime/metrics.ts";
import { type ArchivedHour, folderName, HOUR_MS, hourOf, listHours, type RotationLimits, removeOld } from "./archive-folder.ts";
import { withinMs } from "./time-limit.ts";

export interface ArchiveOptions {
  readonly folder: string; // …/archive
  readonly limits: RotationLimits & { readonly bufferBytes: number; readonly writeEveryMs?: number }; // bytes waiting for the disk, all bases together: beyond it frames are dropped
  readonly log: Log;
  readonly metrics: Metrics;
}

export const ARCHIVE_LIMITS = { days: 30, totalBytes: 20 * 1024 ** 3, freeBytesMin: 1024 ** 3, bufferBytes: 4 * 1024 ** 2, writeEveryMs: 10_000 } as const;

const ROTATE_EVERY_MS = 600_000;
const WRITE_FROM_BYTES = 512 * 1024; // sooner than `writeEveryMs`: four file operations a base are a lot for each second
const CLOSE_MS = 5000;

/** Frames of one base and hour that have not been written. */
interface Waiting {
  readonly baseId: string;
  readonly hour: string;
  chunks: Uint8Array[];
}

/**
 * What each base sent, as it sent it: whole frames with a good CRC, one file a base and hour (UTC). Nobody waits for the disk:
 * frames are gathered in memory, written every ten seconds, and dropped and counted when the disk does not keep up.
 */
export class Archive {
  readonly #o: ArchiveOptions;
  readonly #waiting = new Map<string, Waiting>(); // by base and hour
  #waitingBytes = 0;
  #writing: Promise<void> | null = null;
  #rotatedAtMs = Number.NEGATIVE_INFINITY;
  #wroteAtMs = Number.NEGATIVE_INFINITY;
  #hours = Number.NaN; // since 1970, of the last frame
  #hour = "";
  #full = false; // the disk has too little space: nothing is written until it has
  #failing = false;

  constructor(options: ArchiveOptions) {
    this.#o = options;
  }

  /** A frame as it was received. It is copied. */
  put(baseId: string, frame: Uint8Array, atMs: number): void {
    const { metrics, limits } = this.#o;
    if (this.#full || this.#waitingBytes + frame.length > limits.bufferBytes) {
      metrics.count("azemichi_relay_archive_dropped_frames_total", { why: this.#full ? "disk-full" : "disk-slow" });
      return;
    }
    const hour = this.#hourOf(atMs);
    const key = `${baseId}/${hour}`;
    let waiting = this.#waiting.get(key);
    if (waiting === undefined) {
      waiting = { baseId, hour, chunks: [] };
      this.#waiting.set(key, waiting);
    }
    waiting.chunks.push(Buffer.from(frame));
    this.#waitingBytes += frame.length;
  }

  #hourOf(atMs: number): string {
    const hours = Math.floor(atMs / HOUR_MS);
    if (hours !== this.#hours) {
      this.#hours = hours;
      this.#hour = hourOf(atMs);
    }
    return this.#hour;
  }

  /** Once a second. */
  tick(nowMs: number): void {
    if (this.#writing !== null) return;
    const rotates = Math.abs(nowMs - this.#rotatedAtMs) >= ROTATE_EVERY_MS;
    const { writeEveryMs = 0 } = this.#o.limits;
    const due = this.#waitingBytes >= WRITE_FROM_BYTES || Math.abs(nowMs - this.#wroteAtMs) >= writeEveryMs;
    if (!rotates && (this.#waiting.size === 0 || !due)) return;
    this.#wroteAtMs = nowMs;
    if (rotates) this.#rotatedAtMs = nowMs;
    this.#writing = this.#work(rotates ? nowMs : null).finally(() => {
      this.#writing = null;
    });
  }

  /** Writes what waits, if the disk takes it in time. */
  async close(): Promise<void> {
    if ((await withinMs(this.#drain(), CLOSE_MS)) === "late")
      this.#o.log.error("archive not written to its end: the disk hangs", { bytes: this.#waitingBytes });
  }

  async #drain(): Promise<void> {
    while (this.#writing !== null) await this.#writing;
    await this.#work(null);
  }

  /** The hours that are kept, newest first. */
  list(baseId: string): Promise<readonly ArchivedHour[]> {
    return listHours(this.#o.folder, baseId);
  }

  /** One hour for a download; null: there is none of that name. */
  async open(baseId: string, hour: string): Promise<ReadStream | null> {
    const kept = (await this.list(baseId)).find((row) => row.hour === hour);
    return kept === undefined ? null : createReadStream(join(this.#o.folder, folderName(baseId), kept.name));
  }

  async #work(rotateAtMs: number | null): Promise<void> {
    const { metrics, log, folder, limits } = this.#o;
    try {
      if (rotateAtMs !== null) {
        const { removed, totalBytes, freeBytes } = await removeOld(folder, limits, rotateAtMs);
        if (removed > 0) metrics.count("azemichi_relay_archive_removed_files_total", {}, removed);
        metrics.gauge("azemichi_relay_archive_bytes", totalBytes);
        this.#setFull(freeBytes !== null && freeBytes < limits.freeBytesMin, freeBytes);
      }
      for (const [key, waiting] of [...this.#waiting]) {
        this.#waiting.delete(key);
        await this.#append(waiting);
      }
      this.#failing = false;
    } catch (error) {
      metrics.count("azemichi_relay_archive_write_failures_total");
      if (!this.#failing) log.error("archive not written", { error });
      this.#failing = true;
    }
  }

  async #append({ baseId, hour, chunks }: Waiting): Promise<void> {
    const bytes = Buffer.concat(chunks);
    this.#waitingBytes -= bytes.length;
    const { metrics, folder } = this.#o;
    let file: FileHandle | undefined;
    try {
      const path = join(folder, folderName(baseId));
      await mkdir(path, { recursive: true, mode: 0o700 });
      file = await open(join(path, `${hour}.rtcm3`), "a", 0o600);
      await file.appendFile(bytes);
      metrics.count("azemichi_relay_archive_written_bytes_total", {}, bytes.length);
    } catch (error) {
      metrics.count("azemichi_relay_archive_dropped_frames_total", { why: "write-failed" }, chunks.length);
      throw error;
    } finally {
      await file?.close();
    }
  }

  #setFull(full: boolean, freeBytes: number | null): void {
    if (full === this.#full) return;
    this.#full = full;
    if (full) this.#o.log.error("archive stopped: the disk is nearly full", { freeBytes });
    else this.#o.log.info("archive goes on", { freeBytes });
  }
}
