export const MISSING_AFTER_S = 60;

/** How long a base has been connected without telling its position; sessions that never did add up. */
export class PositionWait {
  #waitedMs = 0;
  #sinceMs: number | null = null; // null: not connected, or it has told it in this session
  #told = false;

  get wasTold(): boolean {
    return this.#told;
  }

  resumed(nowMs: number): void {
    this.#sinceMs = nowMs;
  }

  paused(nowMs: number): void {
    if (this.#sinceMs !== null) this.#waitedMs += Math.max(0, nowMs - this.#sinceMs);
    this.#sinceMs = null;
  }

  /** @returns true: an alarm was raised for it */
  arrived(): boolean {
    const told = this.#told;
    this.#waitedMs = 0;
    this.#sinceMs = null;
    this.#told = false;
    return told;
  }

  /** true once, when it has become too long. */
  isOver(nowMs: number): boolean {
    if (this.#told || this.#sinceMs === null || this.#waitedMs + nowMs - this.#sinceMs < MISSING_AFTER_S * 1000) return false;
    this.#told = true;
    return true;
  }
}
