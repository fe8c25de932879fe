/** Bytes of a sensor's frame, written in order. A value that does not fit its field is a mistake of the caller: RangeError. */
export class ByteWriter {
  readonly #bytes: number[] = [];

  u8(value: number): this {
    return this.#put(value, 1, 0);
  }
  u16(value: number): this {
    return this.#put(value, 2, 0);
  }
  s16(value: number): this {
    return this.#put(value, 2, 0x8000);
  }
  /** Little-endian, as Milesight sends. */
  u16le(value: number): this {
    return this.u8(value & 0xff).u8(value >> 8);
  }
  finish(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }

  #put(value: number, bytes: 1 | 2, below: number): this {
    const span = 2 ** (8 * bytes);
    if (!Number.isInteger(value) || value < -below || value >= span - below) throw new RangeError(`${value} does not fit ${bytes} byte(s)`);
    const raw = value < 0 ? value + span : value;
    if (bytes === 2) this.#bytes.push(raw >> 8);
    this.#bytes.push(raw & 0xff);
    return this;
  }
}
