import { median } from "./local-noise.ts";
import { AROUND, AROUND_MS, AROUND_ROWS, type Trace } from "./trace.ts";

const rates = new Float64Array(2 * AROUND);

/** Median change per hour of the three links before point `first - 1` and the three after point `last`; 0 where there are fewer than three. */
export function trendAround(trace: Trace, first: number, last: number): number {
  let n = 0;
  for (let i = first - 1; i > first - 1 - AROUND && trace.isLinked(i) && trace.isNear(i - 1, first, AROUND_ROWS, AROUND_MS); i -= 1) n = addRate(trace, i, n);
  for (let i = last + 1; i <= last + AROUND && trace.isLinked(i) && trace.isNear(last, i, AROUND_ROWS, AROUND_MS); i += 1) n = addRate(trace, i, n);
  return n < 3 ? 0 : median(rates, n);
}

function addRate(trace: Trace, i: number, n: number): number {
  rates[n] = ((trace.value[i] as number) - (trace.value[i - 1] as number)) / trace.hours(i - 1, i);
  return n + 1;
}
