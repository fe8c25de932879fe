import type { Change, Character } from "./character.ts";
import type { Trace } from "./trace.ts";

/** How far around a still time its surroundings are looked at, and how far from its end a reading knows of them. */
export const BESIDE_ROWS = 36;
export const BESIDE_MS = 36 * 3_600_000;
export const SIGHT_ROWS = 160;
export const SIGHT_MS = 60 * 3_600_000;

const LEAST_PAIRS = 3; // equal neighbours: fewer are chance
const LEAST_BESIDE = 8; // pairs on a side, to know how often equal ones are usual
/** -ln of the chance that so many equal neighbours are nothing: 1 in 1,800 each time, before time and resting places are asked. */
const EVIDENCE = 7.5;
/** The same where the value comes and goes by the least step of the sensor: so does the top of a smooth wave. */
const EVIDENCE_SMOOTH = 24;
/** Fewer turns than this part of its steps: a smooth series; noise turns at every second step. */
const SMOOTH_TURNS = 0.25;
/** A value that readings beside a still time have this often is an end of what the quantity can be, not the top of noise. */
const OFTEN = 0.2;
/** Parts of the pairs that differ by more than one digit, or zigzag so. Below both the resolution hides the noise. */
const MOVING = 0.25;
const NOISY = 0.06;
const EVIDENCE_LEAP = 2; // twice as long as usual, and it leaps out of it
const LEAP_DIGITS = 2.5;
/** Without a leap: 1 in a million, and many times as long as any rest around, for a slow quantity rests longer at some times than at others. */
const EVIDENCE_ALONE = 14;
const LONGER_THAN_BESIDE = 6;
const COARSE_DAY_H = 15;
const ALL_DAY_H = 12; // a temperature of air that does not vary for so long is a fault by itself

/** What lies on one side of a still time, within BESIDE. */
interface Side {
  pairs: number; // of neighbours
  equal: number; // pairs
  longest: number; // equal pairs in a row
  points: number;
  alike: number; // points with the value of the still time
  turns: number; // steps against the direction of the step before
  min: number;
  max: number;
  leastStep: number; // smallest difference between unequal neighbours
  leap: number; // change from the still time to its neighbour or from that to it, as time goes; 0 = nothing near
  readonly changes: Float64Array; // from each point to the next, `pairs` of them
}
const left = emptySide();
const right = emptySide();
const nowhere = emptySide();

/**
 * Calls `mark` for each reading of a time in which a sensor says the same over and over although it does not usually: longer than chance,
 * than its kind allows, and not where its quantity may rest. The whole time is marked; of one longer than SIGHT, what sees one of its ends,
 * and its middle where the quantity varies every day.
 */
export function markStillness(trace: Trace, character: Character, mark: (i: number) => void): void {
  const { same } = character;
  for (let first = 0; first < trace.count - LEAST_PAIRS; ) {
    let last = first;
    while (last + 1 < trace.count && Math.abs((trace.value[last + 1] as number) - (trace.value[last] as number)) <= same && trace.isLinked(last + 1)) last += 1;
    if (last - first >= LEAST_PAIRS && trace.hours(first, last) >= character.stuckFromH) markStill(trace, { first, last }, character, mark);
    first = last + 1;
  }
}

/** A still time, or what can be seen of it. */
interface Stretch {
  readonly first: number;
  readonly last: number;
}

/** All that a reading's verdict rests on is within its own sight: its time's whole, one end of it, or neither. */
function markStill(trace: Trace, { first, last }: Stretch, character: Character, mark: (i: number) => void): void {
  look(trace, first, -1, { into: left, same: character.same });
  look(trace, last, 1, { into: right, same: character.same });
  const whole = isFault(trace, { first, last }, { before: left, after: right }, character);
  const leftOnly = isFault(trace, { first, last: inSight(trace, first, { first, last }, 1) }, { before: left, after: nowhere }, character);
  const rightOnly = isFault(trace, { first: inSight(trace, last, { first, last }, -1), last }, { before: nowhere, after: right }, character);
  let from = first;
  let to = first;
  for (let i = first; i <= last; i += 1) {
    while (!trace.isNear(from, i, SIGHT_ROWS, SIGHT_MS)) from += 1;
    while (to < last && trace.isNear(i, to + 1, SIGHT_ROWS, SIGHT_MS)) to += 1;
    const ends = from === first ? (to === last ? whole : leftOnly) : to === last ? rightOnly : null;
    if (ends ?? isDeadDay(trace, { first: from, last: to }, character)) mark(i);
  }
}

/** The last point of the still time that is in sight of `end`. */
function inSight(trace: Trace, end: number, { first, last }: Stretch, step: 1 | -1): number {
  let i = end;
  while (step > 0 ? i < last && trace.isNear(end, i + 1, SIGHT_ROWS, SIGHT_MS) : i > first && trace.isNear(i - 1, end, SIGHT_ROWS, SIGHT_MS)) i += step;
  return i;
}

function isDeadDay(trace: Trace, stretch: Stretch, character: Character): boolean {
  return character.variesDaily && mayNotBe(trace, stretch, character) && trace.hours(stretch.first, stretch.last) >= ALL_DAY_H;
}

/** Whether the quantity cannot rest here for so long without more ado. */
function mayNotBe(trace: Trace, { first, last }: Stretch, { same, stuckFromH, rests }: Character): boolean {
  const value = trace.value[first] as number;
  if (Math.abs((trace.value[last] as number) - value) > 2 * same) return false; // creeps
  for (const [from, to] of rests.always) if (value >= from && value <= to) return false;
  return trace.hours(first, last) >= stuckFromH;
}

function isFault(trace: Trace, stretch: Stretch, { before, after }: { before: Side; after: Side }, character: Character): boolean {
  const { rests, same, variesDaily } = character;
  if (!mayNotBe(trace, stretch, character)) return false;
  const { first, last } = stretch;
  const value = trace.value[first] as number;
  const hours = trace.hours(first, last);
  const beside = before.pairs + after.pairs;
  if (beside < LEAST_BESIDE) return variesDaily && hours >= ALL_DAY_H;
  const leastStep = Math.min(before.leastStep, after.leastStep);
  const isSmooth = before.turns + after.turns < SMOOTH_TURNS * (beside - before.equal - after.equal);
  const isAtEnd =
    (value >= rests.crest && Math.max(before.max, after.max) <= value + same) || (value <= rests.trough && Math.min(before.min, after.min) >= value - same);
  if (isAtEnd && (isSmooth || before.alike + after.alike >= OFTEN * (before.points + after.points))) return false;
  const evidence = -(last - first) * Math.log((before.equal + after.equal + 1) / (beside + 2));
  const showsItsNoise =
    widePairs(before, leastStep) + widePairs(after, leastStep) >= MOVING * beside ||
    zigzags(before, leastStep) + zigzags(after, leastStep) >= Math.max(2, NOISY * beside);
  if (!showsItsNoise)
    return (
      (variesDaily && hours >= COARSE_DAY_H) ||
      (evidence >= EVIDENCE_LEAP && leapOf(before, after, character) >= LEAP_DIGITS * leastStep) ||
      (evidence >= EVIDENCE_ALONE && last - first >= LONGER_THAN_BESIDE * Math.max(before.longest, after.longest))
    );
  const creptInAndOut = Math.max(Math.abs(before.leap), Math.abs(after.leap)) <= 1.5 * leastStep;
  return evidence >= (isSmooth && creptInAndOut ? EVIDENCE_SMOOTH : EVIDENCE);
}

/** Pairs that differ by more than one digit. */
function widePairs({ changes, pairs }: Side, digit: number): number {
  let wide = 0;
  for (let i = 0; i < pairs; i += 1) if (Math.abs(changes[i] as number) > 1.5 * digit) wide += 1;
  return wide;
}

/** Changes there and back at once, one of them by more than one digit. */
function zigzags({ changes, pairs }: Side, digit: number): number {
  let n = 0;
  for (let i = 1; i < pairs; i += 1) {
    const [one, next] = [changes[i - 1] as number, changes[i] as number];
    if (one * next < 0 && Math.max(Math.abs(one), Math.abs(next)) > 1.5 * digit) n += 1;
  }
  return n;
}

/** By how much the value leapt at either end of the still time, where that is neither water let in nor a step of its own. */
function leapOf(before: Side, after: Side, { rise, fall }: Character): number {
  return Math.max(catchingUp(before.leap, rise, fall), catchingUp(after.leap, rise, fall));
}

function catchingUp(leap: number, rise: Change, fall: Change): number {
  const [allowed, other] = leap > 0 ? [rise.atOnce, fall.atOnce] : [fall.atOnce, rise.atOnce];
  return Math.abs(leap) > allowed || allowed > 2 * other ? 0 : Math.abs(leap);
}

function look(trace: Trace, end: number, step: 1 | -1, { into, same }: { into: Side; same: number }): void {
  into.points = into.alike = into.pairs = into.equal = into.turns = into.leap = into.longest = 0;
  into.min = into.leastStep = Number.POSITIVE_INFINITY;
  into.max = Number.NEGATIVE_INFINITY;
  const neighbour = end + step;
  const value = trace.value[end] as number;
  if (trace.isLinked(step > 0 ? neighbour : end)) into.leap = ((trace.value[neighbour] as number) - value) * step;
  let direction = 0;
  let inARow = 0;
  for (let i = neighbour; i >= 0 && i < trace.count; i += step) {
    if (step > 0 ? !trace.isNear(end, i, BESIDE_ROWS, BESIDE_MS) : !trace.isNear(i, end, BESIDE_ROWS, BESIDE_MS)) break;
    const here = trace.value[i] as number;
    into.points += 1;
    if (Math.abs(here - value) <= same) into.alike += 1;
    into.min = Math.min(into.min, here);
    into.max = Math.max(into.max, here);
    if (i === neighbour || !trace.isLinked(step > 0 ? i : i + 1)) continue;
    const change = here - (trace.value[i - step] as number);
    into.changes[into.pairs] = change;
    into.pairs += 1;
    if (Math.abs(change) <= same) {
      into.equal += 1;
      inARow += 1;
      into.longest = Math.max(into.longest, inARow);
      continue;
    }
    inARow = 0;
    into.leastStep = Math.min(into.leastStep, Math.abs(change));
    if (change * direction < 0) into.turns += 1;
    direction = change;
  }
}

function emptySide(): Side {
  return {
    points: 0,
    alike: 0,
    pairs: 0,
    equal: 0,
    longest: 0,
    turns: 0,
    min: Number.POSITIVE_INFINITY,
    max: Number.NEGATIVE_INFINITY,
    leastStep: Number.POSITIVE_INFINITY,
    leap: 0,
    changes: new Float64Array(BESIDE_ROWS),
  };
}
