import type { Quantity } from "../../core/domain/quantity.ts";

/**
 * What a value may be, in the unit of the quantity. Outside `possible` no sensor of this kind can be right (flag 4); outside `usual` it
 * can, but not in a paddy of this region as a rule (flag 3).
 */
export interface Range {
  readonly possible: readonly [min: number, max: number];
  readonly usual: readonly [min: number, max: number];
}

/** Sources: ZAMG and WMO quality control for air, ISMN flagit (C01, C02) for soil, data sheets; records of Akita: -24.6 and 39.9 Cel (AMeDAS). */
export const RANGES: Readonly<Record<Quantity, Range>> = {
  "water.level": { possible: [-500, 500], usual: [-30, 50] }, // a flooded or drained paddy
  "water.distance": { possible: [-1000, 20_000], usual: [0, 10_000] },
  "water.temperature": { possible: [-20, 60], usual: [-5, 45] },
  "soil.temperature": { possible: [-50, 70], usual: [-10, 45] },
  "soil.moisture": { possible: [-5, 100], usual: [0, 60] }, // below 0: probe in air; above 60: more water than pores
  "soil.ec": { possible: [0, 50], usual: [0, 5] },
  "air.temperature": { possible: [-50, 60], usual: [-30, 42] },
  "air.humidity": { possible: [0, 104], usual: [0, 104] }, // capacitive sensors overshoot by a few % in fog: accepted to 104 (ZAMG)
  "air.pressure": { possible: [630, 1060], usual: [850, 1050] }, // station pressure: 850 hPa stands 1,450 m high
  "air.solarRadiation": { possible: [-20, 2000], usual: [-10, 1400] }, // pyranometers cool below zero at night; beyond 1,361 only under cloud edges
  "rain.depth": { possible: [0, 500], usual: [0, 120] }, // greatest hour in Japan: 187 mm
  "wind.speed": { possible: [0, 100], usual: [0, 60] },
  "wind.direction": { possible: [0, 360], usual: [0, 360] },
  "device.batteryVoltage": { possible: [0, 60], usual: [2, 30] },
  "device.batteryPercent": { possible: [0, 100], usual: [0, 100] },
  "radio.rssi": { possible: [-200, 50], usual: [-150, 0] },
  "radio.snr": { possible: [-50, 50], usual: [-40, 30] },
};

export function outside(value: number, [min, max]: readonly [number, number]): boolean {
  return value < min || value > max;
}
