/** One day's mean. */
export interface BatteryDay {
  readonly day: number; // days since 1970-01-01
  readonly mean: number;
}

const DAYS_MIN = 14;
const DAYS_MAX_AHEAD = 3650;
/** How sure the fall must be: Student's t of the slope, about 99.9 % for some weeks of days. */
const T_MIN = 3.5;

/**
 * Days until the battery reaches `empty` if it goes on falling as it did, by least squares over daily means in order of day. Null
 * without two weeks of days, or when the fall does not stand out of the daily scatter: a lithium cell holds its voltage for years
 * and then drops, and of that a straight line knows nothing.
 */
export function daysLeft(days: readonly BatteryDay[], empty: number): number | null {
  const n = days.length;
  const last = days.at(-1);
  if (n < DAYS_MIN || last === undefined) return null;
  const meanDay = days.reduce((sum, d) => sum + d.day, 0) / n;
  const meanValue = days.reduce((sum, d) => sum + d.mean, 0) / n;
  let sxx = 0;
  let sxy = 0;
  for (const { day, mean } of days) {
    sxx += (day - meanDay) ** 2;
    sxy += (day - meanDay) * (mean - meanValue);
  }
  if (sxx === 0) return null;
  const slope = sxy / sxx;
  if (slope >= 0) return null;
  let residual = 0;
  for (const { day, mean } of days) residual += (mean - meanValue - slope * (day - meanDay)) ** 2;
  const error = Math.sqrt(residual / (n - 2) / sxx);
  if (error > 0 && -slope / error < T_MIN) return null;
  const now = meanValue + slope * (last.day - meanDay);
  const left = Math.floor((now - empty) / -slope);
  return left > DAYS_MAX_AHEAD ? null : Math.max(0, left);
}

export const EMPTY_PERCENT = 10;
/** Where the vendors of our cells (3.6 V Li-SOCl2, two alkaline or lithium cells at 3 V) call a device empty; null for other supplies. */
export function emptyVoltage(fullestV: number): number | null {
  if (fullestV > 3.8) return null;
  return fullestV > 3.3 ? 2.8 : 2.4;
}
