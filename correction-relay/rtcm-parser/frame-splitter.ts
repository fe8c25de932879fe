import { crc24q } from "./crc24q.ts";
import { RtcmError } from "./errors.ts";
import { claimedFrameBytes, HEADER_BYTES, MAX_FRAME_BYTES, PREAMBLE } from "./frame.ts";

export interface FrameCounters {
  readonly frames: number;
  /** Bytes that belong to no frame. */
  readonly skippedBytes: number;
  /** Headers that looked right but whose CRC was wrong, or which a whole frame inside them gave the lie. */
  readonly crcFailures: number;
}

const NOTHING: Uint8Array = new Uint8Array(0);
/** Size of the buffers that what is held is kept and joined in: a new one for some pieces, not for each. A frame kept long keeps one. */
const HOLD_BYTES = 16 * MAX_FRAME_BYTES;
/** Only a caller that stops early, again and again, can get here: what it has not read is kept for it. */
const MAX_HELD_BYTES = 1 << 20;

/**
 * Finds RTCM 3 frames in a byte stream that may hold anything else (NMEA, UBX, damage).
 * A bad frame costs one byte, then the search goes on, so every intact frame is found.
 * In sync, a header's length is trusted and waited for. Out of sync, a whole good frame further on beats
 * half a candidate: payloads hold false headers (the standard's own example of 1005 has `D3 02 02` inside).
 * Each candidate's CRC is computed once, however the bytes are cut. The worst a sender can do is a long false header in
 * every second byte: some 500 bytes of CRC for each byte (see the bench), so limit what an untrusted peer may
 * cost, by `checkedBytes`.
 */
export class FrameSplitter {
  #held: Uint8Array = NOTHING; // unresolved bytes of our own, less than one frame unless the caller stopped early
  #backing: Uint8Array = NOTHING; // where #held lies; appended to, never overwritten: frames given away are views of it
  #backed = 0; // bytes of it that are used
  #base = 0; // place of #held in the stream; the places below count from the stream's first byte
  #synced = false;
  #open: Candidate[] = []; // out of sync: candidates that wait for more bytes, in order
  #refused: number[] = []; // out of sync: places of candidates with a wrong CRC behind the first open one
  #scannedTo = 0;
  #frames = 0;
  #skippedBytes = 0;
  #crcFailures = 0;
  #checkedBytes = 0;

  get counters(): FrameCounters {
    return { frames: this.#frames, skippedBytes: this.#skippedBytes, crcFailures: this.#crcFailures };
  }

  /** Bytes a CRC was computed over, false headers included: what this stream has cost so far, for a limit on it. */
  get checkedBytes(): number {
    return this.#checkedBytes;
  }

  /** Bytes that wait for more: non-zero for long on an idle stream is the sign to call `resync`. */
  get heldBytes(): number {
    return this.#held.length;
  }

  /**
   * Feeds bytes and yields the frames that are whole now, header to CRC, as views of the input or of our own buffer:
   * do not change a chunk while its frames are in use, copy a frame to keep it long.
   * What a caller that stops early has not read comes with the next call. Not re-entrant, but for `end`.
   * @throws RtcmError UNREAD_FRAMES when more than 1 MiB was left unread
   */
  *push(chunk: Uint8Array): Generator<Uint8Array, void, undefined> {
    const heldBytes = this.#held.length;
    // What is held is joined with as much of the chunk as settles it, not with all of it.
    const joinedBytes = heldBytes === 0 ? chunk.length : Math.min(chunk.length, MAX_FRAME_BYTES);
    let data = heldBytes === 0 ? chunk : this.#join(chunk.subarray(0, joinedBytes));
    let rest = joinedBytes === chunk.length ? NOTHING : chunk.subarray(joinedBytes);
    let at = 0;
    try {
      for (;;) {
        while (at < data.length) {
          const from = this.#synced ? at : this.#search(data, at);
          this.#skippedBytes += from - at;
          at = from;
          if (at === data.length) break;
          const size = claimedFrameBytes(data, at);
          if (size === "need-more" || (size !== "not-a-frame" && at + size > data.length)) break;
          if (size === "not-a-frame" || (this.#synced && !this.#checks(data, at, at + size))) {
            if (size !== "not-a-frame") this.#crcFailures += 1;
            at += 1;
            this.#skippedBytes += 1;
            this.#loseSync(this.#base + at);
            continue;
          }
          this.#synced = true;
          this.#frames += 1;
          at += size;
          yield data.subarray(at - size, at);
        }
        if (rest.length === 0) return;
        this.#base += at;
        data = chunk.subarray(at - heldBytes); // a candidate in what was held claims no more than was joined to it
        at = 0;
        rest = NOTHING;
      }
    } finally {
      this.#keep(rest.length === 0 ? data : joined(data, rest), at);
    }
  }

  /**
   * Stops trusting the length that is being waited for, and yields whole frames hidden behind it.
   * For an idle stream: a damaged length can hold up to 1029 bytes back. A frame that is merely late is not lost.
   */
  *resync(): Generator<Uint8Array, void, undefined> {
    if (this.#synced) this.#loseSync(this.#base);
    yield* this.push(NOTHING);
  }

  /** The stream is over: yields what is whole, counts the rest as skipped. The splitter can be used again. */
  *end(): Generator<Uint8Array, void, undefined> {
    yield* this.resync();
    while (this.#synced && this.#held.length > 0) yield* this.resync();
    this.#skippedBytes += this.#held.length;
    this.#keep(this.#held, this.#held.length);
    this.#loseSync(this.#base);
  }

  /** Out of sync: the offset of the first whole good frame; else of the first candidate that waits; else the end. */
  #search(data: Uint8Array, at: number): number {
    const end = this.#base + data.length;
    const ready = this.#open.some((candidate) => candidate.readyAt <= end) ? this.#open : [];
    if (ready.length > 0) this.#open = [];
    for (const candidate of ready) if (this.#isGood(data, candidate)) return this.#found(candidate.at);
    const from = Math.max(at, this.#scannedTo - this.#base);
    for (let i = data.indexOf(PREAMBLE, from); i !== -1; i = data.indexOf(PREAMBLE, i + 1)) {
      const candidate = { at: this.#base + i, readyAt: 0 };
      if (this.#isGood(data, candidate)) return this.#found(candidate.at);
    }
    this.#scannedTo = end;
    const first = this.#open[0]?.at ?? end;
    this.#countRefused(first);
    return first - this.#base;
  }

  /** Judges a candidate; one that waits or is refused is noted. */
  #isGood(data: Uint8Array, candidate: Candidate): boolean {
    const end = this.#base + data.length;
    if (candidate.readyAt > end) {
      this.#open.push(candidate);
      return false;
    }
    const from = candidate.at - this.#base;
    const size = claimedFrameBytes(data, from);
    if (size === "not-a-frame") return false;
    const readyAt = candidate.at + (size === "need-more" ? HEADER_BYTES : size);
    if (readyAt > end) this.#open.push({ at: candidate.at, readyAt });
    else if (this.#checks(data, from, readyAt - this.#base)) return true;
    else this.#refused.push(candidate.at);
    return false;
  }

  #checks(data: Uint8Array, from: number, to: number): boolean {
    this.#checkedBytes += to - from;
    return crc24q(data, from, to) === 0;
  }

  /** Everything before a whole good frame is proven false. Gives its offset in the data. */
  #found(place: number): number {
    this.#countRefused(place);
    this.#crcFailures += this.#open.filter((open) => open.at < place).length;
    this.#open = [];
    this.#refused = [];
    return place - this.#base;
  }

  /** Counts the refused candidates before a place and forgets them; those behind it may yet lie inside a frame. */
  #countRefused(place: number): void {
    if (this.#refused.length === 0) return;
    const later = this.#refused.filter((refused) => refused >= place);
    this.#crcFailures += this.#refused.length - later.length;
    this.#refused = later;
  }

  #loseSync(place: number): void {
    this.#synced = false;
    this.#open = [];
    this.#refused = [];
    this.#scannedTo = place;
  }

  #join(part: Uint8Array): Uint8Array {
    const held = this.#held;
    if (held.length > MAX_HELD_BYTES) throw new RtcmError("UNREAD_FRAMES", `${held.length} bytes were left unread`);
    this.#held = NOTHING; // the running push owns it, also when its caller ends the splitter from within
    const follows = held.buffer === this.#backing.buffer && held.byteOffset + held.length === this.#backed;
    const from = follows && this.#backed + part.length <= this.#backing.length ? held.byteOffset : this.#put(held, part.length);
    this.#put(part, 0);
    return this.#backing.subarray(from, this.#backed);
  }

  /** Appends to the backing buffer, or to a new one where it has no room for the bytes and those to follow. Gives their place in it. */
  #put(bytes: Uint8Array, toFollow: number): number {
    if (this.#backed + bytes.length + toFollow > this.#backing.length) {
      this.#backing = new Uint8Array(Math.max(HOLD_BYTES, bytes.length + toFollow));
      this.#backed = 0;
    }
    this.#backing.set(bytes, this.#backed);
    this.#backed += bytes.length;
    return this.#backed - bytes.length;
  }

  /** Keeps what follows `at`, without holding on to the caller's chunk or to a large buffer of our own. */
  #keep(data: Uint8Array, at: number): void {
    this.#base += at;
    if (at === data.length) this.#held = NOTHING;
    else if (data.buffer === this.#backing.buffer && this.#backing.length === HOLD_BYTES) this.#held = data.subarray(at);
    else {
      const from = this.#put(data.subarray(at), MAX_FRAME_BYTES);
      this.#held = this.#backing.subarray(from, this.#backed);
    }
  }
}

interface Candidate {
  /** Place in the stream. */
  readonly at: number;
  /** How much of the stream must be there before it can be judged. */
  readonly readyAt: number;
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const out = new Uint8Array(a.length + b.length);
  out.set(a);
  out.set(b, a.length);
  return out;
}
