import { RtcmError } from "./errors.ts";

const NOTHING = new Uint8Array(0);
const TWO_32 = 2 ** 32;

/**
 * Reads packed big-endian bit fields, most significant bit first, as RTCM 3 sends them.
 * Every read is bounds-checked and throws RtcmError TRUNCATED past the end.
 */
export class BitReader {
  readonly #bytes: Uint8Array;
  readonly #endBit: number;
  readonly #type: number | undefined;
  #at = 0;

  /** @param type message type, for the context of errors */
  constructor(bytes: Uint8Array, type?: number) {
    this.#bytes = bytes;
    this.#endBit = bytes.length * 8;
    this.#type = type;
  }

  /** Bits read so far. */
  get bitOffset(): number {
    return this.#at;
  }

  get bitsLeft(): number {
    return this.#endBit - this.#at;
  }

  /** Unsigned, 1 to 53 bits. */
  unsigned(bits: number): number {
    if (bits > 32) return this.unsigned(bits - 32) * TWO_32 + this.#word(32);
    return this.#word(bits);
  }

  /** Two's complement, 1 to 53 bits. */
  signed(bits: number): number {
    if (bits <= 32) return (this.#word(bits) << (32 - bits)) >> (32 - bits);
    return this.signed(bits - 32) * TWO_32 + this.#word(32);
  }

  /** Sign bit, then magnitude, 2 to 32 bits. -0 occurs and is kept. */
  signMagnitude(bits: number): number {
    const negative = this.#word(1) === 1;
    const magnitude = this.#word(bits - 1);
    return negative ? -magnitude : magnitude;
  }

  /**
   * What follows the last field: the rest of its byte (the bits read are zero in it), then whole bytes.
   * Empty when nothing follows but the zero bits that fill the byte.
   */
  remainder(): Uint8Array {
    const first = this.#at >>> 3;
    const mask = 0xff >>> (this.#at & 7);
    const left = this.#bytes.length - first;
    if (left === 0 || (left === 1 && mask !== 0xff && ((this.#bytes[first] as number) & mask) === 0)) return NOTHING;
    const rest = new Uint8Array(this.#bytes.subarray(first)); // not slice(): a Buffer's is no copy
    rest[0] = (rest[0] as number) & mask;
    return rest;
  }

  skip(bits: number): void {
    this.#advance(bits);
  }

  /** @throws RtcmError INVALID: the field just read contradicts the message. */
  reject(message: string): never {
    throw new RtcmError("INVALID", message, { ...(this.#type === undefined ? {} : { type: this.#type }), bitOffset: this.#at });
  }

  /** Unsigned, 1 to 32 bits: one gathered word and a shift. */
  #word(bits: number): number {
    const at = this.#advance(bits);
    const bytes = this.#bytes;
    const first = at >>> 3;
    const lead = at & 7;
    if (first + 5 > bytes.length) return this.#wordNearEnd(at, bits);
    const word = ((bytes[first] as number) << 24) | ((bytes[first + 1] as number) << 16) | ((bytes[first + 2] as number) << 8) | (bytes[first + 3] as number);
    return ((word << lead) | ((bytes[first + 4] as number) >>> (8 - lead))) >>> (32 - bits);
  }

  /** The last few bytes, one at a time. */
  #wordNearEnd(at: number, bits: number): number {
    let value = 0;
    for (let bit = at; bit < at + bits; ) {
      const lead = bit & 7;
      const take = Math.min(8 - lead, at + bits - bit);
      const part = ((this.#bytes[bit >>> 3] as number) >>> (8 - lead - take)) & ((1 << take) - 1);
      value = value * (1 << take) + part;
      bit += take;
    }
    return value;
  }

  #advance(bits: number): number {
    const at = this.#at;
    if (at + bits > this.#endBit) {
      throw new RtcmError("TRUNCATED", "payload ends inside a field", { ...(this.#type === undefined ? {} : { type: this.#type }), bitOffset: at });
    }
    this.#at = at + bits;
    return at;
  }
}
