import type { Quantity } from "../../core/domain/quantity.ts";
import { outside, RANGES } from "./ranges.ts";

/**
 * Numbers that sensors and decoders send for "no value" and that arrive as if they were one: all ones and the limits of 8, 16 and 32 bits
 * in the usual scales (0x7FFF / 100 = 327.67), and runs of nines. They count where the quantity cannot usually have that value.
 */
const ANYWHERE: ReadonlySet<number> = new Set(
  [
    [255, 254, 25.5, 127.5],
    [32767, 3276.7, 327.67, 32.767, -32768, -3276.8, -327.68, -32.768],
    [65535, 65534, 6553.5, 6553.4, 655.35, 655.34, 65.535, 65.534],
    [2147483647, -2147483648, 4294967295, 8388607, -8388608],
    [999, 9999, 99999, 999.9, 999.99, 99.99, -99, -999, -9999, -99999, -99.9, -99.99, -999.9, -999.99, -9999.9],
  ].flat(),
);

/** Numbers of one kind of sensor, within what the quantity may usually be or not. */
const CELSIUS: readonly number[] = [
  -127, // DS18B20: disconnected
  85, // DS18B20: power-on value
  850, // the same, in tenths
  -32, // Dragino LSE01: absent payload
  -50, // several probes: short circuit
  -45, // Sensirion SHT3x: raw 0
  130, // the same: raw 0xFFFF
  -46.85, // Sensirion SHT2x: raw 0
  128.86, // the same: raw 0xFFFF
];
const OF_QUANTITY: Readonly<Partial<Record<Quantity, readonly number[]>>> = {
  "air.temperature": CELSIUS,
  "water.temperature": CELSIUS,
  "soil.temperature": CELSIUS,
  "air.humidity": [-6, 118.99, 119], // Sensirion SHT2x: raw 0, raw 0xFFFF
  "water.distance": [9999], // MaxBotix: no target
};

/** Sentinels of a decoder's table never come here: they are "missing" (flag 9). */
export function isSentinel(quantity: Quantity, value: number): boolean {
  if (OF_QUANTITY[quantity]?.includes(value) === true) return true;
  return outside(value, RANGES[quantity].usual) && ANYWHERE.has(Number(value.toPrecision(10))); // a conversion of units leaves dust
}
