/**
 * What to do for a rover while its base is silent (ntrip.md §3.3): from 4 s on the ARP and a sentence every 5 s, so that its
 * console does not give up; after 20 s of that the connection is closed, since by then receivers have lost RTK and a console
 * with a base of its own to fall back on must notice.
 */
export const BRIDGE = { fromMs: 4000, everyMs: 5000, forMs: 20_000 } as const;

export type BridgeStep = "nothing" | "say" | "close";

/** `silentForMs` now and at the last look, both without data in between; null: there was data, or no look before. */
export function bridgeStep(silentForMs: number, atLastLookMs: number | null): BridgeStep {
  if (silentForMs >= BRIDGE.fromMs + BRIDGE.forMs) return "close";
  const saidNow = sentences(silentForMs);
  const saidBefore = atLastLookMs === null ? 0 : sentences(atLastLookMs);
  return saidNow > saidBefore ? "say" : "nothing";
}

/** How many sentences are due after so long. */
const sentences = (silentForMs: number): number => (silentForMs < BRIDGE.fromMs ? 0 : 1 + Math.floor((silentForMs - BRIDGE.fromMs) / BRIDGE.everyMs));
