/**
 * Which frames of a device are copies of one another, and which session of the device a frame belongs to. A session is a number
 * of our own, since frame counters start again at a join, a reset or a change of network. Pure over a small port.
 */
export interface Session {
  readonly number: number;
  readonly sessionKey: string | null; // devAddr or session_key_id; null = not known yet
  readonly startMs: number; // event time of the join, else of the earliest frame
  readonly joined: boolean;
  readonly lastFCnt: number; // of the frame latest in event time; -1 = none yet
  readonly lastTimeMs: number;
}

export interface FrameKey {
  readonly devEui: string;
  readonly fCnt: number;
  readonly fPort: number; // -1 = none
  readonly payloadHash: string;
}
export interface Frame extends FrameKey {
  readonly sessionKey: string | null;
  readonly timeMs: number; // event time
  readonly uplinkSeq: number; // journal number: a frame that is read again is no copy of itself
}
/** How one gateway heard a frame: its name, dBm, dB. */
export type Reception = readonly [gatewayId: string, rssiDbm: number | null, snrDb: number | null];
/** A frame that was placed before. */
export interface FoundFrame {
  readonly session: number;
  readonly timeMs: number; // of its earliest copy
  readonly timeSource: string;
  readonly uplinkSeq: number;
  readonly receptions: readonly Reception[]; // of all copies
}

export interface SessionReader {
  /** The device's sessions, newest first; a bounded number. */
  sessions(devEui: string): readonly Session[];
  /** Frames with this key, of the days for which keys are kept. */
  framesLike(key: FrameKey): readonly FoundFrame[];
}

export type FramePlace = { readonly kind: "duplicate"; readonly of: FoundFrame } | { readonly kind: "fresh"; readonly session: Session };

/** Copies of one frame reach us through several gateways and brokers, and again after a lost acknowledgement; their event times are that close. */
export const DUPLICATE_WINDOW_MS = 10 * 60_000;

/**
 * The duplicate is looked for before anything else, in every session that the frame can belong to: an old frame that comes again
 * is no reset. `fresh` carries the session as it has to be saved.
 */
export function placeFrame(frame: Frame, reader: SessionReader): FramePlace {
  const sessions = reader.sessions(frame.devEui);
  const alike = reader.framesLike(frame).filter((other) => other.uplinkSeq !== frame.uplinkSeq);
  let nearest: FoundFrame | null = null;
  for (const other of alike) {
    if (distanceMs(frame, other) > DUPLICATE_WINDOW_MS || !canBeCopies(frame, other, sessions)) continue;
    if (nearest === null || distanceMs(frame, other) < distanceMs(frame, nearest)) nearest = other;
  }
  return nearest === null ? { kind: "fresh", session: sessionOf(frame, sessions, alike) } : { kind: "duplicate", of: nearest };
}

function distanceMs(a: { timeMs: number }, b: { timeMs: number }): number {
  return Math.abs(a.timeMs - b.timeMs);
}

/** A join begins a session; the same join told again does not. Null: nothing changes. */
export function placeJoin(join: { sessionKey: string | null; timeMs: number }, sessions: readonly Session[]): Session | null {
  const { sessionKey, timeMs } = join;
  const known = sessions.find((s) => (sessionKey === null ? s.joined : s.sessionKey === sessionKey) && Math.abs(s.startMs - timeMs) <= DUPLICATE_WINDOW_MS);
  if (known?.joined) return null;
  if (known) return { ...known, joined: true, startMs: Math.min(known.startMs, timeMs) }; // its first frames overtook it
  return { number: nextNumber(sessions), sessionKey, startMs: timeMs, joined: true, lastFCnt: -1, lastTimeMs: timeMs };
}

function canBeCopies(frame: Frame, other: { session: number; timeMs: number }, sessions: readonly Session[]): boolean {
  const key = sessions.find((s) => s.number === other.session)?.sessionKey ?? null;
  if (frame.sessionKey !== null && key !== null) return frame.sessionKey === key;
  // Without keys to compare, a join between the two is what tells them apart.
  const [fromMs, toMs] = frame.timeMs < other.timeMs ? [frame.timeMs, other.timeMs] : [other.timeMs, frame.timeMs];
  return !sessions.some((s) => s.joined && s.startMs > fromMs && s.startMs <= toMs);
}

function sessionOf(frame: Frame, sessions: readonly Session[], alike: readonly FoundFrame[]): Session {
  const candidate = candidateFor(frame, sessions);
  if (candidate === null) return begin(frame, sessions);
  const isReset = frame.fCnt < candidate.lastFCnt && frame.timeMs > candidate.lastTimeMs;
  // The same key, but not a copy: more than ten minutes lie between, so the counter came round a second time.
  if (isReset || alike.some((other) => other.session === candidate.number)) return begin(frame, sessions);
  const isLatest = frame.timeMs >= candidate.lastTimeMs || candidate.lastFCnt < 0;
  return {
    number: candidate.number,
    sessionKey: candidate.sessionKey ?? frame.sessionKey,
    startMs: candidate.joined ? candidate.startMs : Math.min(candidate.startMs, frame.timeMs),
    joined: candidate.joined,
    lastFCnt: isLatest ? frame.fCnt : candidate.lastFCnt,
    lastTimeMs: isLatest ? frame.timeMs : candidate.lastTimeMs,
  };
}

/**
 * Among the sessions with the frame's key, the one that was running at its event time: so an uplink of an earlier session that
 * comes late, after a join, goes back to where it belongs. A null key changes nothing: any session of that time will do, and a
 * session whose key was not known yet takes the first key that it sees.
 */
function candidateFor(frame: Frame, sessions: readonly Session[]): Session | null {
  const sameKey = frame.sessionKey === null ? sessions : sessions.filter((s) => s.sessionKey === frame.sessionKey);
  const running = runningAt(frame.timeMs, sameKey);
  if (running !== null) return running;
  const newest = sessions.reduce<Session | null>((best, s) => (best === null || s.startMs > best.startMs ? s : best), null);
  return newest !== null && newest.sessionKey === null && frame.timeMs >= newest.startMs ? newest : null;
}

/** The session that began last before `timeMs`; before all of them, the earliest. */
function runningAt(timeMs: number, sessions: readonly Session[]): Session | null {
  let best: Session | null = null;
  for (const s of sessions) {
    if (best === null) best = s;
    else if (s.startMs <= timeMs) {
      if (best.startMs > timeMs || s.startMs > best.startMs || (s.startMs === best.startMs && s.number > best.number)) best = s;
    } else if (best.startMs > timeMs && s.startMs < best.startMs) best = s;
  }
  return best;
}

function begin(frame: Frame, sessions: readonly Session[]): Session {
  return { number: nextNumber(sessions), sessionKey: frame.sessionKey, startMs: frame.timeMs, joined: false, lastFCnt: frame.fCnt, lastTimeMs: frame.timeMs };
}

function nextNumber(sessions: readonly Session[]): number {
  return sessions.reduce((max, s) => Math.max(max, s.number), 0) + 1;
}
