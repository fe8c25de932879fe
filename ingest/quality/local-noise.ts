import type { Trace } from "./trace.ts";

/** How far around a point its noise is measured. */
export const NOISE_ROWS = 36;
export const NOISE_MS = 24 * 3_600_000;

const sizes = new Float64Array(2 * NOISE_ROWS + 2);
const MAD_TO_SIGMA = 1.4826; // of a normal distribution

/**
 * How much a reading usually differs from the mean of its two neighbours around point `at`: a robust standard deviation in the
 * quantity's unit, `same` at least. A few faults among them do not move it.
 */
export function noiseAround(trace: Trace, at: number, same: number): number {
  let n = 0;
  for (let i = at - 1; i > 0 && trace.isNear(i - 1, at, NOISE_ROWS, NOISE_MS); i -= 1) n = add(trace, i, n);
  for (let i = at; i + 1 < trace.count && trace.isNear(at, i + 1, NOISE_ROWS, NOISE_MS); i += 1) n = add(trace, i, n);
  return n === 0 ? same : Math.max(same, MAD_TO_SIGMA * median(sizes, n));
}

function add(trace: Trace, i: number, n: number): number {
  if (!trace.isLinked(i) || !trace.isLinked(i + 1)) return n;
  sizes[n] = Math.abs((trace.value[i] as number) - ((trace.value[i - 1] as number) + (trace.value[i + 1] as number)) / 2);
  return n + 1;
}

/** Reorders the first `n` values. */
export function median(values: Float64Array, n: number): number {
  const middle = n >> 1;
  let lo = 0;
  let hi = n - 1;
  while (lo < hi) {
    const pivot = values[(lo + hi) >> 1] as number;
    let i = lo;
    let j = hi;
    while (i <= j) {
      while ((values[i] as number) < pivot) i += 1;
      while ((values[j] as number) > pivot) j -= 1;
      if (i > j) break;
      const held = values[i] as number;
      values[i] = values[j] as number;
      values[j] = held;
      i += 1;
      j -= 1;
    }
    if (middle <= j) hi = j;
    else if (middle >= i) lo = i;
    else break;
  }
  return values[middle] as number;
}
