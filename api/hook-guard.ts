import type { Metrics } from "../core/runtime/metrics.ts";

interface Failures {
  count: number;
  untilMs: number;
  lastMs: number;
}

const FREE_FAILURES = 5; // then 1, 2, 4, … s
const WAIT_MAX_MS = 60_000;
const FORGET_AFTER_MS = 3_600_000;
const TRUSTED_MS = 86_400_000;
const KEYS_MAX = 10_000; // of either kind; the longest unused is forgotten

/**
 * Slows down who guesses hook tokens, per address. An address from which a network's right token came within a day is not held up for that
 * network: behind one address of a cloud sit many customers, and another's mistake must not cost this network an uplink.
 */
export class HookGuard {
  readonly #nowMs: () => number;
  readonly #metrics: Metrics;
  readonly #failures = new Map<string, Failures>();
  readonly #trusted = new Map<string, number>();

  constructor(options: { nowMs: () => number; metrics: Metrics }) {
    this.#nowMs = options.nowMs;
    this.#metrics = options.metrics;
  }

  /** How long nobody looks at this sender's token, ms; 0: now. */
  waitMs(who: { readonly address: string; readonly networkId: string }): number {
    const rightMs = this.#trusted.get(keyOf(who));
    if (rightMs !== undefined && this.#nowMs() - rightMs < TRUSTED_MS) return 0;
    const waitMs = Math.max(0, (this.#failures.get(who.address)?.untilMs ?? 0) - this.#nowMs());
    if (waitMs > 0) this.#metrics.count("azemichi_web_hook_logins_total", { outcome: "backing-off" });
    return waitMs;
  }

  right(who: { readonly address: string; readonly networkId: string }): void {
    this.#metrics.count("azemichi_web_hook_logins_total", { outcome: "right" });
    keep(this.#trusted, keyOf(who), this.#nowMs());
  }

  wrong(who: { readonly address: string }): void {
    this.#metrics.count("azemichi_web_hook_logins_total", { outcome: "wrong" });
    const now = this.#nowMs();
    const before = this.#failures.get(who.address);
    const count = before && now - before.lastMs < FORGET_AFTER_MS ? before.count + 1 : 1;
    const waitMs = count < FREE_FAILURES ? 0 : Math.min(WAIT_MAX_MS, 1000 * 2 ** Math.min(count - FREE_FAILURES, 30));
    keep(this.#failures, who.address, { count, untilMs: now + waitMs, lastMs: now });
  }
}

const keyOf = ({ address, networkId }: { readonly address: string; readonly networkId: string }): string => `${address} ${networkId}`;

/** To the end of the order of insertion; the first in it goes when there are too many. */
function keep<V>(map: Map<string, V>, key: string, value: V): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= KEYS_MAX) return;
  const oldest = map.keys().next().value;
  if (oldest !== undefined) map.delete(oldest);
}
