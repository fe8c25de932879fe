import { freshForMs } from "../../core/domain/paddy-status.ts";
import type { ReadingJson } from "../../core/domain/reading.ts";
import type { Field } from "./field.ts";

/** Latest readings of the devices that stand in the plot now, measured there. */
export function readingsOfPlot(field: Field, plotId: string): ReadingJson[] {
  return [...field.readings.values()].filter((r) => r.plotId === plotId && field.devices.get(r.deviceId)?.plotId === plotId);
}

/** Does the reading still speak of now? Same rule as for the mark of the paddy. */
export function freshness(reading: ReadingJson, field: Field, nowMs: number): "fresh" | "old" {
  const device = field.devices.get(reading.deviceId);
  const flag = reading.quality.flag;
  const usable = reading.value !== null && flag !== 4 && flag !== 9;
  return device && usable && nowMs - Date.parse(reading.time) <= freshForMs(device.intervalS) ? "fresh" : "old";
}
