import type { PackedUplinks } from "./journal-protocol.ts";

/** An uplink as it came, before anybody looked into it. */
export interface JournalEntry {
  readonly receivedAtMs: number;
  readonly source: string; // network id, or "direct"
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly dup: boolean; // MQTT DUP flag
}

/** Who handed uplinks in, and is told of their fate: in the order in which they were handed in, `count` of them at once. */
export interface JournalTicket {
  /** Synced to disk under the numbers from `firstSeq` on: they may be acknowledged. */
  journaled(count: number, firstSeq: number): void;
  /** Not written: nothing of them may be acknowledged. */
  refused(count: number, error: Error): void;
}

/** The memory of a batch, used again and again: fresh pages for each would cost more than what is written into them. */
export interface BatchMemory {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly numbers: Float64Array<ArrayBuffer>;
}

export const BATCH_ROWS_MAX = 1000;
const BATCH_BYTES_MAX = 8 * 2 ** 20;
const BYTES_FIRST = 512 * 1024;
/** Per row: time of receipt (Unix ms), payload bytes, which topic, which source × 2 + DUP. */
export const NUMBERS_PER_ROW = 4;

/** Uplinks on their way into one commit: payloads back to back, and everything else as numbers and two short lists of names. */
export class JournalBatch {
  #bytes: Uint8Array<ArrayBuffer>;
  readonly #numbers: Float64Array<ArrayBuffer>;
  readonly #topics = new Map<string, number>();
  readonly #sources = new Map<string, number>();
  readonly #tickets: JournalTicket[] = [];
  readonly #counts: number[] = []; // of uplinks handed in under each ticket in turn
  #lastTopic = "";
  #lastTopicIndex = -1;
  #rows = 0;
  #length = 0;

  constructor(memory?: BatchMemory) {
    this.#bytes = memory?.bytes ?? new Uint8Array(BYTES_FIRST);
    this.#numbers = memory?.numbers ?? new Float64Array(BATCH_ROWS_MAX * NUMBERS_PER_ROW);
  }

  get rows(): number {
    return this.#rows;
  }

  /** Bytes of all payloads. */
  get bytes(): number {
    return this.#length;
  }

  /** Whether there is room for one more; an empty batch takes any. */
  takes(payloadBytes: number): boolean {
    return this.#rows === 0 || (this.#rows < BATCH_ROWS_MAX && this.#length + payloadBytes <= BATCH_BYTES_MAX);
  }

  add(entry: JournalEntry, ticket: JournalTicket): void {
    const { payload, topic } = entry;
    if (this.#length + payload.byteLength > this.#bytes.byteLength) this.#grow(payload.byteLength);
    this.#bytes.set(payload, this.#length);
    this.#length += payload.byteLength;
    if (topic !== this.#lastTopic || this.#lastTopicIndex < 0) {
      this.#lastTopic = topic;
      this.#lastTopicIndex = indexOf(this.#topics, topic);
    }
    const at = this.#rows * NUMBERS_PER_ROW;
    this.#numbers[at] = entry.receivedAtMs;
    this.#numbers[at + 1] = payload.byteLength;
    this.#numbers[at + 2] = this.#lastTopicIndex;
    this.#numbers[at + 3] = indexOf(this.#sources, entry.source) * 2 + (entry.dup ? 1 : 0);
    this.#rows += 1;
    const last = this.#tickets.length - 1;
    if (last >= 0 && this.#tickets[last] === ticket) (this.#counts[last] as number) += 1;
    else {
      this.#tickets.push(ticket);
      this.#counts.push(1);
    }
  }

  /** For the journal's thread. The memory goes with it: nothing may be added any more. */
  pack(): PackedUplinks {
    return { rows: this.#rows, bytes: this.#bytes, numbers: this.#numbers, topics: [...this.#topics.keys()], sources: [...this.#sources.keys()] };
  }

  journaled(firstSeq: number): void {
    let seq = firstSeq;
    for (const [i, ticket] of this.#tickets.entries()) {
      const count = this.#counts[i] as number;
      ticket.journaled(count, seq);
      seq += count;
    }
  }

  refused(error: Error): void {
    for (const [i, ticket] of this.#tickets.entries()) ticket.refused(this.#counts[i] as number, error);
  }

  #grow(moreBytes: number): void {
    const larger = new Uint8Array(Math.max(this.#bytes.byteLength * 2, this.#length + moreBytes));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }
}

function indexOf(names: Map<string, number>, name: string): number {
  const known = names.get(name);
  if (known !== undefined) return known;
  names.set(name, names.size);
  return names.size - 1;
}
