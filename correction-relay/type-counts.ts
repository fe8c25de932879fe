import type { BaseHealth } from "../core/domain/live.ts";
import { RateWindow } from "./rate-window.ts";

const RATE_WINDOW_S = 60; // a 1006 every 30 s still shows a rate
const SHOWN_MAX = 64;

/** How often each message type came in a source session. */
export class TypeCounts {
  readonly #types = new Map<number, { count: number; readonly window: RateWindow }>(); // at most 4096: a type has 12 bits

  count(type: number, atMs: number): void {
    let seen = this.#types.get(type);
    if (seen === undefined) {
      seen = { count: 0, window: new RateWindow(RATE_WINDOW_S) };
      this.#types.set(type, seen);
    }
    seen.count += 1;
    seen.window.add(atMs);
  }

  has(type: number): boolean {
    return this.#types.has(type);
  }

  /** Any of these types, both ends included. */
  hasAny(first: number, last: number): boolean {
    for (const type of this.#types.keys()) if (type >= first && type <= last) return true;
    return false;
  }

  rates(nowMs: number, sinceMs: number): { readonly type: number; readonly ratePerS: number }[] {
    return [...this.#types].map(([type, { window }]) => ({ type, ratePerS: window.perS(nowMs, sinceMs) })).sort((a, b) => a.type - b.type);
  }

  /** For people: of more types than can be shown, those that came most often. */
  shown(nowMs: number, sinceMs: number): BaseHealth["messages"] {
    return [...this.#types]
      .sort(([, a], [, b]) => b.count - a.count)
      .slice(0, SHOWN_MAX)
      .map(([type, { count, window }]) => ({ type, count, ratePerS: Math.round(window.perS(nowMs, sinceMs) * 1000) / 1000 }))
      .sort((a, b) => a.type - b.type);
  }
}
