const FIRST_CAPACITY = 1024;

/** Place, length and type of every frame, in arrays of numbers: 12 bytes for each, so that a recording of days fits. */
export class FrameIndex {
  #offsets = new Float64Array(FIRST_CAPACITY);
  #lengths = new Uint16Array(FIRST_CAPACITY);
  #types = new Int16Array(FIRST_CAPACITY);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** @param type -1 where there is none */
  add(offset: number, length: number, type: number): void {
    if (this.#count === this.#offsets.length) this.#grow();
    this.#offsets[this.#count] = offset;
    this.#lengths[this.#count] = length;
    this.#types[this.#count] = type;
    this.#count += 1;
  }

  offsetAt(i: number): number {
    return this.#offsets[i] as number;
  }

  lengthAt(i: number): number {
    return this.#lengths[i] as number;
  }

  typeAt(i: number): number {
    return this.#types[i] as number;
  }

  #grow(): void {
    const capacity = 2 * this.#count;
    const [offsets, lengths, types] = [this.#offsets, this.#lengths, this.#types];
    this.#offsets = new Float64Array(capacity);
    this.#lengths = new Uint16Array(capacity);
    this.#types = new Int16Array(capacity);
    this.#offsets.set(offsets);
    this.#lengths.set(lengths);
    this.#types.set(types);
  }
}
