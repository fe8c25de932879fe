import type { Change, Character } from "./character.ts";
import { median, NOISE_MS, NOISE_ROWS, noiseAround } from "./local-noise.ts";
import { AROUND, AROUND_MS, AROUND_ROWS, type Trace } from "./trace.ts";
import { trendAround } from "./trend.ts";

/** A shift that goes back within this is flagged as a whole; of one that stays, the first reading is. */
const SHIFT_MS = 26 * 3_600_000;
/** How far back from its end earlier shifts are looked for. */
const EARLIER_ROWS = 145;
const EARLIER_MS = 50 * 3_600_000;
const SIGMAS = 5;
const STAYS = 0.5; // of the jump must still be there in the next readings
const LIVELY_PAIRS = 12; // on each side of a still time, that say how often equal readings are usual
const BESIDE_ROWS = 50;
const BESIDE_MS = 36 * 3_600_000;
const NO_PARTNER = -1;
const ALIKE = 0.5; // two jumps are there and back when the smaller has this part of the greater,
const SHIFT_EXCESS = 1.1; // many readings are at stake: a shift must be clearer than a step
const ALIKE_WEATHER = 0.75; // and this where one of them could be weather

const levels = new Float64Array(AROUND);
let jumpAt = new Int32Array(64);
let jumpSize = new Float64Array(64); // but for the trend
let partner = new Int32Array(64);
let isWayBack = new Uint8Array(64);
let excess = new Float64Array(64); // size over what is allowed: 1 and more is a fault

/**
 * Calls `mark` where the series jumps further than its quantity can change in the time between two readings, and stays: for the first
 * reading after the jump, and for all readings between two such jumps there and back. `trace` is `all` without its spikes.
 */
export function markJumps(trace: Trace, all: Trace, character: Character, mark: (i: number) => void): void {
  const count = findJumps(trace, all, character);
  for (let j = 0; j < count; j += 1) {
    partner[j] = partnerOf(trace, j, count);
    isWayBack[j] = 0;
  }
  for (let j = 0; j < count; j += 1) {
    const back = partner[j] as number;
    if (back === NO_PARTNER || closesEarlier(trace, j, back)) continue;
    isWayBack[back] = 1;
    for (let i = jumpAt[j] as number; i < (jumpAt[back] as number); i += 1) mark(i);
  }
  for (let j = 0; j < count; j += 1) if ((excess[j] as number) >= 1 && isWayBack[j] === 0) mark(jumpAt[j] as number);
}

function findJumps(trace: Trace, all: Trace, character: Character): number {
  const { rise, fall, same } = character;
  let count = 0;
  const gateAtOnce = ALIKE * Math.min(rise.atOnce, fall.atOnce);
  for (let i = 1; i < trace.count; i += 1) {
    const change = (trace.value[i] as number) - (trace.value[i - 1] as number);
    if (Math.abs(change) < gateAtOnce || !trace.isLinked(i)) continue;
    const hours = trace.hours(i - 1, i);
    const trend = trendAround(trace, i, i);
    const size = change - hours * trend;
    const least = ALIKE * Math.min(allowed(rise, hours), allowed(fall, hours));
    if (size * change < 0 || Math.abs(size) < least || endsStillness(trace, i, size, character)) continue;
    if (Math.abs(size) < SIGMAS * noiseAround(all, trace.origin[i] as number, same)) continue;
    if (Math.sign(size) * shiftAt(trace, i, trend) < STAYS * Math.abs(size)) continue;
    if (count === jumpAt.length) grow();
    jumpAt[count] = i;
    jumpSize[count] = size;
    excess[count] = Math.abs(size) / allowed(size > 0 ? rise : fall, hours);
    count += 1;
  }
  return count;
}

/** By how much the three points after the jump differ from the three before it, but for the trend. The newest point stands for itself. */
function shiftAt(trace: Trace, at: number, trend: number): number {
  let n = 0;
  for (let i = at; n < AROUND && (n === 0 || (trace.isLinked(i) && trace.isNear(at, i, AROUND_ROWS, AROUND_MS))); i += 1)
    n = addLevel(trace, i, n, trend * trace.hours(at, i));
  const after = median(levels, n);
  n = 0;
  for (let i = at - 1; n < AROUND && (n === 0 || (trace.isLinked(i + 1) && trace.isNear(i, at, AROUND_ROWS, AROUND_MS))); i -= 1)
    n = addLevel(trace, i, n, -trend * trace.hours(i, at));
  const before = median(levels, n);
  return after - before;
}

function addLevel(trace: Trace, i: number, n: number, drift: number): number {
  levels[n] = (trace.value[i] as number) - drift;
  return n + 1;
}

/**
 * Whether the jump at `at` only ends a still time beside livelier readings: the sensor hung, and the world went on. It is `stuck` that says so.
 * What hangs does so at the last value it had; after a leap of its own it did not hang, but was shifted.
 */
function endsStillness(trace: Trace, at: number, size: number, { same, rests }: Character): boolean {
  const still = trace.value[at - 1] as number;
  for (const [from, to] of rests.always) if (still >= from && still <= to) return false; // it may
  let first = at - 1;
  while (isEqualPair(trace, first, same) && trace.isNear(first - 1, at, NOISE_ROWS, NOISE_MS)) first -= 1;
  let pairs = 0;
  let equal = 0;
  for (let i = at + 1; i <= at + LIVELY_PAIRS && trace.isLinked(i) && trace.isNear(at, i, BESIDE_ROWS, BESIDE_MS); i += 1) {
    pairs += 1;
    if (isEqualPair(trace, i, same)) equal += 1;
  }
  for (let i = first; i > first - LIVELY_PAIRS && trace.isLinked(i) && trace.isNear(i - 1, at, BESIDE_ROWS, BESIDE_MS); i -= 1) {
    pairs += 1;
    if (isEqualPair(trace, i, same)) equal += 1;
  }
  // Several times the length that equal readings come in around it.
  if (pairs === 0 || at - 1 - first < Math.max(4, 5 / (1.05 - equal / pairs))) return false;
  return !trace.isLinked(first) || ((trace.value[first] as number) - (trace.value[first - 1] as number)) * -Math.sign(size) < 0.5 * Math.abs(size);
}

function isEqualPair(trace: Trace, i: number, same: number): boolean {
  return trace.isLinked(i) && Math.abs((trace.value[i] as number) - (trace.value[i - 1] as number)) <= same;
}

/** The jump that undoes jump `j`: of those of the other sign before the next fault, that fault included, the one most alike. */
function partnerOf(trace: Trace, j: number, count: number): number {
  let found = NO_PARTNER;
  let best = 0;
  for (let k = j + 1; k < count && isWithin(trace, j, k, SHIFT_MS); k += 1) {
    const alike = alikeness(j, k);
    if (alike > best) {
      best = alike;
      found = k;
    }
    if ((excess[k] as number) >= 1) break;
  }
  return found;
}

/** The smaller of two jumps as a part of the greater; 0 where they cannot be there and back of one shift. */
function alikeness(j: number, k: number): number {
  const [there, back] = [jumpSize[j] as number, jumpSize[k] as number];
  if (there * back > 0 || Math.max(excess[j] as number, excess[k] as number) < SHIFT_EXCESS) return 0;
  const alike = Math.min(Math.abs(there), Math.abs(back)) / Math.max(Math.abs(there), Math.abs(back));
  return alike >= (Math.min(excess[j] as number, excess[k] as number) >= 1 ? ALIKE : ALIKE_WEATHER) ? alike : 0;
}

/**
 * Whether jump `j`, undone by `back`, is itself the way back of an earlier one: two shifts in a row leave a time between them that looks like
 * a third. Of what lies within reach of `back`, the earliest is taken first.
 */
function closesEarlier(trace: Trace, j: number, back: number): boolean {
  let i = j;
  while (i > 0 && isWithin(trace, i - 1, back, EARLIER_MS)) i -= 1;
  while (i < j) {
    const undoneBy = partner[i] as number;
    if (undoneBy === j) return true;
    i = undoneBy === NO_PARTNER || undoneBy > j ? i + 1 : undoneBy + 1;
  }
  return false;
}

function isWithin(trace: Trace, j: number, k: number, ms: number): boolean {
  return trace.isNear((jumpAt[j] as number) - 1, jumpAt[k] as number, EARLIER_ROWS, ms);
}

function allowed({ atOnce, perHour }: Change, hours: number): number {
  return atOnce + perHour * hours;
}

/** Room for twice as many jumps. */
function grow(): void {
  const [at, size, over] = [jumpAt, jumpSize, excess];
  const room = 2 * at.length;
  jumpAt = new Int32Array(room);
  jumpSize = new Float64Array(room);
  excess = new Float64Array(room);
  partner = new Int32Array(room);
  isWayBack = new Uint8Array(room);
  jumpAt.set(at);
  jumpSize.set(size);
  excess.set(over);
}
