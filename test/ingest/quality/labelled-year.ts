import { Chance } from "./chance.ts";
import { type FieldQuantity, type FieldYear, fieldYear, STEP_S, STEPS } from "./field-year.ts";

export type FaultKind = "spike" | "step" | "stuck" | "sentinel";

/** `size`: in the quantity's unit for spike and step, hours for stuck, the number itself for a sentinel. `event`: one number per fault. */
export interface Label {
  readonly kind: FaultKind | "offset"; // offset: after a step that stays. Wrong, but nothing there tells so
  readonly size: number;
  readonly event: number;
}

export interface LabelledReading {
  readonly timeMs: number;
  readonly value: number;
  readonly label: Label | null;
}

/** How one kind of sensor errs, and which faults it gets. Steps are given as they come: a sign where only one direction is no weather. */
interface Sensor {
  readonly noise: number; // standard deviation
  readonly resolution: number;
  readonly spikes: readonly number[];
  readonly steps: readonly number[]; // that stay, until the sensor is serviced
  readonly shifts: readonly number[]; // that go back after hours
  readonly sentinels: readonly number[];
  readonly hourly?: { readonly spike: number; readonly step: number }; // smallest sizes at an interval of an hour, in which the weather does the rest
}
const TEMPERATURES = [-32, 327.67, 850, -127, 6553.5, -999];
export const SENSORS: Readonly<Record<FieldQuantity, Sensor>> = {
  "water.level": {
    noise: 0.15,
    resolution: 0.1,
    spikes: [3, 5, 10, 25],
    steps: [-5, -10, 15],
    shifts: [5, 10, -5, -10],
    sentinels: [6553.5, -999, 327.67, 9999],
    hourly: { spike: 5, step: 10 },
  },
  "water.temperature": {
    noise: 0.08,
    resolution: 0.1,
    spikes: [4, 6, 10],
    steps: [6, 10, -6, -10],
    shifts: [6, 10, -6, -10],
    sentinels: TEMPERATURES,
    hourly: { spike: 6, step: 6 },
  },
  "soil.temperature": {
    noise: 0.02,
    resolution: 0.01,
    spikes: [2, 3, 5, 10],
    steps: [3, 5, -3, -5],
    shifts: [3, 5, -3, -5],
    sentinels: TEMPERATURES,
    hourly: { spike: 3, step: 3 },
  },
  "soil.moisture": {
    noise: 0.15,
    resolution: 0.1,
    spikes: [3, 5, 10, 20],
    steps: [-5, -10, 15, 20],
    shifts: [5, 10, -5, -10],
    sentinels: [6553.5, -999, 655.35],
    hourly: { spike: 5, step: 10 },
  },
  "soil.ec": {
    noise: 0.008,
    resolution: 0.001,
    spikes: [0.3, 0.5, 1],
    steps: [-0.3, -0.4, 1.2],
    shifts: [0.5, 1, -0.4],
    sentinels: [65.535, 655.35, -999],
    hourly: { spike: 0.5, step: 0.4 },
  },
  "air.temperature": {
    noise: 0.1,
    resolution: 0.1,
    spikes: [5, 8, 15],
    steps: [7, 10, -7, -10],
    shifts: [7, 10, -7, -10],
    sentinels: TEMPERATURES,
    hourly: { spike: 8, step: 10 },
  },
  "air.humidity": {
    noise: 0.7,
    resolution: 0.5,
    spikes: [20, 30],
    steps: [-30, -35],
    shifts: [-30, -35],
    sentinels: [127.5, 6553.5, 327.67, -999],
    hourly: { spike: 30, step: 35 },
  },
  "air.pressure": {
    noise: 0.1,
    resolution: 0.1,
    spikes: [3, 5, 10],
    steps: [5, 10, -5, -10],
    shifts: [5, 10, -5, -10],
    sentinels: [6553.5, 0, -999],
    hourly: { spike: 5, step: 5 },
  },
  "air.solarRadiation": { noise: 3, resolution: 1, spikes: [], steps: [], shifts: [], sentinels: [6553.5, 65535, -999] },
  "rain.depth": { noise: 0, resolution: 0.2, spikes: [], steps: [], shifts: [], sentinels: [6553.5, -999] },
  "wind.speed": { noise: 0.1, resolution: 0.1, spikes: [], steps: [], shifts: [], sentinels: [655.35, -999] },
};
const STUCK_H = [6, 12, 24, 48];
const STUCK_HOURLY_H = [12, 24, 48]; // six readings are too few to tell where tenths hide a noise of tenths
const STUCK_NEVER: ReadonlySet<FieldQuantity> = new Set(["rain.depth", "air.solarRadiation", "wind.speed"]); // calm, dark and dry look the same
const START_MS = Date.UTC(2026, 2, 31, 15); // 1 April 2026, midnight in Japan
const LOST = 0.03; // of all reports
const CLEAR = 12; // readings between faults

export interface YearOptions {
  readonly quantity: FieldQuantity;
  readonly intervalS: number; // at least 600
  readonly seed: number;
  readonly faulty: boolean;
}

/** A year of one sensor with every fault labelled. Readings that a fault only shifts for good are labelled where they jump. */
export function labelledYear({ quantity, intervalS, seed, faulty }: YearOptions): LabelledReading[] {
  const chance = new Chance(seed * 7919 + intervalS);
  const readings = faultless(quantity, intervalS, { chance, truth: truthOf(seed)[quantity] });
  if (faulty) addFaults(readings, quantity, { chance, intervalS });
  return readings;
}

/** A year's truth serves every quantity and interval of its seed. */
const truths = new Map<number, FieldYear>();

function truthOf(seed: number): FieldYear {
  const truth = truths.get(seed) ?? fieldYear(seed);
  truths.set(seed, truth);
  return truth;
}

type Draft = { timeMs: number; value: number; label: Label | null };

function faultless(quantity: FieldQuantity, intervalS: number, { chance, truth }: { chance: Chance; truth: Float64Array }): Draft[] {
  const { noise, resolution } = SENSORS[quantity];
  const readings: Draft[] = [];
  const phaseS = chance.between(0, intervalS);
  let outageUntilS = 0;
  for (let atS = phaseS; atS < (STEPS - 1) * STEP_S; atS += intervalS) {
    if (chance.next() < intervalS / (40 * 86_400)) outageUntilS = atS + chance.between(1, 30) * 3600; // the gateway is away
    if (chance.next() < LOST || atS < outageUntilS) continue;
    const jitterS = chance.between(0, 5);
    const at = Math.floor(atS / STEP_S);
    const part = atS / STEP_S - at;
    const isTrue = quantity === "rain.depth" ? sumOf(truth, at, intervalS / STEP_S) : (truth[at] as number) * (1 - part) + (truth[at + 1] as number) * part;
    readings.push({
      timeMs: START_MS + Math.round((atS + jitterS) * 1000),
      value: rounded(clamped(quantity, isTrue + noise * chance.gauss()), resolution),
      label: null,
    });
  }
  return readings;
}

function addFaults(readings: Draft[], quantity: FieldQuantity, { chance, intervalS }: { chance: Chance; intervalS: number }): void {
  const { steps, shifts, spikes, sentinels, resolution, hourly = { spike: 0, step: 0 } } = SENSORS[quantity];
  const least = intervalS < 3600 ? { spike: 0, step: 0 } : hourly;
  const plan: { kind: FaultKind | "shift"; size: number }[] = [
    ...spikes.filter((size) => size >= least.spike).map((size) => ({ kind: "spike" as const, size })),
    ...sentinels.map((size) => ({ kind: "sentinel" as const, size })),
    ...steps.filter((size) => Math.abs(size) >= least.step).map((size) => ({ kind: "step" as const, size })),
    ...shifts.filter((size) => Math.abs(size) >= least.step).map((size) => ({ kind: "shift" as const, size })),
    ...(STUCK_NEVER.has(quantity) ? [] : (intervalS < 3600 ? STUCK_H : STUCK_HOURLY_H).map((size) => ({ kind: "stuck" as const, size }))),
  ];
  let event = 0;
  let at = CLEAR * 2;
  const shiftBy = (from: number, to: number, by: number): void => {
    for (let i = from; i < to; i += 1) (readings[i] as Draft).value = rounded((readings[i] as Draft).value + by, resolution);
  };
  while (at < readings.length - 6 * 24 * 3) {
    if (event % plan.length === 0) shuffle(plan, chance);
    const { kind, size } = plan[event % plan.length] as (typeof plan)[number];
    const n = countOf(kind, size, { chance, intervalS });
    const around = readings.slice(at - CLEAR, at + n + CLEAR);
    if (isInterrupted(around) || (kind === "stuck" && rests(quantity, around))) {
      at += CLEAR;
      continue;
    }
    event += 1;
    const mark = (kind: FaultKind | "offset", from: number, to: number): void => {
      for (let i = from; i < to; i += 1) (readings[i] as Draft).label = { kind, size, event };
    };
    if (kind === "spike") shiftBy(at, at + n, size * chance.pick([-1, 1]));
    if (kind === "shift") shiftBy(at, at + n, size);
    if (kind === "sentinel") (readings[at] as Draft).value = size;
    if (kind === "stuck") for (let i = at; i < at + n; i += 1) (readings[i] as Draft).value = (readings[at - 1] as Draft).value;
    if (kind !== "step") mark(kind === "shift" ? "step" : kind, at, at + n);
    else {
      // It stays until somebody comes, takes the sensor out for two days, and sets it right.
      const until = at + Math.round(86_400 / intervalS);
      shiftBy(at, until, size);
      mark("offset", at, until);
      mark("step", at, at + 1);
      readings.splice(until, Math.round(172_800 / intervalS));
    }
    at += (kind === "step" ? Math.round(86_400 / intervalS) : n) + CLEAR + Math.round(chance.between(0, 72 * 3600) / intervalS);
  }
}

/** Faults are put where the sensor reports: what begins or ends in a gap of hours has no neighbours to be told by. */
function isInterrupted(readings: readonly LabelledReading[]): boolean {
  return readings.some(({ timeMs }, i) => i > 0 && timeMs - (readings[i - 1] as LabelledReading).timeMs > 3 * 3_600_000);
}

/** Melting snow, fog: what is stuck there looks as it should. */
function rests(quantity: FieldQuantity, readings: readonly LabelledReading[]): boolean {
  if (quantity === "soil.temperature" || quantity === "water.temperature") return readings.some(({ value }) => value < 5);
  return quantity === "air.humidity" && readings.some(({ value }) => value > 97);
}

function shuffle(items: unknown[], chance: Chance): void {
  for (let i = items.length - 1; i > 0; i -= 1) {
    const j = Math.floor(chance.next() * (i + 1));
    [items[i], items[j]] = [items[j], items[i]];
  }
}

function countOf(kind: FaultKind | "shift", hours: number, { chance, intervalS }: { chance: Chance; intervalS: number }): number {
  if (kind === "spike") return chance.pick([1, 1, 1, 2, 3]);
  if (kind === "shift") return Math.max(4, Math.round((chance.between(4, 18) * 3600) / intervalS));
  if (kind === "stuck") return Math.round((hours * 3600) / intervalS);
  return 1;
}

function clamped(quantity: FieldQuantity, value: number): number {
  if (quantity === "air.humidity") return Math.min(100, Math.max(0, value));
  return quantity === "rain.depth" || quantity === "wind.speed" || quantity === "air.solarRadiation" ? Math.max(0, value) : value;
}

function sumOf(steps: Float64Array, from: number, count: number): number {
  let sum = 0;
  for (let i = from; i < Math.min(STEPS, from + count); i += 1) sum += steps[i] as number;
  return sum;
}

function rounded(value: number, resolution: number): number {
  return Number((Math.round(value / resolution) * resolution).toFixed(4));
}
