import type { Quantity } from "../../core/domain/quantity.ts";

/** How much of a change is weather or water: `atOnce` between any two readings, `perHour` for the time between them. In the quantity's unit. */
export interface Change {
  readonly atOnce: number;
  readonly perHour: number;
}

/** How a quantity behaves in a paddy, as far as its neighbours in time can tell right from wrong. */
export interface Character {
  /** Smallest departure with return that is a fault; null: it leaps by nature (gusts, clouds, showers). */
  readonly spike: number | null;
  readonly rise: Change;
  readonly fall: Change;
  /** Two readings this close are the same. Below the resolution of the sensors, above what a conversion of units leaves. */
  readonly same: number;
  /** Shortest time without change that can be a fault. */
  readonly stuckFromH: number;
  /** A day without any change is a fault, even where nothing is seen to vary around it. */
  readonly variesDaily: boolean;
  /** Where it may rest: in [from, to] always, at the greatest value around from `crest` up, at the smallest from `trough` down. */
  readonly rests: { readonly always: readonly (readonly [from: number, to: number])[]; readonly crest: number; readonly trough: number };
}

const NEVER = { always: [], crest: Number.POSITIVE_INFINITY, trough: Number.NEGATIVE_INFINITY } as const;
const ANY_CHANGE: Change = { atOnce: Number.POSITIVE_INFINITY, perHour: 0 };
const FREEZING = [-0.5, 0.5] as const; // water and soil stay at the melting point for weeks under snow

/**
 * Rises of level and moisture are irrigation and rain, up to what a paddy's inlet can bring (5 cm within 30 min); they never fall that
 * fast: percolation, evaporation and an open outlet take 1 to 2 cm an hour. Temperatures: reference/lpwa.md §2.5, 3 Cel at once and 5 Cel an
 * hour; WMO-No. 8 (Zahumenský) for the proportions of humidity, pressure and soil.
 */
const CHARACTERS: Readonly<Partial<Record<Quantity, Character>>> = {
  "water.level": {
    spike: 1.2,
    rise: { atOnce: 6.5, perHour: 4 },
    fall: { atOnce: 1.5, perHour: 1.2 },
    same: 0.01,
    stuckFromH: 3,
    variesDaily: false,
    rests: { always: [], crest: -1000, trough: 1000 }, // overflow, dry ground
  },
  "water.distance": {
    spike: 12,
    rise: { atOnce: 15, perHour: 12 },
    fall: { atOnce: 65, perHour: 40 },
    same: 0.1,
    stuckFromH: 3,
    variesDaily: false,
    rests: { always: [], crest: -1000, trough: 20_000 },
  },
  "water.temperature": {
    spike: 1,
    rise: { atOnce: 3, perHour: 0.7 },
    fall: { atOnce: 3, perHour: 0.7 }, // a cold inlet
    same: 0.005,
    stuckFromH: 3,
    variesDaily: false,
    rests: { always: [FREEZING], crest: Number.POSITIVE_INFINITY, trough: 4.5 },
  },
  "soil.temperature": {
    spike: 0.8,
    rise: { atOnce: 1.5, perHour: 0.5 },
    fall: { atOnce: 1.5, perHour: 0.5 },
    same: 0.005,
    stuckFromH: 4,
    variesDaily: false,
    rests: { always: [FREEZING], crest: Number.POSITIVE_INFINITY, trough: 4.5 },
  },
  "soil.moisture": {
    spike: 1.5,
    rise: { atOnce: 10, perHour: 4 },
    fall: { atOnce: 2, perHour: 1.5 },
    same: 0.005,
    stuckFromH: 4,
    variesDaily: false,
    rests: { always: [], crest: -1000, trough: Number.NEGATIVE_INFINITY }, // saturated
  },
  "soil.ec": {
    spike: 0.15,
    rise: { atOnce: 0.6, perHour: 0.2 },
    fall: { atOnce: 0.15, perHour: 0.07 },
    same: 0.0005,
    stuckFromH: 4,
    variesDaily: false,
    rests: { always: [[-1, 0.02]], crest: -1000, trough: 1000 },
  },
  "air.temperature": {
    spike: 1.5,
    rise: { atOnce: 3, perHour: 1.2 },
    fall: { atOnce: 3, perHour: 1.2 },
    same: 0.005,
    stuckFromH: 3,
    variesDaily: true,
    rests: NEVER,
  },
  "air.humidity": {
    spike: 6,
    rise: { atOnce: 12, perHour: 6 },
    fall: { atOnce: 12, perHour: 6 },
    same: 0.02,
    stuckFromH: 3,
    variesDaily: true,
    rests: { always: [[98.5, 200]], crest: 85, trough: 45 }, // fog; the ends of a sensor's scale
  },
  "air.pressure": {
    spike: 1,
    rise: { atOnce: 1.5, perHour: 1.5 },
    fall: { atOnce: 1.5, perHour: 1.5 },
    same: 0.005,
    stuckFromH: 4,
    variesDaily: true,
    rests: NEVER,
  },
  "air.solarRadiation": {
    spike: null,
    rise: ANY_CHANGE,
    fall: ANY_CHANGE,
    same: 0.01,
    stuckFromH: 3,
    variesDaily: true,
    rests: { ...NEVER, always: [[-20, 10]] },
  }, // night
  "wind.speed": { spike: null, rise: ANY_CHANGE, fall: ANY_CHANGE, same: 0.005, stuckFromH: 3, variesDaily: true, rests: { ...NEVER, always: [[0, 0.5]] } }, // calm
};

/** Null: not judged by neighbours (rain and direction, radio, the device itself). */
export function characterOf(quantity: Quantity): Character | null {
  return CHARACTERS[quantity] ?? null;
}
