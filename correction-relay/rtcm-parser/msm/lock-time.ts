import type { Msm } from "./constellation.ts";

/** Indicators of DF407 from here on are reserved. */
const FIRST_RESERVED = 705;

/**
 * Minimum continuous lock that an indicator stands for, ms; null where the indicator is reserved or not sent.
 * DF402 (MSM2..5): 0 is under 32 ms, i is 2^(i+4) ms or more. DF407 (MSM6, 7): below 64 in ms, then 20 runs of 32 steps of 2^k ms.
 * A drop of the indicator, also to a smaller non-zero one, means that lock was lost.
 */
export function minLockMs(msm: Msm, indicator: number): number | null {
  if (msm === 1) return null;
  if (msm <= 5) return indicator === 0 ? 0 : 2 ** (indicator + 4);
  if (indicator < 64) return indicator;
  if (indicator >= FIRST_RESERVED) return null;
  const k = (indicator - 32) >> 5;
  return 2 ** k * indicator - k * 2 ** (k + 5);
}

/** The indicator of a lock that has lasted so long: the inverse of `minLockMs`, rounded down. */
export function lockIndicatorFor(msm: Msm, lockMs: number): number {
  const ms = Math.max(0, Math.floor(lockMs));
  if (msm <= 5) return ms < 32 ? 0 : Math.min(15, Math.floor(Math.log2(ms)) - 4);
  if (ms < 64) return ms;
  if (ms >= 2 ** 26) return FIRST_RESERVED - 1;
  const k = Math.floor(Math.log2(ms)) - 5; // run k begins at 2^(k+5) ms
  return Math.floor(ms / 2 ** k) + 32 * k;
}

/** Minimum lock of DF013 and DF043 (7 bits, legacy observables), s. 127 is 937 s or more. */
export function legacyMinLockS(indicator: number): number {
  if (indicator < 24) return indicator;
  if (indicator < 48) return 2 * indicator - 24;
  if (indicator < 72) return 4 * indicator - 120;
  if (indicator < 96) return 8 * indicator - 408;
  if (indicator < 120) return 16 * indicator - 1176;
  return indicator < 127 ? 32 * indicator - 3096 : 937;
}
