import { FrameSplitter, messageType } from "../rtcm-parser.ts";

export interface FoundFrame {
  /** Count from 0. */
  readonly index: number;
  /** Bytes from the start of the stream. */
  readonly offset: number;
  /** null: too short to hold one (a filler of length 0). */
  readonly type: number | null;
  /** A view, good until the next call. */
  readonly bytes: Uint8Array;
}

const PREAMBLE = 0xd3;
const HEADER_BYTES = 3;
const CRC_BYTES = 3;

/** The frames of a recording with their places, and what lies between them. */
export class CaptureFrames {
  readonly #splitter = new FrameSplitter();
  #window: Uint8Array = new Uint8Array(0); // bytes not yet known to lie in a frame or outside
  #windowAt = 0;
  #bytes = 0;
  #frames = 0;
  #bytesInFrames = 0;
  #crcFailures = 0;
  #claims: number[] = []; // ends of candidates outside frames that lie further on than what was read

  get bytes(): number {
    return this.#bytes;
  }

  get frames(): number {
    return this.#frames;
  }

  get bytesInFrames(): number {
    return this.#bytesInFrames;
  }

  /**
   * Headers outside frames that claim bytes which are all there: their CRC was wrong. A claim beyond the end of the recording
   * is none. (The splitter's own counter judges while the stream runs, and counts such a claim where a frame gave it the lie.)
   */
  get crcFailures(): number {
    return this.#crcFailures;
  }

  *push(chunk: Uint8Array): Generator<FoundFrame, void, undefined> {
    this.#bytes += chunk.length;
    const kept = this.#window.length;
    this.#window = kept === 0 ? chunk : Buffer.concat([this.#window, chunk]);
    this.#settleClaims();
    yield* this.#located(this.#splitter.push(chunk));
    this.#passOutside(this.#bytes - this.#splitter.heldBytes);
    if (this.#window.length > 0) this.#window = new Uint8Array(this.#window); // not the whole chunk for a few bytes of it
  }

  /** The recording is over. */
  *end(): Generator<FoundFrame, void, undefined> {
    yield* this.#located(this.#splitter.end());
    this.#passOutside(this.#bytes);
  }

  *#located(frames: Iterable<Uint8Array>): Generator<FoundFrame, void, undefined> {
    for (const bytes of frames) {
      // When a frame is handed over, every byte before it is counted: in a frame or skipped.
      const offset = this.#splitter.counters.skippedBytes + this.#bytesInFrames;
      this.#passOutside(offset);
      this.#dropTo(offset + bytes.length);
      this.#bytesInFrames += bytes.length;
      this.#frames += 1;
      yield { index: this.#frames - 1, offset, type: messageType(bytes), bytes };
    }
  }

  /** Looks for candidates in the bytes up to a place: they are in no frame. */
  #passOutside(to: number): void {
    const end = to - this.#windowAt;
    const window = this.#window;
    for (let at = window.indexOf(PREAMBLE); at !== -1 && at < end; at = window.indexOf(PREAMBLE, at + 1)) {
      if (at + HEADER_BYTES > window.length || (window[at + 1] as number) > 3) continue;
      const lengthBytes = ((window[at + 1] as number) << 8) | (window[at + 2] as number);
      this.#claims.push(this.#windowAt + at + HEADER_BYTES + lengthBytes + CRC_BYTES);
    }
    this.#settleClaims();
    this.#dropTo(to);
  }

  #settleClaims(): void {
    if (this.#claims.length === 0) return;
    const open = this.#claims.filter((end) => end > this.#bytes);
    this.#crcFailures += this.#claims.length - open.length;
    this.#claims = open;
  }

  #dropTo(to: number): void {
    this.#window = this.#window.subarray(to - this.#windowAt);
    this.#windowAt = to;
  }
}
