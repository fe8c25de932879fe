import type { Character } from "./character.ts";
import type { Trace } from "./trace.ts";

/** How far around a still time its surroundings are looked at, and how far from its end a reading knows of them. */
export const BESIDE_ROWS = 36;
export const BESIDE_MS = 36 * 3_600_000;
export const SIGHT_ROWS = 140;
export const SIGHT_MS = 60 * 3_600_000;

const LEAST_PAIRS = 5; // equal neighbours: fewer are chance
const LEAST_BESIDE = 8; // pairs on a side, to know how often equal ones are usual
/** -ln of the chance that so many equal neighbours are nothing: 1 in 3,000 each time, before time and resting places are asked. */
const EVIDENCE = 8;
/** The same where the value comes and goes by the least step of the sensor: so does the top of a smooth wave. */
const EVIDENCE_SMOOTH = 24;
/** Fewer turns than this part of its steps: a smooth series; noise turns at every second step. */
const SMOOTH_TURNS = 0.25;
/** A value that readings beside a still time have this often is an end of what the quantity can be, not the top of noise. */
const OFTEN = 0.2;
const ALL_DAY_H = 12; // a temperature of air that does not vary for so long is a fault by itself

/** What lies on one side of a still time, within BESIDE. */
interface Side {
  pairs: number; // of neighbours
  equal: number; // pairs
  points: number;
  alike: number; // points with the value of the still time
  turns: number; // steps against the direction of the step before
  min: number;
  max: number;
  leastStep: number; // smallest difference between unequal neighbours
  leap: number; // between the still time and its neighbour; 0 = nothing near
}
const left = emptySide();
const right = emptySide();
const nowhere = emptySide();

/**
 * Calls `mark` for each reading of a time in which a sensor says the same over and over although it does not usually: longer than chance,
 * than its kind allows, and not where its quantity may rest. The whole time is marked; of one longer than SIGHT, what sees one of its ends,
 * and its middle where the
 * quantity varies every day.
 */
export function markStillness(trace: Trace, character: Character, mark: (i: number) => void): void {
  const { same, stuckFromH } = character;
  for (let first = 0; first < trace.count - LEAST_PAIRS; ) {
    let last = first;
    while (last + 1 < trace.count && Math.abs((trace.value[last + 1] as number) - (trace.value[last] as number)) <= same && trace.isLinked(last + 1)) last += 1;
    if (last - first >= LEAST_PAIRS && trace.hours(first, last) >= stuckFromH) judgeStill(trace, first, last, character, mark);
    first = last + 1;
  }
}

function judgeStill(trace: Trace, first: number, last: number, character: Character, mark: (i: number) => void): void {
  const value = trace.value[first] as number;
  if (Math.abs((trace.value[last] as number) - value) > 2 * character.same) return; // creeps
  for (const [from, to] of character.rests.always) if (value >= from && value <= to) return;
  look(trace, first, -1, { into: left, same: character.same });
  look(trace, last, 1, { into: right, same: character.same });
  const judged = { hours: trace.hours(first, last), value, character };
  const whole = isFault(left, right, last - first, judged);
  const leftOnly = isFault(left, nowhere, pairsInSight(trace, first, 1), judged);
  const rightOnly = isFault(nowhere, right, pairsInSight(trace, last, -1), judged);
  for (let i = first; i <= last; i += 1) {
    const seesLeft = trace.isNear(first, i, SIGHT_ROWS, SIGHT_MS);
    const seesRight = trace.isNear(i, last, SIGHT_ROWS, SIGHT_MS);
    const fault = seesLeft ? (seesRight ? whole : leftOnly) : seesRight ? rightOnly : character.variesDaily;
    if (fault) mark(i);
  }
}

function isFault(before: Side, after: Side, pairs: number, { hours, value, character }: { hours: number; value: number; character: Character }): boolean {
  const { rests, same, variesDaily } = character;
  const max = Math.max(before.max, after.max);
  const min = Math.min(before.min, after.min);
  const beside = before.pairs + after.pairs;
  if (beside < LEAST_BESIDE) return variesDaily && hours >= ALL_DAY_H;
  const equal = before.equal + after.equal;
  const evidence = -pairs * Math.log((equal + 1) / (beside + 2));
  const isSmooth = before.turns + after.turns < SMOOTH_TURNS * (beside - equal);
  const isAtEnd = (value >= rests.crest && max <= value + same) || (value <= rests.trough && min >= value - same);
  if (isAtEnd && (isSmooth || before.alike + after.alike >= OFTEN * (before.points + after.points))) return false;
  const creptInAndOut = Math.max(before.leap, after.leap) <= 1.5 * Math.min(before.leastStep, after.leastStep);
  return evidence >= (isSmooth && creptInAndOut ? EVIDENCE_SMOOTH : EVIDENCE);
}

/** How many pairs of the still time every reading sees that sees this end of it but not the other. */
function pairsInSight(trace: Trace, end: number, step: 1 | -1): number {
  let pairs = 0;
  for (let i = end + step; i >= 0 && i < trace.count; i += step) {
    if (step > 0 ? !trace.isNear(end, i, SIGHT_ROWS, SIGHT_MS) || !trace.isLinked(i) : !trace.isNear(i, end, SIGHT_ROWS, SIGHT_MS) || !trace.isLinked(i + 1)) break;
    pairs += 1;
  }
  return pairs;
}

function look(trace: Trace, end: number, step: 1 | -1, { into, same }: { into: Side; same: number }): void {
  Object.assign(into, emptySide());
  const neighbour = end + step;
  if (step > 0 ? trace.isLinked(neighbour) : trace.isLinked(end)) into.leap = Math.abs((trace.value[neighbour] as number) - (trace.value[end] as number));
  let direction = 0;
  for (let i = neighbour; i >= 0 && i < trace.count; i += step) {
    if (step > 0 ? !trace.isNear(end, i, BESIDE_ROWS, BESIDE_MS) : !trace.isNear(i, end, BESIDE_ROWS, BESIDE_MS)) break;
    const value = trace.value[i] as number;
    into.points += 1;
    if (Math.abs(value - (trace.value[end] as number)) <= same) into.alike += 1;
    into.min = Math.min(into.min, value);
    into.max = Math.max(into.max, value);
    if (i === neighbour || !trace.isLinked(step > 0 ? i : i + 1)) continue;
    into.pairs += 1;
    const change = value - (trace.value[i - step] as number);
    if (Math.abs(change) <= same) {
      into.equal += 1;
      continue;
    }
    into.leastStep = Math.min(into.leastStep, Math.abs(change));
    if (change * direction < 0) into.turns += 1;
    direction = change;
  }
}

function emptySide(): Side {
  return { points: 0, alike: 0, pairs: 0, equal: 0, turns: 0, min: Number.POSITIVE_INFINITY, max: Number.NEGATIVE_INFINITY, leastStep: Number.POSITIVE_INFINITY, leap: 0 };
}
