import { QUANTITIES, type Quantity } from "../core/domain/quantity.ts";
import type { QualityFlag, Reading, TimeSource } from "../core/domain/reading.ts";

/** A row of readings.db joined with its series (`s`), origin (`o`) and codec (`c`), in the order of `READING_COLUMNS`. */
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
  "s.id, r.time_ms, s.device, s.quantity, s.depth_cm, r.value, r.flag, o.reasons, nullif(o.plot, ''), r.time_ms + r.lag_ms, o.time_source, c.name, c.sha256";
/** What `READING_COLUMNS` needs beside `s` and `r`. The order is fixed: both are looked up for each row found. */
export const ORIGIN_JOIN = "CROSS JOIN reading_origin o ON o.id = r.origin CROSS JOIN codec c ON c.id = o.codec";

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
