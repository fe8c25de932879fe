/**
 * What one connection has taken and not yet dealt with. Acknowledgements leave in the order in which the messages came [MQTT-4.6.0-2],
 * whichever is on disk first.
 */
export class AckWindow {
  readonly #acknowledge: (messageId: number) => void;
  readonly #slots: { readonly messageId: number | null; readonly bytes: number; done: boolean }[] = [];
  #bytes = 0;

  constructor(acknowledge: (messageId: number) => void) {
    this.#acknowledge = acknowledge;
  }

  get messages(): number {
    return this.#slots.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** `messageId` null: QoS 0, which takes room and is not acknowledged. Returns what says that it is dealt with; idempotent. */
  open(messageId: number | null, bytes: number): () => void {
    const slot = { messageId, bytes, done: false };
    this.#slots.push(slot);
    this.#bytes += bytes;
    return () => {
      if (slot.done) return;
      slot.done = true;
      this.#flush();
    };
  }

  #flush(): void {
    let settled = 0;
    while (this.#slots[settled]?.done) settled += 1;
    for (const { messageId, bytes } of this.#slots.splice(0, settled)) {
      this.#bytes -= bytes;
      if (messageId !== null) this.#acknowledge(messageId);
    }
  }
}
