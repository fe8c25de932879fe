const LINES_PER_S = 50;

/** How many lines a second whoever connects may cause: 10,000 rovers that come back at once are a number, not 10,000 lines. */
export class LogBudget {
  #second = 0;
  #lines = 0;

  /** Whether one more may be written now; what may not is to be counted. */
  allows(nowMs: number): boolean {
    const second = Math.floor(nowMs / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#lines = 0;
    }
    this.#lines += 1;
    return this.#lines <= LINES_PER_S;
  }
}
