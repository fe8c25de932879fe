import type { Socket } from "node:net";

/** What is written and not yet acknowledged, of one rover: in the process, and in the kernel as far as that can be seen. */
export interface SendQueueLimits {
  readonly roverStaleMs: number; // not drained for so long: no new epoch
}

/** The last writes, summed up over spans: enough to tell how old the oldest byte is that waits. There are 10,000 of them. */
const SPANS = 8;
const SPAN_MS = 500;
const TLS_RECORD_BYTES = 22; // what a record adds, RFC 8446 §5.2: header 5, type 1, tag 16

/**
 * Counts loop turns, as far as anybody asks: a TLS socket takes what it is given at the turn's end, and until then it
 * looks as if nothing had been taken.
 */
let turn = 0;
let turnCounted = false;
function currentTurn(): number {
  if (!turnCounted) {
    turnCounted = true;
    setImmediate(() => {
      turn += 1;
      turnCounted = false;
    });
  }
  return turn;
}

export class SendQueue {
  readonly #socket: Socket;
  readonly #staleMs: number;
  readonly #overheadBytes: number;
  /** Ring of pairs: begin of a span in ms, bytes written in it. */
  readonly #spans = new Array<number>(2 * SPANS).fill(0); // a third of what a typed array takes
  #at = 0; // of the newest span
  #turn = -1; // TLS: in which it was last written to
  #turnBytes = 0;
  #written = 0;
  #acknowledged = 0; // at the last look
  #kernelBytes: number | null = null; // at the last look; null: it cannot be seen
  #stalled = false; // at the last look what waits was older than `roverStaleMs`
  #oldestAtMs = 0; // of what waited at the last look; when nothing waited: of no meaning
  #waitingSinceMs: number | null = null; // in the process
  #lastEmptiedAtMs: number;

  constructor(socket: Socket, { roverStaleMs }: SendQueueLimits, nowMs: number) {
    this.#socket = socket;
    this.#staleMs = roverStaleMs;
    this.#overheadBytes = "encrypted" in socket ? TLS_RECORD_BYTES : 0;
    this.#lastEmptiedAtMs = nowMs;
  }

  /** In the kernel, at the last look; null where it cannot be seen. */
  get kernelBytes(): number | null {
    return this.#kernelBytes;
  }

  /** When something that was written was last seen to have arrived. */
  get lastEmptiedAtMs(): number {
    return this.#lastEmptiedAtMs;
  }

  /** Whether a new unit may be written: nothing waits in the process, nothing old in the kernel. */
  get drained(): boolean {
    if (this.#stalled) return false;
    const waiting = this.#socket.writableLength;
    return waiting === 0 || (this.#overheadBytes > 0 && this.#turn === currentTurn() && waiting <= this.#turnBytes);
  }

  /** At the last look, what waits was too old for anything to follow it. */
  get stalled(): boolean {
    return this.#stalled;
  }

  write(bytes: Uint8Array, nowMs: number): void {
    this.#socket.write(bytes);
    if (this.#overheadBytes > 0) this.#noteTurn(bytes.length);
    const sent = bytes.length + this.#overheadBytes;
    this.#written += sent;
    const spans = this.#spans;
    if (nowMs - (spans[this.#at] as number) >= SPAN_MS) {
      this.#at = (this.#at + 2) % spans.length;
      spans[this.#at] = nowMs;
      spans[this.#at + 1] = sent;
    } else spans[this.#at + 1] = (spans[this.#at + 1] as number) + sent;
  }

  #noteTurn(bytes: number): void {
    const now = currentTurn();
    if (this.#turn !== now) this.#turnBytes = 0;
    this.#turn = now;
    this.#turnBytes += bytes;
  }

  /** What the kernel holds unacknowledged, as it was seen now. @returns the age of the oldest byte that waits, ms */
  noteUnsent(kernelBytes: number, nowMs: number): number {
    this.#kernelBytes = kernelBytes;
    const waiting = kernelBytes + this.#socket.writableLength;
    const acknowledged = this.#written - waiting;
    if (acknowledged > this.#acknowledged) {
      this.#acknowledged = acknowledged;
      this.#lastEmptiedAtMs = nowMs;
    }
    this.#oldestAtMs = waiting === 0 ? nowMs : this.#writtenAtMs(waiting);
    const ageMs = nowMs - this.#oldestAtMs;
    this.#stalled = ageMs >= this.#staleMs;
    return ageMs;
  }

  /** When the first of the last `waiting` bytes was written; at the latest then, if that is longer ago than what is remembered. */
  #writtenAtMs(waiting: number): number {
    const spans = this.#spans;
    let writtenAtMs = spans[this.#at] as number;
    let left = waiting;
    for (let i = 0; i < SPANS && left > 0; i += 1) {
      const at = (this.#at - 2 * i + spans.length) % spans.length;
      if (spans[at + 1] === 0) break; // not used yet
      writtenAtMs = spans[at] as number;
      left -= spans[at + 1] as number;
    }
    return writtenAtMs;
  }

  /** Once a second. Where the kernel is not seen, what the process holds is all there is to go by. */
  tick(nowMs: number): void {
    if (this.#socket.writableLength > 0) this.#waitingSinceMs ??= nowMs;
    else {
      this.#waitingSinceMs = null;
      if (this.#kernelBytes === null && this.#written > this.#acknowledged) {
        this.#acknowledged = this.#written;
        this.#lastEmptiedAtMs = nowMs;
      }
    }
  }

  /** How long it has not drained. 0: it has. */
  undrainedMs(nowMs: number): number {
    const inProcessMs = this.#waitingSinceMs === null ? 0 : nowMs - this.#waitingSinceMs;
    const inKernelMs = this.#stalled ? nowMs - this.#oldestAtMs : 0;
    return Math.max(inProcessMs, inKernelMs);
  }
}
