import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { constants, createGunzip } from "node:zlib";
import { Dechunker } from "./dechunker.ts";

/** What was taken off the bytes of the file; filled in as they are read. */
export interface TransferCoding {
  readonly chunked: boolean;
  gzip: boolean;
  /** The last, empty one included. */
  chunks: number;
  dechunkedBytes: number;
  gunzippedBytes: number;
}

/** The coding is broken from some place on; what was decoded before it has been handed on. */
export class TransferError extends Error {
  readonly code = "BROKEN_TRANSFER_CODING";

  constructor(message: string, options: ErrorOptions = {}) {
    super(message, options);
    this.name = "TransferError";
  }
}

/** A first chunk longer than this is not looked through to its end. */
const LOOK_BYTES = 1 << 20;
const PREAMBLE = 0xd3;
const GZIP_MAGIC = Uint8Array.of(0x1f, 0x8b, 8);

export interface Body {
  /** null: the bytes are as they were. */
  readonly coding: TransferCoding | null;
  readonly chunks: AsyncIterable<Uint8Array>;
}

/**
 * Takes off the transfer coding of a saved NTRIP 2.0 body: HTTP/1.1 chunks (RFC 9112 §7.1), gzip members (RFC 1952), or
 * gzip within chunks. It is recognised by the bytes: a size line, so many bytes, and another size line behind them.
 */
export async function decodeBody(source: AsyncIterable<Uint8Array>): Promise<Body> {
  const iterator = source[Symbol.asyncIterator]();
  let head: Uint8Array = new Uint8Array(0);
  let ended = false;
  let form = formOf(head, ended);
  while (form === "need-more") {
    const next = await iterator.next();
    ended = next.done === true;
    if (!next.done) head = head.length === 0 ? next.value : Buffer.concat([head, next.value]);
    form = formOf(head, ended);
  }
  const whole = resumed(head, iterator);
  if (form === "plain") return { coding: null, chunks: whole };
  const coding: TransferCoding = { chunked: form === "chunked", gzip: form === "gzip", chunks: 0, dechunkedBytes: 0, gunzippedBytes: 0 };
  return { coding, chunks: coding.chunked ? unzippedIfZipped(dechunked(whole, coding), coding) : gunzipped(whole, coding) };
}

type Form = "plain" | "chunked" | "gzip" | "need-more";

/** Exported for tests: what the first bytes of an input say of its form. */
export function formOf(head: Uint8Array, ended: boolean): Form {
  if (isGzip(head)) return "gzip";
  if (!ended && head.length < GZIP_MAGIC.length && GZIP_MAGIC.subarray(0, head.length).every((byte, i) => byte === head[i])) return "need-more";
  const line = /^([0-9a-f]{1,8})[ \t]*(?:;[^\r\n]{0,200})?\r?\n/i.exec(Buffer.from(head.subarray(0, 256)).toString("latin1"));
  if (line === null) return !ended && head.length < 256 && mayBeSizeLine(head) ? "need-more" : "plain";
  const sizeBytes = Number.parseInt(line[1] as string, 16);
  const first = line[0].length;
  const behind = head.subarray(first + sizeBytes, first + sizeBytes + 14);
  if (sizeBytes > 0 && /^\r?\n[0-9a-f]{1,8}[ \t]*[;\r\n]/i.test(Buffer.from(behind).toString("latin1"))) return "chunked";
  if (behind.length === 14) return "plain";
  if (!ended && head.length < LOOK_BYTES) return "need-more";
  // Cut off within its first chunk: what the chunk begins with decides.
  return sizeBytes > 0 && (head[first] === PREAMBLE || isGzip(head.subarray(first))) ? "chunked" : "plain";
}

const mayBeSizeLine = (head: Uint8Array): boolean => /^[0-9a-f]{0,8}[ \t]*(;[^\r\n]*)?\r?$/i.test(Buffer.from(head).toString("latin1"));
const isGzip = (bytes: Uint8Array): boolean => GZIP_MAGIC.every((byte, i) => byte === bytes[i]);

async function* resumed(head: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  if (head.length > 0) yield head;
  yield* { [Symbol.asyncIterator]: () => rest };
}

async function* dechunked(source: AsyncIterable<Uint8Array>, coding: TransferCoding): AsyncGenerator<Uint8Array, void, undefined> {
  const dechunker = new Dechunker();
  for await (const bytes of source) {
    for (const data of dechunker.push(bytes)) {
      coding.dechunkedBytes += data.length;
      yield data;
    }
    coding.chunks = dechunker.chunks;
    if (dechunker.state === "broken") throw new TransferError(`no chunk size after ${coding.chunks} chunks, ${coding.dechunkedBytes} bytes`);
  }
}

/** What was in the chunks may be gzip members, one or more in each: together they are one run of members. */
async function* unzippedIfZipped(source: AsyncIterable<Uint8Array>, coding: TransferCoding): AsyncGenerator<Uint8Array, void, undefined> {
  const iterator = source[Symbol.asyncIterator]();
  let head: Uint8Array = new Uint8Array(0);
  while (head.length < 3) {
    const next = await iterator.next();
    if (next.done) break;
    head = Buffer.concat([head, next.value]);
  }
  coding.gzip = isGzip(head);
  const whole = resumed(head, iterator);
  yield* coding.gzip ? gunzipped(whole, coding) : whole;
}

async function* gunzipped(source: AsyncIterable<Uint8Array>, coding: TransferCoding): AsyncGenerator<Uint8Array, void, undefined> {
  // Flushed, not finished, at the end: a capture may stop in the middle of a member.
  const gunzip = createGunzip({ finishFlush: constants.Z_SYNC_FLUSH });
  const feeding = pipeline(Readable.from(source), gunzip);
  feeding.catch(() => {}); // it comes out of the loop below as well
  try {
    for await (const bytes of gunzip as AsyncIterable<Uint8Array>) {
      coding.gunzippedBytes += bytes.length;
      yield bytes;
    }
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code?.startsWith("Z_") !== true) throw cause;
    throw new TransferError(`gzip: ${(cause as Error).message} after ${coding.gunzippedBytes} bytes`, { cause });
  }
}
