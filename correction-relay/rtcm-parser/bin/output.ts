import { once } from "node:events";
import type { Writable } from "node:stream";

/** So much text goes out in one write. */
const BATCH_CHARS = 1 << 16;

/** Text in batches, and never faster than the reader takes it. */
export class Output {
  readonly #stream: Writable;
  #parts: string[] = [];
  #chars = 0;

  constructor(stream: Writable) {
    this.#stream = stream;
  }

  /** true: enough for a write; call `flush`. */
  add(text: string): boolean {
    this.#parts.push(text);
    this.#chars += text.length;
    return this.#chars >= BATCH_CHARS;
  }

  /** Hands over what was added, and waits while the reader is behind. */
  async flush(): Promise<void> {
    if (this.#chars === 0) return;
    const text = this.#parts.join("");
    this.#parts = [];
    this.#chars = 0;
    if (!this.#stream.write(text)) await once(this.#stream, "drain");
  }
}
