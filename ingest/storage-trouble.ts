/** SQLite's primary result codes that speak of the disk or a lock, not of the data: BUSY, LOCKED, READONLY, IOERR, CORRUPT, FULL, CANTOPEN. */
const STORAGE_TROUBLE: ReadonlySet<number> = new Set([5, 6, 8, 10, 11, 13, 14]);

/** Whether an error means that the store cannot be written now: then nothing is wrong with what was to be written. */
export function isStorageTrouble(error: unknown): boolean {
  const errcode = (error as { errcode?: unknown }).errcode;
  return typeof errcode === "number" && STORAGE_TROUBLE.has(errcode & 0xff);
}
