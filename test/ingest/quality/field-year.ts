import { Chance, wandering } from "./chance.ts";

/** What is true in one paddy of Akita from 1 April on, every 10 minutes for a year. */
export interface FieldYear {
  readonly "water.level": Float64Array;
  readonly "water.temperature": Float64Array;
  readonly "soil.temperature": Float64Array;
  readonly "soil.moisture": Float64Array;
  readonly "soil.ec": Float64Array;
  readonly "air.temperature": Float64Array;
  readonly "air.humidity": Float64Array;
  readonly "air.pressure": Float64Array;
  readonly "air.solarRadiation": Float64Array;
  readonly "rain.depth": Float64Array; // mm per 10 min
  readonly "wind.speed": Float64Array;
}
export type FieldQuantity = keyof FieldYear;

export const STEP_S = 600;
export const STEPS = 365 * 144;
const DAY = 144; // steps
const HOUR = 6;
const FLOODED = { from: 40 * DAY, drainFrom: 92 * DAY, drainTo: 102 * DAY, to: 155 * DAY } as const; // 10 May; 中干し 2 to 12 July; 3 September
const SNOW = { from: 262 * DAY, to: 345 * DAY } as const; // from 19 December on

export function fieldYear(seed: number): FieldYear {
  const weather = weatherOf(new Chance(seed));
  return { ...weather, ...waterAndSoil(new Chance(seed + 1), weather) };
}

type Weather = Pick<FieldYear, "air.temperature" | "air.humidity" | "air.pressure" | "air.solarRadiation" | "rain.depth" | "wind.speed">;

function weatherOf(chance: Chance): Weather {
  const year = { airCel: empty(), humidityPct: empty(), pressureHpa: empty(), solarWPerM2: empty(), rainMm: rainOf(chance), windMPerS: empty() };
  const synoptic = wandering(chance, { tauSteps: 2.5 * DAY, sigma: 3 });
  const cloudiness = wandering(chance, { tauSteps: DAY, sigma: 1.4 });
  const passing = wandering(chance, { tauSteps: 2, sigma: 0.25 });
  const turbulence = wandering(chance, { tauSteps: 2, sigma: 0.2 });
  const dryness = wandering(chance, { tauSteps: 1.5 * DAY, sigma: 1.5 });
  const highs = wandering(chance, { tauSteps: 2 * DAY, sigma: 7 });
  const wind = wandering(chance, { tauSteps: 5 * HOUR, sigma: 0.8 });
  let pressureHpa = 1006;
  let amplitude = 4;
  let frontCel = 0;
  let wetCel = 0; // what rain adds to the dew point, in an hour or two
  let frontLeft = 0;
  for (let i = 0; i < STEPS; i += 1) {
    const hour = (i % DAY) / HOUR;
    const cloud = 1 / (1 + Math.exp(-cloudiness() - (year.rainMm[i] === 0 ? 0 : 2)));
    amplitude += 0.02 * (1 + 6.5 * (1 - cloud) - amplitude);
    if (frontLeft === 0 && chance.next() < 45 / STEPS) frontLeft = Math.round(chance.between(2, 10)); // 45 cold fronts a year
    frontCel = frontLeft > 0 ? frontCel - chance.between(0.2, 0.6) : frontCel * 0.99;
    frontLeft = Math.max(0, frontLeft - 1);
    const airCel = seasonCel(i) + synoptic() + frontCel + amplitude * Math.cos((2 * Math.PI * (hour - 14)) / 24) + turbulence();
    wetCel += 0.12 * ((year.rainMm[i] === 0 ? 0 : 3) - wetCel);
    const dewCel = seasonCel(i) - 4 + 0.8 * frontCel - Math.abs(dryness()) + wetCel;
    const sun = Math.max(0, Math.sin((Math.PI * (hour - 5 - daylight(i))) / (14 - 2 * daylight(i))));
    year.airCel[i] = airCel;
    year.humidityPct[i] = Math.min(100, 100 * Math.exp((17.6 * dewCel) / (243 + dewCel) - (17.6 * airCel) / (243 + airCel)));
    pressureHpa += 0.02 * (1006 + highs() - pressureHpa);
    year.pressureHpa[i] = pressureHpa + 0.7 * Math.cos((4 * Math.PI * (hour - 10)) / 24);
    year.solarWPerM2[i] = hour > 5 && hour < 19 ? 950 * sun * (1 - 0.75 * cloud) * Math.max(0.2, 1 + passing()) : 0;
    year.windMPerS[i] = Math.max(0, 1.2 + wind() + 0.8 * sun);
  }
  return {
    "air.temperature": year.airCel,
    "air.humidity": year.humidityPct,
    "air.pressure": year.pressureHpa,
    "air.solarRadiation": year.solarWPerM2,
    "rain.depth": year.rainMm,
    "wind.speed": year.windMPerS,
  };
}

type WaterAndSoil = Omit<FieldYear, keyof Weather>;

function waterAndSoil(chance: Chance, weather: Weather): WaterAndSoil {
  const year = { levelCm: empty(), waterCel: empty(), soilCel: empty(), moisturePct: empty(), ecDsPerM: empty() };
  const saturatedPct = chance.between(44, 55);
  const overflowCm = chance.between(8, 11);
  const table = wandering(chance, { tauSteps: 10 * DAY, sigma: 3 });
  let [levelCm, waterCel, soilCel, moisturePct] = [-12, 8, 7, saturatedPct - 12];
  let filling: { toCm: number; rateCm: number } | null = null;
  for (let i = 0; i < STEPS; i += 1) {
    const [airCel, sun, rainMm] = [weather["air.temperature"][i] as number, weather["air.solarRadiation"][i] as number, weather["rain.depth"][i] as number];
    const flooded = i > FLOODED.from && i < FLOODED.to && (i < FLOODED.drainFrom || i > FLOODED.drainTo);
    if (flooded) {
      if (filling === null && levelCm < 2 && (i % DAY === 30 || levelCm < -1)) filling = { toCm: chance.between(4, 7.5), rateCm: chance.between(0.15, 1.67) }; // up to 5 cm in 30 min
      levelCm += rainMm / 10 - 0.6 / DAY - sun / 5e4;
      if (filling !== null) {
        levelCm += filling.rateCm;
        if (levelCm > filling.toCm) filling = null;
      }
      if (levelCm > overflowCm) levelCm -= 0.5 * (levelCm - overflowCm); // over the outlet's sill
    } else {
      filling = null;
      levelCm += 0.012 * (-12 + table() - levelCm) * (levelCm > 0 ? 1.5 : 0.4) + (levelCm < -1 ? rainMm / 4 : rainMm / 10);
    }
    const depthCm = Math.max(3, levelCm);
    waterCel = Math.max(0.1, waterCel + (0.35 / depthCm) * (airCel - waterCel) + sun / (900 * depthCm) - (filling === null ? 0 : 0.02 * (waterCel - 14)));
    const snow = i > SNOW.from && i < SNOW.to;
    soilCel += snow ? 0.01 * (0.4 - soilCel) : 0.02 * ((flooded ? waterCel : airCel) - soilCel);
    const wetting = levelCm > 0 ? 0.2 * (saturatedPct - moisturePct) : Math.min(saturatedPct - moisturePct, 0.8 * rainMm);
    moisturePct += wetting - (levelCm > 0 ? 0 : 0.0005 * (moisturePct - 12) + (moisturePct > saturatedPct - 6 ? 0.02 : 0));
    year.levelCm[i] = levelCm;
    year.waterCel[i] = waterCel;
    year.soilCel[i] = soilCel;
    year.moisturePct[i] = moisturePct;
    year.ecDsPerM[i] = 0.1 + 0.012 * moisturePct + 0.3 * Math.exp(-(((i / DAY - 45) / 30) ** 2));
  }
  return {
    "water.level": year.levelCm,
    "water.temperature": year.waterCel,
    "soil.temperature": year.soilCel,
    "soil.moisture": year.moisturePct,
    "soil.ec": year.ecDsPerM,
  };
}

/** Showers and rainy days: about 120 events a year. */
function rainOf(chance: Chance): Float64Array {
  const rainMm = empty();
  for (let i = 0; i < STEPS; i += 1) {
    if (chance.next() > 120 / STEPS) continue;
    const end = Math.min(STEPS, i + Math.round(chance.between(2, 60)));
    const meanMm = 0.1 + 0.6 * chance.next() ** 3;
    for (; i < end; i += 1) rainMm[i] = Math.max(0, meanMm * (1 + 0.8 * chance.gauss()));
  }
  return rainMm;
}

/** Daily mean of Akita's climate: -0.5 Cel in January, 25 in August. */
function seasonCel(step: number): number {
  return 12 + 12.5 * Math.sin((2 * Math.PI * (step / DAY - 25)) / 365);
}

/** Hours by which the sun rises later and sets earlier than at midsummer. */
function daylight(step: number): number {
  return 1.3 - 1.3 * Math.cos((2 * Math.PI * (step / DAY - 82)) / 365);
}

function empty(): Float64Array {
  return new Float64Array(STEPS);
}
