/** How often something happened in the last seconds: one bucket a second, fixed size. */
export class RateWindow {
  readonly #buckets: Float64Array;
  #second = 0;

  constructor(seconds: number) {
    this.#buckets = new Float64Array(seconds);
  }

  add(atMs: number, amount = 1): void {
    const at = this.#advance(atMs) % this.#buckets.length;
    this.#buckets[at] = (this.#buckets[at] ?? 0) + amount;
  }

  /** Mean per second, over the window or, when that is shorter, since `sinceMs`. */
  perS(nowMs: number, sinceMs: number): number {
    this.#advance(nowMs);
    let sum = 0;
    for (const amount of this.#buckets) sum += amount;
    return sum / Math.min(this.#buckets.length, Math.max(1, (nowMs - sinceMs) / 1000));
  }

  /** Empties the buckets of the seconds that have gone by; a clock that steps back adds to the newest. */
  #advance(atMs: number): number {
    const second = Math.floor(atMs / 1000);
    const gone = second - this.#second;
    if (gone <= 0) return this.#second;
    if (gone >= this.#buckets.length) this.#buckets.fill(0);
    else for (let s = this.#second + 1; s <= second; s += 1) this.#buckets[s % this.#buckets.length] = 0;
    this.#second = second;
    return second;
  }
}
