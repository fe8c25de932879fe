import { QUANTITIES, type Quantity } from "../core/domain/quantity.ts";
import type { QualityFlag, Reading, TimeSource } from "../core/domain/reading.ts";

/** A row of readings.db joined with its series (`s`) and codec (`c`), in the order of `READING_COLUMNS`. */
export type ReadingRow = readonly [
  series: number,
  timeMs: number,
  device: string,
  quantity: Quantity,
  depthCm: number,
  value: number | null,
  flag: QualityFlag,
  reasons: string,
  plot: string | null,
  receivedMs: number,
  timeSource: TimeSource,
  codec: string,
  sha256: string,
];
export const READING_COLUMNS =
  "s.id, r.time_ms, s.device, s.quantity, s.depth_cm, r.value, r.flag, r.reasons, r.plot, r.received_ms, r.time_source, c.name, c.sha256";
export const SERIES_COLUMN = 0;
export const TIME_COLUMN = 1;

export function toReading(row: ReadingRow): Reading {
  const [, timeMs, deviceId, quantity, depthCm, value, flag, reasons, plotId, receivedAtMs, timeSource, codec, sha256] = row;
  return {
    deviceId,
    plotId,
    quantity,
    depthCm: depthCm === -1 ? null : depthCm,
    value,
    unit: QUANTITIES[quantity].unit,
    timeMs,
    receivedAtMs,
    timeSource,
    quality: { flag, reasons: reasons === "" ? [] : reasons.split(",") },
    codec: { id: codec, sha256 },
  };
}
