import type { RedecodeOrder } from "../core/domain/codec.ts";
import type { Reading } from "../core/domain/reading.ts";
import type { Device, Placement } from "../core/domain/site.ts";
import type { ApiContext } from "./context.ts";
import type { ZerosJson } from "./device-schemas.ts";
import type { ZeroLogEntry } from "./entry-admin.ts";

const INTERVALS = 2; // a reading farther from the measurement by hand may be of another water level
const DAY_MS = 86_400_000;
const DRIFT_DAYS = 30;
export const ENDED: ReadonlySet<string> = new Set(["done", "cancelled", "failed"]);

/** The zero that follows from a level measured by hand, and the reading that it was computed from. */
export type MeasuredZero =
  | { readonly zeroMm: number; readonly from: { readonly quantity: string; readonly value: number; readonly unit: string; readonly time: string } }
  | { readonly problem: string };

/**
 * Distance sensors: level = zero - distance. Head sensors: level = head - zero; of them the head is stored as a level once they have
 * a zero, and as a distance before (ingest/readings.ts).
 */
export async function measureZero(api: ApiContext, device: Device, { atMs, levelCm }: { atMs: number; levelCm: number }): Promise<MeasuredZero> {
  const isHead = api.levelKind(device.profile) === "head";
  if (isHead && isBeingComputed(api, device.id))
    return { problem: "The sensor's levels are being computed again after an earlier zero. Try again in a minute, or give zeroMm." };
  const windowMs = INTERVALS * device.intervalS * 1000;
  const period = { deviceIds: [device.id], fromMs: atMs - windowMs, toMs: atMs + windowMs + 1 };
  const found: { reading: Reading; rawMm: number }[] = [];
  for (const quantity of isHead ? (["water.distance", "water.level"] as const) : (["water.distance"] as const)) {
    for await (const reading of api.telemetry.rows({ ...period, quantity })) {
      const rawMm = rawOf(reading, device);
      if (rawMm !== null) found.push({ reading, rawMm });
    }
  }
  const [nearest] = found.sort((a, b) => Math.abs(a.reading.timeMs - atMs) - Math.abs(b.reading.timeMs - atMs) || b.reading.timeMs - a.reading.timeMs);
  if (nearest === undefined)
    return { problem: `The sensor measured nothing usable within ${(INTERVALS * device.intervalS) / 60} min of that time. Give another time, or zeroMm.` };
  const { reading, rawMm } = nearest;
  const zeroMm = isHead ? rawMm - levelCm * 10 : rawMm + levelCm * 10;
  return {
    zeroMm: Math.round(zeroMm * 10) / 10,
    from: { quantity: reading.quantity, value: reading.value ?? 0, unit: reading.unit, time: new Date(reading.timeMs).toISOString() },
  };
}

/** What the sensor itself measured, mm; null = not usable. */
function rawOf({ quantity, value, timeMs, quality }: Reading, device: Device): number | null {
  if (value === null || quality.flag === 4 || quality.flag === 9) return null;
  if (quantity === "water.distance") return value;
  const zeroMm = inForce(device, timeMs)?.zeroMm ?? null;
  return zeroMm === null ? null : value * 10 + zeroMm;
}

function isBeingComputed(api: ApiContext, deviceId: string): boolean {
  return api.catalog.current().redecodes.some((order) => isOfDevice(order, deviceId) && !ENDED.has(api.codecs.progress(order).state));
}

export function isOfDevice({ what }: RedecodeOrder, deviceId: string): boolean {
  return what.kind === "device" && what.deviceId === deviceId;
}

/** [from, to), the last that began wins. */
function inForce(device: Device, atMs: number): Placement | null {
  let found: Placement | null = null;
  for (const p of device.placements) {
    if ((p.fromMs !== null && atMs < p.fromMs) || (p.toMs !== null && atMs >= p.toMs)) continue;
    if (found === null || startOf(p) >= startOf(found)) found = p;
  }
  return found;
}

const startOf = (p: Placement): number => p.fromMs ?? Number.NEGATIVE_INFINITY;
const textOf = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());
const rounded = (mm: number): number => Math.round(mm * 100) / 100;

/** Zeros in order of time, with the drift between two that follow each other on one plot. */
export function zerosView(device: Device, log: readonly ZeroLogEntry[]): ZerosJson {
  const placements = [...device.placements].sort((a, b) => startOf(a) - startOf(b));
  return {
    deviceId: device.id,
    zeros: placements.map((p, i) => {
      const given = log.find((entry) => entry.fromMs === p.fromMs && entry.zeroMm === p.zeroMm);
      return {
        from: textOf(p.fromMs),
        to: textOf(p.toMs),
        plotId: p.plot,
        zeroMm: p.zeroMm,
        given: given ? { at: new Date(given.atMs).toISOString(), by: given.username, note: given.note } : null,
        ...driftOf(placements[i - 1], p),
      };
    }),
    log: log.map(({ id, atMs, fromMs, zeroMm, formerMm, username, note }) => ({
      id,
      at: new Date(atMs).toISOString(),
      from: new Date(fromMs).toISOString(),
      zeroMm,
      formerMm,
      by: username,
      note,
    })),
  };
}

function driftOf(before: Placement | undefined, now: Placement): { driftMm: number | null; driftMmPer30Days: number | null } {
  if (before === undefined || before.plot !== now.plot || before.zeroMm === null || now.zeroMm === null) return { driftMm: null, driftMmPer30Days: null };
  const driftMm = now.zeroMm - before.zeroMm;
  const days = before.fromMs === null || now.fromMs === null ? 0 : (now.fromMs - before.fromMs) / DAY_MS;
  return { driftMm: rounded(driftMm), driftMmPer30Days: days > 0 ? rounded((driftMm / days) * DRIFT_DAYS) : null };
}
