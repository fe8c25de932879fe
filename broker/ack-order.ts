/** A PUBLISH that aedes deals with: its acknowledgement waits until those before it are out. */
export interface HeldAck {
  /** Its fate is known: `release` is called, at once or when its turn has come. */
  ready(release: () => void): void;
}

class Held implements HeldAck {
  readonly #onReady: (held: Held) => void;
  release: (() => void) | undefined;

  constructor(onReady: (held: Held) => void) {
    this.#onReady = onReady;
  }

  ready(release: () => void): void {
    this.release = release;
    this.#onReady(this);
  }
}

/**
 * The acknowledgements that one connection still has to get, in the order of its PUBLISH packets [MQTT-4.6.0-2]: those of uplinks,
 * which we write ourselves, and those of everything else, which aedes writes. Bounded by what the connection may have in flight.
 */
export class AckOrder {
  readonly #write: (acks: Buffer) => void;
  #slots: (number | Held)[] = []; // packet id of an uplink (0: QoS 0, nothing to send), or one of aedes'
  #head = 0;
  #journaled = 0; // of the uplinks from the head on, so many are safe
  readonly #unclaimed: Held[] = [];
  #closed = false;
  #draining = false;

  /** `write` gets whole PUBACK packets. */
  constructor(write: (acks: Buffer) => void) {
    this.#write = write;
  }

  /** An uplink is on its way into the journal. */
  uplink(packetId: number): void {
    this.#slots.push(packetId);
  }

  /** The oldest `count` uplinks are safe. */
  journaled(count: number): void {
    this.#journaled += count;
    this.#drain();
  }

  /** A PUBLISH with QoS 1 or 2 is passed on to aedes. */
  passedOn(): void {
    const held = new Held((ready) => (this.#closed ? ready.release?.() : this.#drain()));
    this.#slots.push(held);
    this.#unclaimed.push(held);
  }

  /** aedes has come to the oldest PUBLISH that was passed on to it. */
  claim(): HeldAck | undefined {
    return this.#unclaimed.shift();
  }

  /** Nothing is acknowledged any more; who waits for a turn gets it, to end what it holds. */
  close(): void {
    this.#drain(); // what is safe by now
    this.#closed = true;
    const left = this.#slots.slice(this.#head);
    this.#slots = [];
    this.#head = 0;
    for (const slot of left) if (typeof slot !== "number") slot.release?.();
  }

  #drain(): void {
    if (this.#draining) return; // a release that comes back here: the loop below sees what it changed
    this.#draining = true;
    let acks: number[] = [];
    while (!this.#closed) {
      const slot = this.#slots[this.#head];
      if (typeof slot === "number" && this.#journaled > 0) {
        this.#journaled -= 1;
        this.#head += 1;
        if (slot > 0) acks.push(slot);
      } else if (slot instanceof Held && slot.release !== undefined) {
        this.#head += 1;
        if (acks.length > 0) this.#write(pubacks(acks));
        acks = [];
        slot.release();
      } else break;
    }
    this.#tidy();
    if (acks.length > 0 && !this.#closed) this.#write(pubacks(acks));
    this.#draining = false;
  }

  #tidy(): void {
    if (this.#head < 1000 && this.#head < this.#slots.length) return;
    this.#slots = this.#slots.slice(this.#head);
    this.#head = 0;
  }
}

const PUBACK = 0x40;

function pubacks(packetIds: readonly number[]): Buffer {
  const bytes = Buffer.allocUnsafe(packetIds.length * 4);
  let at = 0;
  for (const id of packetIds) {
    bytes[at] = PUBACK;
    bytes[at + 1] = 2;
    bytes[at + 2] = id >> 8;
    bytes[at + 3] = id & 0xff;
    at += 4;
  }
  return bytes;
}
