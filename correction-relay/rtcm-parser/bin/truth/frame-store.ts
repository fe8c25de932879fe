import { InputError } from "../input.ts";

/** Frames to read again after the whole recording was seen once, in order. */
export interface FrameStore {
  put(bytes: Uint8Array, index: number): void;
  /** A view, good until the next call. */
  get(index: number, offset: number, length: number): Uint8Array;
}

const WINDOW_BYTES = 1 << 20;
/** What cannot be read twice is kept, up to this. */
const MAX_KEPT_BYTES = 1 << 30;

/** Of a regular file without transfer coding: read again from there, a window at a time. Nothing is kept. */
export class FileFrames implements FrameStore {
  readonly #readAt: (buffer: Uint8Array, offset: number) => number;
  readonly #window = new Uint8Array(WINDOW_BYTES);
  #from = 0;
  #to = 0;

  constructor(readAt: (buffer: Uint8Array, offset: number) => number) {
    this.#readAt = readAt;
  }

  put(): void {}

  get(_: number, offset: number, length: number): Uint8Array {
    if (offset < this.#from || offset + length > this.#to) {
      this.#from = offset;
      this.#to = offset + this.#readAt(this.#window, offset);
      if (offset + length > this.#to) throw new InputError("NOT_READ", "the file became shorter while it was read");
    }
    return this.#window.subarray(offset - this.#from, offset - this.#from + length);
  }
}

/** Of what can be read once only (standard input, a transfer coding): kept. */
export class KeptFrames implements FrameStore {
  readonly #frames = new Map<number, Uint8Array>();
  #slab = new Uint8Array(0);
  #used = 0;
  #bytes = 0;
  readonly #maxBytes: number;

  constructor(maxBytes = MAX_KEPT_BYTES) {
    this.#maxBytes = maxBytes;
  }

  /** @throws InputError TOO_LARGE over the limit, 1 GiB unless told otherwise */
  put(bytes: Uint8Array, index: number): void {
    this.#bytes += bytes.length;
    if (this.#bytes > this.#maxBytes)
      throw new InputError("TOO_LARGE", `over ${this.#maxBytes} bytes that can be read only once: save it to a file, without transfer coding`);
    if (this.#used + bytes.length > this.#slab.length) {
      this.#slab = new Uint8Array(WINDOW_BYTES);
      this.#used = 0;
    }
    this.#slab.set(bytes, this.#used);
    this.#frames.set(index, this.#slab.subarray(this.#used, this.#used + bytes.length));
    this.#used += bytes.length;
  }

  get(index: number): Uint8Array {
    return this.#frames.get(index) as Uint8Array;
  }
}
