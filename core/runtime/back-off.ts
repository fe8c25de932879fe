/** Waits longer after each failure, with jitter so that those who failed together do not come back in step. */
export class BackOff {
  readonly #firstMs: number;
  readonly #mostMs: number;
  readonly #random: () => number;
  #failures = 0;

  constructor(options: { readonly firstMs: number; readonly mostMs: number; readonly random: () => number }) {
    this.#firstMs = options.firstMs;
    this.#mostMs = options.mostMs;
    this.#random = options.random;
  }

  /** Delay before the next try, ms: doubled each time, half of it by chance. */
  nextMs(): number {
    const fullMs = Math.min(this.#mostMs, this.#firstMs * 2 ** Math.min(this.#failures, 30));
    this.#failures += 1;
    return fullMs / 2 + (fullMs / 2) * this.#random();
  }

  /** It worked: the next failure starts from the beginning. */
  reset(): void {
    this.#failures = 0;
  }
}

/** Resolves after `ms`, or at once when the signal is aborted. Never rejects: the caller looks at the signal. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, Math.max(0, ms));
    signal.addEventListener("abort", done);
  });
}
