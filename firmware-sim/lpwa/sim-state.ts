import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/**
 * What a fleet must remember over a restart: frame counters go on, and only the gap is sent as late uplinks.
 * Counters are written ahead of use (`reserve`): after a crash some numbers are skipped, none is used twice.
 */
export interface SimState {
  readonly session: number; // of the devices: a state that was lost means new device addresses, as after a join
  readonly firstStartMs: number;
  readonly sentUntilMs: number | null; // event time up to which everything was sent; null = nothing yet
  readonly fCnts: Readonly<Record<string, number>>; // devEui → next frame counter
}

const DEVICES_MAX = 1000; // a file with more is not ours
const UINT32 = 2 ** 32;

/** The state on disk, or null when there is none or it cannot be read (a crash, a stranger's edit): then the fleet starts anew. */
export function readSimState(path: string): SimState | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return null; // absent or cut short: both mean "start anew"
  }
  return isSimState(parsed) ? { session: parsed.session, firstStartMs: parsed.firstStartMs, sentUntilMs: parsed.sentUntilMs, fCnts: parsed.fCnts } : null;
}

/** Atomic: a reader sees the old file or the new one. */
export function writeSimState(path: string, state: SimState): void {
  mkdirSync(dirname(path), { recursive: true });
  const half = `${path}.tmp`;
  writeFileSync(half, `${JSON.stringify(state)}\n`, { mode: 0o600, flush: true });
  renameSync(half, path);
}

function isSimState(value: unknown): value is SimState {
  if (typeof value !== "object" || value === null) return false;
  const { session, firstStartMs, sentUntilMs, fCnts } = value as Record<string, unknown>;
  if (!isCount(session) || !isTime(firstStartMs) || !(sentUntilMs === null || isTime(sentUntilMs))) return false;
  if (typeof fCnts !== "object" || fCnts === null) return false;
  const counters = Object.entries(fCnts);
  return counters.length <= DEVICES_MAX && counters.every(([devEui, next]) => /^[0-9a-f]{16}$/.test(devEui) && isCount(next));
}

const isCount = (value: unknown): value is number => Number.isInteger(value) && (value as number) >= 0 && (value as number) < UINT32;
const isTime = (value: unknown): value is number => Number.isFinite(value) && (value as number) >= 0;
