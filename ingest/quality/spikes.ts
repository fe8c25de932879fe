import type { Character } from "./character.ts";
import { noiseAround } from "./local-noise.ts";
import type { Trace } from "./trace.ts";
import { trendAround } from "./trend.ts";

/** More points than this that leave and return are a shift (jumps.ts). */
export const SPIKE_POINTS = 3;
const SIGMAS = 4.5;
/** Both ends of a spike leap by this part of its size at least. */
const RETURNS = 0.4;
/** Over this time the weather itself bends as much as the smallest spike; what is asked of a spike across a gap grows with it. */
const BEND_H = 4;

/**
 * Marks in `marks` the points of one to three consecutive readings that leave and return: both sides disagree with them by more than
 * the noise around allows, and agree with each other. Whether something was marked.
 */
export function markSpikes(trace: Trace, character: Character, marks: Uint8Array): boolean {
  if (character.spike === null) return false;
  let found = false;
  for (let first = 1; first + 1 < trace.count; first += 1) {
    const jump = (trace.value[first] as number) - (trace.value[first - 1] as number);
    if (Math.abs(jump) < RETURNS * character.spike || !trace.isLinked(first)) continue;
    const last = endOfSpike(trace, first, character);
    if (last === null) continue;
    for (let i = first; i <= last; i += 1) marks[i] = 1;
    found = true;
  }
  return found;
}

/** The last point of the shortest spike that begins at `first`. Sizes are measured from the straight line between the points before and after it. */
function endOfSpike(trace: Trace, first: number, { spike, same }: Character): number | null {
  const { value, timeMs } = trace;
  const before = value[first - 1] as number;
  const sign = (value[first] as number) > before ? 1 : -1;
  for (let last = first; last < first + SPIKE_POINTS && trace.isLinked(last + 1); last += 1) {
    const after = value[last + 1] as number;
    const hours = trace.hours(first - 1, last + 1);
    const slope = (after - before) / ((timeMs[last + 1] as number) - (timeMs[first - 1] as number));
    let size = Number.POSITIVE_INFINITY;
    for (let i = first; i <= last; i += 1)
      size = Math.min(size, sign * ((value[i] as number) - before - slope * ((timeMs[i] as number) - (timeMs[first - 1] as number))));
    const least = (spike as number) * (1 + (hours / BEND_H) ** 2);
    if (size < least || sign * ((value[last] as number) - after) < RETURNS * size || sign * ((value[first] as number) - before) < RETURNS * size) continue;
    if (Math.abs(after - before - hours * trendAround(trace, first, last + 1)) > 0.5 * size) continue;
    if (size >= SIGMAS * noiseAround(trace, first, same)) return last;
  }
  return null;
}
