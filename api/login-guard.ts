import type { Metrics } from "../core/runtime/metrics.ts";

/** `admitted` brings the verdict; the others say why nobody looked at the password. */
export type LoginAttempt =
  | { readonly kind: "admitted"; readonly correct: boolean }
  | { readonly kind: "backing-off"; readonly retryAfterS: number }
  | { readonly kind: "busy"; readonly retryAfterS: number };

interface Failures {
  count: number;
  untilMs: number;
  lastMs: number;
}

const FREE_FAILURES = 5; // then 1, 2, 4, … s
const ACCOUNT_WAIT_MAX_MS = 60_000; // longer would let a stranger lock a farmer out
const ADDRESS_WAIT_MAX_MS = 900_000;
const FORGET_AFTER_MS = 3_600_000;
const KEYS_MAX = 10_000; // the longest unused is forgotten
const VERIFYING_MAX = 2; // argon2id takes 19 MiB and a core each
const QUEUE_MAX = 32;

/** Slows guessing down, per account and per address, and bounds how many passwords are checked at once. */
export class LoginGuard {
  readonly #nowMs: () => number;
  readonly #metrics: Metrics;
  readonly #accounts = new Map<string, Failures>();
  readonly #addresses = new Map<string, Failures>();
  readonly #queue: (() => void)[] = [];
  #verifying = 0;

  constructor(options: { nowMs: () => number; metrics: Metrics }) {
    this.#nowMs = options.nowMs;
    this.#metrics = options.metrics;
  }

  /** `address` null: this machine, which the address limit does not hold for. */
  async attempt(who: { username: string; address: string | null }, verify: () => Promise<boolean>): Promise<LoginAttempt> {
    if (this.#queue.length >= QUEUE_MAX) return this.#refused({ kind: "busy", retryAfterS: 5 });
    await this.#enter();
    try {
      // after the queue, so that guesses sent all at once wait for each other's outcome
      const waitMs = this.#waitMs(who);
      if (waitMs > 0) return this.#refused({ kind: "backing-off", retryAfterS: Math.ceil(waitMs / 1000) });
      const correct = await verify();
      this.#metrics.count("azemichi_web_logins_total", { outcome: correct ? "correct" : "wrong" });
      if (correct) this.#accounts.delete(who.username);
      else this.#failed(who);
      return { kind: "admitted", correct };
    } finally {
      this.#leave();
    }
  }

  #refused(attempt: Exclude<LoginAttempt, { kind: "admitted" }>): LoginAttempt {
    this.#metrics.count("azemichi_web_logins_total", { outcome: attempt.kind });
    return attempt;
  }

  #waitMs(who: { username: string; address: string | null }): number {
    const untilMs = Math.max(
      this.#accounts.get(who.username)?.untilMs ?? 0,
      who.address === null ? 0 : (this.#addresses.get(addressKey(who.address))?.untilMs ?? 0),
    );
    return untilMs - this.#nowMs();
  }

  #failed(who: { username: string; address: string | null }): void {
    this.#note(this.#accounts, who.username, ACCOUNT_WAIT_MAX_MS);
    if (who.address !== null) this.#note(this.#addresses, addressKey(who.address), ADDRESS_WAIT_MAX_MS);
  }

  #note(failures: Map<string, Failures>, key: string, waitMaxMs: number): void {
    const now = this.#nowMs();
    const before = failures.get(key);
    const count = before && now - before.lastMs < FORGET_AFTER_MS ? before.count + 1 : 1;
    const waitMs = count < FREE_FAILURES ? 0 : Math.min(waitMaxMs, 1000 * 2 ** Math.min(count - FREE_FAILURES, 30));
    failures.delete(key); // to the end of the order of insertion
    failures.set(key, { count, untilMs: now + waitMs, lastMs: now });
    if (failures.size <= KEYS_MAX) return;
    const oldest = failures.keys().next().value;
    if (oldest !== undefined) failures.delete(oldest);
    this.#metrics.count("azemichi_web_login_failures_forgotten_total");
  }

  async #enter(): Promise<void> {
    if (this.#verifying < VERIFYING_MAX) this.#verifying += 1;
    else await new Promise<void>((resolve) => void this.#queue.push(resolve)); // the place is handed over
  }

  #leave(): void {
    const next = this.#queue.shift();
    if (next) next();
    else this.#verifying -= 1;
  }
}

/** One host of IPv6 owns a /64 at least. */
function addressKey(address: string): string {
  if (!address.includes(":") || address.includes(".")) return address;
  const [head = "", tail = ""] = address.split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === "" ? [] : tail.split(":");
  const zeros: string[] = address.includes("::") ? Array.from({ length: Math.max(0, 8 - left.length - right.length) }, () => "0") : [];
  return [...left, ...zeros, ...right].slice(0, 4).join(":");
}
