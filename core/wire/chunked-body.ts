/** A stream over NTRIP v2, in either direction: RTCM as it is, or in HTTP chunks (RFC 9112 §7.1). Yields the bytes inside, in any cutting. */
export interface Body {
  /** Throws nothing; after `ended` is true all further bytes are ignored. */
  push(chunk: Uint8Array): Generator<Uint8Array, void, undefined>;
  readonly ended: "no" | "whole" | "damaged";
}

export class PlainBody implements Body {
  readonly ended = "no";

  *push(chunk: Uint8Array): Generator<Uint8Array, void, undefined> {
    yield chunk;
  }
}

const SIZE_LINE_MAX = 128; // hexadecimal size and a chunk extension
const CHUNK_BYTES_MAX = 1 << 24;
const LF = 0x0a;
const CR = 0x0d;

/** Bases exist that announce chunks and send none: a first byte that is no hexadecimal digit means plain RTCM. */
export class ChunkedBody implements Body {
  #ended: Body["ended"] = "no";
  #state: "first" | "size" | "data" | "behind-data" | "plain" = "first";
  #line = "";
  #left = 0; // bytes of the open chunk still to come

  get ended(): Body["ended"] {
    return this.#ended;
  }

  *push(chunk: Uint8Array): Generator<Uint8Array, void, undefined> {
    let at = 0;
    if (this.#state === "first" && chunk.length > 0) this.#state = isHexDigit(chunk[0] as number) ? "size" : "plain";
    while (at < chunk.length && this.#ended === "no") {
      switch (this.#state) {
        case "first":
        case "plain":
          yield chunk.subarray(at);
          return;
        case "data": {
          const end = Math.min(chunk.length, at + this.#left);
          this.#left -= end - at;
          if (this.#left === 0) this.#state = "behind-data";
          yield chunk.subarray(at, end);
          at = end;
          break;
        }
        case "behind-data": {
          const byte = chunk[at] as number;
          at += 1;
          if (byte === LF) this.#state = "size";
          else if (byte !== CR) this.#ended = "damaged";
          break;
        }
        case "size":
          at = this.#readSize(chunk, at);
          break;
      }
    }
  }

  /** Collects the size line from `at`; returns the offset behind what it took. */
  #readSize(chunk: Uint8Array, at: number): number {
    const lf = chunk.indexOf(LF, at);
    const end = lf === -1 ? chunk.length : lf;
    this.#line += String.fromCharCode(...chunk.subarray(at, Math.min(end, at + SIZE_LINE_MAX + 1)));
    if (this.#line.length > SIZE_LINE_MAX) this.#ended = "damaged";
    if (lf === -1 || this.#ended !== "no") return end;
    const size = /^([0-9a-f]{1,8})\s*(;.*)?\r?$/i.exec(this.#line);
    this.#line = "";
    this.#left = size ? Number.parseInt(size[1] as string, 16) : -1;
    if (this.#left === 0) this.#ended = "whole";
    else if (this.#left < 0 || this.#left > CHUNK_BYTES_MAX) this.#ended = "damaged";
    else this.#state = "data";
    return lf + 1;
  }
}

const isHexDigit = (byte: number): boolean => (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x46) || (byte >= 0x61 && byte <= 0x66);
