import type { Quantity } from "../core/domain/quantity.ts";
import type { QualityFlag } from "../core/domain/reading.ts";

/**
 * What a value may be. Outside `possible` no sensor of this kind can be right (flag 4); outside `usual` it can, but not in a paddy
 * of this region as a rule (flag 3). Sources: ZAMG and WMO quality control for air, ISMN flagit for soil, sensor data sheets.
 */
interface Range {
  readonly possible: readonly [min: number, max: number];
  readonly usual?: readonly [min: number, max: number];
}
const RANGES: Readonly<Record<Quantity, Range>> = {
  "water.level": { possible: [-500, 500], usual: [-30, 50] }, // a flooded or drained paddy; in cm above the field's surface
  "water.distance": { possible: [-1000, 20_000], usual: [0, 10_000] },
  "water.temperature": { possible: [-20, 60], usual: [-5, 45] },
  "soil.temperature": { possible: [-50, 70], usual: [-10, 45] },
  "soil.moisture": { possible: [-5, 100], usual: [0, 60] }, // below 0: probe in air; above 60: more water than pores
  "soil.ec": { possible: [0, 50], usual: [0, 5] },
  "air.temperature": { possible: [-50, 60], usual: [-30, 42] },
  "air.humidity": { possible: [0, 104], usual: [0, 100] },
  "air.pressure": { possible: [630, 1060] },
  "air.solarRadiation": { possible: [-20, 2000], usual: [-5, 1400] },
  "rain.depth": { possible: [0, 500], usual: [0, 120] },
  "wind.speed": { possible: [0, 100], usual: [0, 60] },
  "wind.direction": { possible: [0, 360] },
  "device.batteryVoltage": { possible: [0, 60], usual: [2, 30] },
  "device.batteryPercent": { possible: [0, 100] },
  "radio.rssi": { possible: [-200, 50] },
  "radio.snr": { possible: [-50, 50] },
};

export interface Judgement {
  readonly value: number | null;
  readonly flag: QualityFlag;
  readonly reasons: readonly string[];
}

/**
 * The flag never keeps a value from being stored. `reasons`: what decoder and clock already said; `clock` means that the reading
 * stands at a substitute time, so it is at most suspect.
 */
export function judge(given: { quantity: Quantity; value: number | null; reasons: readonly string[] }): Judgement {
  const { quantity, value, reasons } = given;
  if (value === null) return { value: null, flag: 9, reasons: reasons.length > 0 ? reasons : ["missing"] };
  if (!Number.isFinite(value)) return { value: null, flag: 9, reasons: [...reasons, "not-a-number"] };
  const { possible, usual } = RANGES[quantity];
  if (outside(value, possible)) return { value, flag: 4, reasons: [...reasons, "range"] };
  if (usual !== undefined && outside(value, usual)) return { value, flag: 3, reasons: [...reasons, "unusual"] };
  return { value, flag: reasons.length > 0 ? 3 : 1, reasons };
}

function outside(value: number, [min, max]: readonly [number, number]): boolean {
  return value < min || value > max;
}
