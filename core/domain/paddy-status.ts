/**
 * The farmer's question, answered per plot: is the water as it should be, and do we know?
 * What is not known is never shown as good: a reading older than 3 intervals + 60 s says nothing about now.
 */
export type PaddyMark = "ok" | "low" | "high" | "unknown"; // ● ▼ ▲ ✕

export interface WaterBandCm {
  readonly minCm: number;
  readonly maxCm: number;
}

/**
 * Target depth outside special stages, in cm above the field's surface. A single cautious band until stage-dependent
 * bands are approved by the extension officers: 2 to 6 cm covers tillering (about 3 cm) and heading (5 to 6 cm).
 */
export const DEFAULT_BAND: WaterBandCm = { minCm: 2, maxCm: 6 };

/** How old a reading may be and still speak of now, in ms. */
export function freshForMs(intervalS: number): number {
  return (3 * intervalS + 60) * 1000;
}

/** `levelCm` null, a stale time or a bad flag give "unknown". */
export function paddyMark(input: { levelCm: number | null; flag: number; timeMs: number; intervalS: number; nowMs: number; band: WaterBandCm }): PaddyMark {
  if (input.levelCm === null || input.flag === 4 || input.flag === 9) return "unknown";
  if (input.nowMs - input.timeMs > freshForMs(input.intervalS)) return "unknown";
  if (input.levelCm < input.band.minCm) return "low";
  return input.levelCm > input.band.maxCm ? "high" : "ok";
}
