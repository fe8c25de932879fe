import type { Quantity } from "./quantity.ts";

/** QARTOD-style flags: 1 good, 2 not evaluated, 3 suspect, 4 bad, 9 missing (DESIGN.md §6). */
export type QualityFlag = 1 | 2 | 3 | 4 | 9;

/** Where the event time came from, best first (DESIGN.md §6, "Event time"). */
export type TimeSource = "device" | "gateway" | "network" | "server";

/** One value of one quantity at one event time. `value` is null only with flag 9. */
export interface Reading {
  readonly deviceId: string;
  readonly plotId: string | null; // looked up at event time when first stored, then frozen
  readonly quantity: Quantity;
  readonly depthCm: number | null;
  readonly value: number | null;
  readonly unit: string;
  readonly timeMs: number; // event time, Unix ms
  readonly receivedAtMs: number;
  readonly timeSource: TimeSource;
  readonly quality: { readonly flag: QualityFlag; readonly reasons: readonly string[] };
  readonly codec: { readonly id: string; readonly sha256: string };
}

/** A reading as the API, the live feed and MQTT send it: times RFC 3339 with milliseconds in UTC. */
export interface ReadingJson {
  readonly deviceId: string;
  readonly plotId: string | null;
  readonly quantity: Quantity;
  readonly depthCm: number | null;
  readonly value: number | null;
  readonly unit: string;
  readonly time: string;
  readonly receivedAt: string;
  readonly timeSource: TimeSource;
  readonly quality: { readonly flag: QualityFlag; readonly reasons: readonly string[] };
  readonly codec: { readonly id: string; readonly sha256: string };
}

export function readingToJson(r: Reading): ReadingJson {
  return {
    deviceId: r.deviceId,
    plotId: r.plotId,
    quantity: r.quantity,
    depthCm: r.depthCm,
    value: r.value,
    unit: r.unit,
    time: new Date(r.timeMs).toISOString(),
    receivedAt: new Date(r.receivedAtMs).toISOString(),
    timeSource: r.timeSource,
    quality: r.quality,
    codec: r.codec,
  };
}
