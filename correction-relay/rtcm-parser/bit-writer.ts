import { RtcmError } from "./errors.ts";
import { MAX_PAYLOAD_BYTES } from "./frame.ts";

const NOTHING = new Uint8Array(0);
const TWO_32 = 2 ** 32;

/**
 * Packs big-endian bit fields, most significant bit first, into a payload of at most 1023 bytes.
 * A value that does not fit its width is RtcmError OUT_OF_RANGE, never cut.
 */
export class BitWriter {
  readonly #bytes = new Uint8Array(MAX_PAYLOAD_BYTES);
  readonly #type: number | undefined;
  #at = 0;

  /** @param type message type, for the context of errors */
  constructor(type?: number) {
    this.#type = type;
  }

  /** Unsigned, 1 to 53 bits. */
  unsigned(value: number, bits: number): void {
    if (!Number.isInteger(value) || value < 0 || value >= 2 ** bits) this.outOfRange(`${value} does not fit ${bits} bits`);
    this.#put(value, bits);
  }

  /** Two's complement, 1 to 53 bits. */
  signed(value: number, bits: number): void {
    const half = 2 ** (bits - 1);
    if (!Number.isInteger(value) || value < -half || value >= half) this.outOfRange(`${value} does not fit ${bits} signed bits`);
    this.#put(value < 0 ? value + 2 * half : value, bits);
  }

  /** Sign bit, then magnitude, 2 to 32 bits; -0 sets the sign. */
  signMagnitude(value: number, bits: number): void {
    const magnitude = Math.abs(value);
    if (!Number.isInteger(value) || magnitude >= 2 ** (bits - 1)) this.outOfRange(`${value} does not fit sign and ${bits - 1} bits`);
    this.#put(value < 0 || Object.is(value, -0) ? 1 : 0, 1);
    this.#put(magnitude, bits - 1);
  }

  zeros(bits: number): void {
    this.#advance(bits);
  }

  /** What was written, padded with zero bits to a byte; then, of a message that was received, what `remainder` gave. */
  finish(remainder: Uint8Array = NOTHING): Uint8Array {
    const first = this.#at >>> 3;
    const bytes = this.#bytes.slice(0, Math.max((this.#at + 7) >>> 3, Math.min(first + remainder.length, MAX_PAYLOAD_BYTES)));
    for (let i = first; i < bytes.length; i += 1) bytes[i] = (bytes[i] as number) | (remainder[i - first] ?? 0);
    return bytes;
  }

  outOfRange(message: string): never {
    throw new RtcmError("OUT_OF_RANGE", message, { ...(this.#type === undefined ? {} : { type: this.#type }), bitOffset: this.#at });
  }

  #put(value: number, bits: number): void {
    if (bits > 32) {
      this.#put(Math.floor(value / TWO_32), bits - 32);
      this.#put(value % TWO_32, 32);
      return;
    }
    const end = this.#advance(bits) + bits;
    for (let left = bits; left > 0; ) {
      const at = end - left;
      const take = Math.min(8 - (at & 7), left);
      left -= take;
      const part = (value >>> left) & ((1 << take) - 1);
      this.#bytes[at >>> 3] = (this.#bytes[at >>> 3] as number) | (part << (8 - (at & 7) - take));
    }
  }

  #advance(bits: number): number {
    const at = this.#at;
    if (at + bits > MAX_PAYLOAD_BYTES * 8) {
      throw new RtcmError("TOO_LONG", "message over 1023 bytes", { ...(this.#type === undefined ? {} : { type: this.#type }), bitOffset: at });
    }
    this.#at = at + bits;
    return at;
  }
}
