/** Seeded chance: the same seed gives the same year on every machine. */
export class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = (seed ^ 0x9e3779b9) >>> 0;
  }

  /** [0, 1). A counter, stirred (Mulberry32). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let s = this.#state;
    s = Math.imul(s ^ (s >>> 15), s | 1);
    s ^= s + Math.imul(s ^ (s >>> 7), s | 61);
    return ((s ^ (s >>> 14)) >>> 0) / 2 ** 32;
  }

  between(min: number, max: number): number {
    return min + (max - min) * this.next();
  }

  pick<T>(choices: readonly T[]): T {
    return choices[Math.floor(this.next() * choices.length)] as T;
  }

  /** Mean 0, standard deviation 1 (Box and Muller). */
  gauss(): number {
    return Math.sqrt(-2 * Math.log(1 - this.next())) * Math.cos(2 * Math.PI * this.next());
  }
}

/** A wandering around 0 that forgets itself after `tauSteps` (Ornstein and Uhlenbeck), standard deviation `sigma`. */
export function wandering(chance: Chance, { tauSteps, sigma }: { readonly tauSteps: number; readonly sigma: number }): () => number {
  const keep = Math.exp(-1 / tauSteps);
  const push = sigma * Math.sqrt(1 - keep * keep);
  let value = sigma * chance.gauss();
  return () => {
    value = value * keep + push * chance.gauss();
    return value;
  };
}
