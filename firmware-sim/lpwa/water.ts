import { unreachable } from "../../core/domain/errors.ts";
import type { Behaviour } from "../demo/sensors.ts";
import { fraction, hash32, spread, wander } from "../noise.ts";

/** What is true in a paddy at a moment. A pure function of seed and time: late uplinks and live ones lie on one curve. */
export interface Conditions {
  readonly levelCm: number; // above the field's surface
  readonly waterCel: number;
  readonly airCel: number;
  readonly humidityPct: number;
  readonly soilCel: number;
  readonly soilMoisturePct: number; // volumetric
  readonly soilEcDsPerM: number;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const JST_MS = 9 * HOUR_MS; // no summer time in Japan

/** Early summer in Akita, whatever the calendar says: the demo shows the season in which one looks at water. */
export function conditionsAt(input: { seed: number; behaviour: Behaviour; atMs: number; liveSinceMs: number | null }): Conditions {
  const { seed, atMs } = input;
  const weather = wander(11, atMs, DAY_MS) * 2; // shared by all paddies
  const airCel = 21 + weather + dailyWave(atMs, { peakHour: 14, amplitude: 6 }) + 0.15 * spread(seed, atMs);
  return {
    levelCm: Math.max(0, levelOf(input) + 0.04 * spread(seed + 1, atMs)),
    waterCel: 22.5 + weather + offset(seed) + dailyWave(atMs, { peakHour: 15, amplitude: 4.5 }) + 0.08 * spread(seed + 2, atMs),
    airCel,
    humidityPct: Math.min(98, Math.max(35, 76 - 3.2 * (airCel - 21) + 0.6 * spread(seed + 3, atMs))),
    soilCel: 20.5 + 0.6 * weather + offset(seed) + dailyWave(atMs, { peakHour: 18, amplitude: 1.6 }) + 0.03 * spread(seed + 4, atMs),
    soilMoisturePct: 46 + 3 * wander(seed + 5, atMs, 8 * HOUR_MS) + 0.1 * spread(seed + 6, atMs),
    soilEcDsPerM: 0.42 + 0.05 * wander(seed + 7, atMs, 12 * HOUR_MS) + 0.004 * spread(seed + 8, atMs),
  };
}

function levelOf({ seed, behaviour, atMs, liveSinceMs }: { seed: number; behaviour: Behaviour; atMs: number; liveSinceMs: number | null }): number {
  const kept = keptLevelCm(seed, atMs);
  switch (behaviour) {
    case "steady":
    case "silent":
      return kept;
    case "overfull":
      return kept + 4; // the outlet is blocked: above the band at all times
    case "leaking":
      return liveSinceMs === null || atMs < liveSinceMs ? kept : leakCm(kept, (atMs - liveSinceMs) / 1000);
    default:
      return unreachable(behaviour);
  }
}

/** A farmer's routine: every second day water is let in early in the morning, then evaporation and percolation take 1 cm a day. Stays within 2.7…5.2 cm. */
function keptLevelCm(seed: number, atMs: number): number {
  const cycleMs = 2 * DAY_MS;
  const startMs = (hash32(seed, 21) % 2) * DAY_MS + (4 + 3 * fraction(seed, 22)) * HOUR_MS; // 4 to 7 o'clock
  const sinceMs = (((atMs + JST_MS - startMs) % cycleMs) + cycleMs) % cycleMs;
  const fillMs = (2 + fraction(seed, 23)) * HOUR_MS;
  const lowCm = 2.8 + 0.5 * fraction(seed, 24);
  const highCm = lowCm + 1.6 + 0.3 * fraction(seed, 25);
  if (sinceMs < fillMs) return lowCm + ((highCm - lowCm) * sinceMs) / fillMs;
  const gone = (sinceMs - fillMs) / (cycleMs - fillMs);
  const byDay = 0.06 * Math.sin((2 * Math.PI * (atMs + JST_MS - 9 * HOUR_MS)) / DAY_MS) * Math.sin(Math.PI * gone); // it evaporates by day
  return highCm - (highCm - lowCm) * gone - byDay;
}

/** Seconds of one turn of the leaking paddy. */
export const LEAK = { holdS: 15, fallS: 55, lowS: 35, refillS: 30, fullS: 45, bottomCm: 1 } as const;
const LEAK_TURN_S = LEAK.holdS + LEAK.fallS + LEAK.lowS + LEAK.refillS + LEAK.fullS;

/** From the kept level (● 2 to 6 cm) through 2 cm within 60 s to the bottom, about 60 s below, refilled, held, again. */
function leakCm(keptCm: number, sinceS: number): number {
  const depthCm = keptCm - LEAK.bottomCm;
  let left = sinceS % LEAK_TURN_S;
  if (left < LEAK.holdS) return keptCm;
  left -= LEAK.holdS;
  if (left < LEAK.fallS) return keptCm - (depthCm * left) / LEAK.fallS;
  left -= LEAK.fallS;
  if (left < LEAK.lowS) return LEAK.bottomCm;
  left -= LEAK.lowS;
  return left < LEAK.refillS ? LEAK.bottomCm + (depthCm * left) / LEAK.refillS : keptCm;
}

/** −amplitude to amplitude over a day of Japan, greatest at `peakHour`. */
function dailyWave(atMs: number, { peakHour, amplitude }: { peakHour: number; amplitude: number }): number {
  return amplitude * Math.cos((2 * Math.PI * (atMs + JST_MS - peakHour * HOUR_MS)) / DAY_MS);
}

const offset = (seed: number): number => 0.8 * (fraction(seed, 31) - 0.5);
