import { createHash } from "node:crypto";
import { QUANTITIES } from "../core/domain/quantity.ts";
import type { Reading } from "../core/domain/reading.ts";
import type { Device, Placement } from "../core/domain/site.ts";
import type { DecodedValue, EventTime } from "../core/domain/uplink.ts";
import type { CodecIdentity } from "../core/wire/codec-identity.ts";
import { recordTime } from "../core/wire/event-time.ts";
import { judge } from "./quality.ts";
import type { Reception } from "./sessions.ts";

/** What a decoded message becomes once the catalog has given it a plot, a zero and a judgement. */
export interface ReadingContext {
  readonly device: Device;
  readonly codec: CodecIdentity;
  readonly levelKind: "distance" | "head" | null;
  readonly eventTime: EventTime;
  readonly receivedAtMs: number;
}

/** Values that the network server itself measured: radio and battery status. */
export const NETWORK_CODEC: CodecIdentity = { id: "network", sha256: createHash("sha256").update("network 1: rssi dBm, snr dB, battery %").digest("hex") };

export function readingsFrom(values: readonly DecodedValue[], context: ReadingContext): Reading[] {
  return values.flatMap((value) => {
    const at = recordTime(value.timeMs, context.eventTime, context.receivedAtMs);
    const placement = placementAt(context.device, at.timeMs);
    return withLevel(value, context.levelKind, placement).map((v) => readingOf(v, { ...context, at, placement }));
  });
}

/** How well the best gateway heard the frame. */
export function radioValues(receptions: readonly Reception[]): DecodedValue[] {
  let best: Reception | null = null;
  for (const reception of receptions) {
    const [, rssiDbm, snrDb] = reception;
    if (rssiDbm === null) continue;
    const [, bestDbm, bestSnrDb] = best ?? ["", null, null];
    if (bestDbm === null || rssiDbm > bestDbm || (rssiDbm === bestDbm && (snrDb ?? Number.NEGATIVE_INFINITY) > (bestSnrDb ?? Number.NEGATIVE_INFINITY)))
      best = reception;
  }
  if (best === null) return [];
  const [, rssiDbm, snrDb] = best;
  const values: DecodedValue[] = [];
  const common = { depthCm: null, timeMs: null, reasons: [] };
  if (rssiDbm !== null) values.push({ quantity: "radio.rssi", value: rssiDbm, ...common });
  if (snrDb !== null) values.push({ quantity: "radio.snr", value: snrDb, ...common });
  return values;
}

/** Where the device stood: [from, to), the last that began wins. */
export function placementAt(device: Device, timeMs: number): Placement | null {
  let found: Placement | null = null;
  for (const p of device.placements) {
    if ((p.fromMs !== null && timeMs < p.fromMs) || (p.toMs !== null && timeMs >= p.toMs)) continue;
    if (found === null || (p.fromMs ?? Number.NEGATIVE_INFINITY) >= (found.fromMs ?? Number.NEGATIVE_INFINITY)) found = p;
  }
  return found;
}

/**
 * Distance sensors hang above the water: level = zero - distance. Head sensors lie below it: their value comes as cm of water above
 * the sensor, level = head - zero. Without a zero nobody knows where the field's surface is, and all that can be said is how far
 * sensor and water surface are apart (DESIGN.md §6).
 */
function withLevel(value: DecodedValue, kind: ReadingContext["levelKind"], placement: Placement | null): DecodedValue[] {
  const zeroMm = placement?.zeroMm ?? null;
  if (kind === "distance" && value.quantity === "water.distance") {
    if (zeroMm === null) return [value];
    return [value, { ...value, quantity: "water.level", value: value.value === null ? null : round((zeroMm - value.value) / 10) }];
  }
  if (kind === "head" && value.quantity === "water.level") {
    if (zeroMm === null) return [{ ...value, quantity: "water.distance", value: value.value === null ? null : round(value.value * 10) }];
    return [{ ...value, value: value.value === null ? null : round(value.value - zeroMm / 10) }];
  }
  return [value];
}

function readingOf(value: DecodedValue, context: ReadingContext & { at: EventTime; placement: Placement | null }): Reading {
  const { device, codec, at, placement, receivedAtMs } = context;
  const judged = judge({ quantity: value.quantity, value: value.value, reasons: [...value.reasons, ...at.reasons] });
  const isSoil = value.quantity.startsWith("soil.");
  return {
    deviceId: device.id,
    plotId: placement?.plot ?? null,
    quantity: value.quantity,
    depthCm: value.depthCm ?? (isSoil ? (placement?.depthCm ?? null) : null), // one depth per placement: that of its soil probe
    value: judged.value,
    unit: QUANTITIES[value.quantity].unit,
    timeMs: at.timeMs,
    receivedAtMs,
    timeSource: at.source,
    quality: { flag: judged.flag, reasons: judged.reasons },
    codec,
  };
}

/** 12 digits: more than any sensor has, without what binary fractions add. */
function round(value: number): number {
  return Number(value.toPrecision(12));
}
