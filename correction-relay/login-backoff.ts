export interface Attempt {
  readonly account: string;
  readonly address: string;
  readonly digest: string; // of the password tried, and of what it was tried against
}

/** free: ask; known-wrong: this very password was refused before; back-off: too many different ones were. */
export type Standing = "free" | "known-wrong" | "back-off";

interface Record {
  wrong: string[]; // digests of the last wrong passwords
  guesses: number; // different ones
  untilMs: number;
  lastMs: number;
}

const FREE_GUESSES = 5;
const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 60_000;
const FORGOTTEN_AFTER_MS = 15 * 60_000;
const WRONG_KEPT = 8;
const RECORDS_MAX = 10_000;

/**
 * Slows down guessing per account and address, so that a carrier's NAT is never locked out as a whole.
 * A console that repeats one wrong password is no guesser: it is refused without being asked again, and costs
 * its neighbours on the same account nothing.
 */
export class LoginBackoff {
  readonly #nowMs: () => number;
  readonly #records = new Map<string, Record>(); // oldest failure first

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  standing(attempt: Attempt): Standing {
    const record = this.#records.get(keyOf(attempt));
    const nowMs = this.#nowMs();
    if (record === undefined || nowMs - record.lastMs > FORGOTTEN_AFTER_MS) return "free";
    if (record.wrong.includes(attempt.digest)) return "known-wrong";
    return nowMs < record.untilMs ? "back-off" : "free";
  }

  failed(attempt: Attempt): void {
    const key = keyOf(attempt);
    const nowMs = this.#nowMs();
    const found = this.#records.get(key);
    const record = found && nowMs - found.lastMs <= FORGOTTEN_AFTER_MS ? found : { wrong: [], guesses: 0, untilMs: 0, lastMs: 0 };
    record.lastMs = nowMs;
    if (record.wrong.includes(attempt.digest)) return; // asked several times at once
    record.guesses += 1;
    record.wrong = [...record.wrong.slice(1 - WRONG_KEPT), attempt.digest];
    const over = record.guesses - FREE_GUESSES;
    if (over >= 0) record.untilMs = nowMs + Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(over, 10));
    this.#records.delete(key);
    this.#records.set(key, record);
    const oldest = this.#records.keys().next().value;
    if (this.#records.size > RECORDS_MAX && oldest !== undefined) this.#records.delete(oldest);
  }

  succeeded(attempt: Attempt): void {
    this.#records.delete(keyOf(attempt));
  }
}

const keyOf = ({ account, address }: Attempt): string => `${address}|${account}`;
