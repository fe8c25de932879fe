const FULL = 2 ** 16 - 1;

/** Values of one minute, in fixed steps: any number of them in a fixed size. Beyond the ends they count at the end. */
export class Histogram {
  readonly #least: number;
  readonly #step: number;
  readonly #bins: Uint16Array;
  #count = 0;

  constructor({ least, step, bins }: { readonly least: number; readonly step: number; readonly bins: number }) {
    this.#least = least;
    this.#step = step;
    this.#bins = new Uint16Array(bins);
  }

  get count(): number {
    return this.#count;
  }

  add(value: number): void {
    const bin = Math.min(this.#bins.length - 1, Math.max(0, Math.round((value - this.#least) / this.#step)));
    const held = this.#bins[bin] as number;
    if (held === FULL) return;
    this.#bins[bin] = held + 1;
    this.#count += 1;
  }

  /** The value below which a share of all lies; null without any. */
  quantile(share: number): number | null {
    if (this.#count === 0) return null;
    let left = share * (this.#count - 1);
    for (let bin = 0; bin < this.#bins.length; bin += 1) {
      left -= this.#bins[bin] as number;
      if (left < 0) return this.#least + bin * this.#step;
    }
    return this.#least + (this.#bins.length - 1) * this.#step;
  }
}

/** The middle one; null of none. */
export function median(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] as number;
}
