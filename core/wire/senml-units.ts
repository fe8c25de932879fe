import { QUANTITIES, type Quantity } from "../domain/quantity.ts";

/** value * times / per + plus; absent parts change nothing. Data, not functions, so that the codec's identity covers the numbers. */
interface Conversion {
  readonly times?: number;
  readonly per?: number;
  readonly plus?: number;
  readonly only?: Quantity; // the unit says what it measures: relative humidity is no soil moisture
}

/** From the units of RFC 8428 §12.1 and RFC 8798, and the common spellings beside them, to ours (UCUM). */
const CONVERSIONS: Readonly<Record<string, Readonly<Record<string, Conversion>>>> = {
  cm: { m: { times: 100 }, mm: { per: 10 } },
  mm: { m: { times: 1000 }, cm: { times: 10 } },
  Cel: { K: { plus: -273.15 }, "°C": {}, degC: {} },
  "%": {
    "/": { times: 100 },
    "/100": {},
    "%RH": { only: "air.humidity" },
    "%EL": { only: "device.batteryPercent" },
    "m3/m3": { times: 100, only: "soil.moisture" },
  },
  "dS/m": { "mS/cm": {}, "S/m": { times: 10 }, "mS/m": { per: 100 }, "uS/cm": { per: 1000 } },
  hPa: { Pa: { per: 100 }, kPa: { times: 10 } },
  "m/s": { "km/h": { per: 3.6 } },
  deg: { rad: { times: 180, per: Math.PI } },
  V: { mV: { per: 1000 } },
  "dB[mW]": { dBm: {}, dBW: { plus: 30 } },
};

/** `value` of `unit` (absent = already the quantity's own) in the unit of `quantity`; null where the unit does not measure it. */
export function toQuantityUnit(value: number, unit: string | null, quantity: Quantity): number | null {
  const own = QUANTITIES[quantity].unit;
  if (unit === null || unit === own) return value;
  const table = CONVERSIONS[own];
  const c = table !== undefined && Object.hasOwn(table, unit) ? table[unit] : undefined;
  if (c === undefined || (c.only !== undefined && c.only !== quantity)) return null;
  // 14 digits: more than any sensor has, and 0.07 m is 7 cm, not 7.000000000000001.
  return Number(((value * (c.times ?? 1)) / (c.per ?? 1) + (c.plus ?? 0)).toPrecision(14));
}

/** What the identity of the SenML codec is made of. */
export const senmlConversions: unknown = CONVERSIONS;
