/** A live session of an account, as the cap sees it. */
export interface CountedSession {
  readonly lastSignOfLifeMs: number; // its GGA was heard, or its send queue was seen emptied
}

export interface SessionCap<S extends CountedSession> {
  readonly maxSessions: number; // 0: no limit
  readonly staffTest: boolean; // of this account: its sessions never count
  readonly sessions: Iterable<S>; // of this account, now; not looked at where there is no limit
  readonly nowMs: number;
}

/** admit: after `replaces` have been cut, none as a rule. */
export type CapVerdict<S> = { readonly kind: "admit"; readonly replaces: readonly S[] } | { readonly kind: "refuse" };

/** A console that reconnects must not be shut out by its own ghost; what showed life within this time is no ghost. */
export const MUTE_AFTER_MS = 15_000;

/**
 * Whether an account may have one session more. At the cap the session with the oldest sign of life gives way if that is over
 * 15 s ago, else the newcomer is refused: a live session is never cut. Where the cap was lowered, as many mute ones as are over go.
 */
export function sessionCap<S extends CountedSession>({ maxSessions, staffTest, sessions, nowMs }: SessionCap<S>): CapVerdict<S> {
  if (maxSessions === 0 || staffTest) return { kind: "admit", replaces: [] };
  const live = [...sessions];
  const over = live.length + 1 - maxSessions;
  if (over <= 0) return { kind: "admit", replaces: [] };
  const mute = live.filter((session) => nowMs - session.lastSignOfLifeMs > MUTE_AFTER_MS).sort((a, b) => a.lastSignOfLifeMs - b.lastSignOfLifeMs);
  return mute.length < over ? { kind: "refuse" } : { kind: "admit", replaces: mute.slice(0, over) };
}
