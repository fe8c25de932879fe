import { z } from "zod";
import { QUANTITIES } from "../domain/quantity.ts";
import type { DecodedValue, SenmlRecord, Uplink } from "../domain/uplink.ts";
import { type CodecIdentity, codecIdentity } from "./codec-identity.ts";
import { malformed, readJson } from "./json-message.ts";
import { quantityOfName } from "./quantity-name.ts";
import { senmlConversions, toQuantityUnit } from "./senml-units.ts";

/** RFC 8428 sets no limit; a device that buffered a day at 5 min with every quantity sends fewer. */
const MAX_RECORDS = 500;
/** Values below are relative to now, at or above absolute Unix seconds (RFC 8428 §4.5.3). */
const ABSOLUTE_FROM_S = 2 ** 28;
/** The version of RFC 8428; a pack that says more may mean its fields otherwise (§4.4). */
const VERSION = 10;
// RFC 8428 §4.5.1: characters of a resolved name, and its first one.
const NAME = /^[A-Za-z0-9][A-Za-z0-9\-:./_]{0,255}$/;

/** Fields that a reader must know to understand a record end in "_" (§4.4); the known ones are here, the rest is ignored. */
const record = z.looseObject({
  bn: z.string().optional(),
  bt: z.number().optional(),
  bu: z.string().optional(),
  bv: z.number().optional(),
  bver: z.int().optional(),
  n: z.string().optional(),
  u: z.string().optional(),
  v: z.number().optional(),
  vs: z.string().optional(),
  vb: z.boolean().optional(),
  vd: z.string().optional(),
  s: z.number().optional(),
  t: z.number().optional(),
});
const pack = z.array(record).min(1).max(MAX_RECORDS);
type RawRecord = z.infer<typeof record>;

interface Base {
  name: string;
  timeS: number | null; // null = no base time yet
  unit: string | null;
  value: number | null;
}

/**
 * Reads a SenML pack (RFC 8428, JSON) of the device `deviceId` and resolves it (§4.6): base fields applied, times absolute (Unix ms, relative
 * ones from `receivedAtMs`), values in the unit of the quantity that the name ends with. A record that is no numeric value of a known quantity
 * makes the pack malformed, and the reason names the record.
 */
export function parseSenml(deviceId: string, payload: Uint8Array, receivedAtMs: number): Uplink {
  const message = readJson(payload, pack);
  if (message.kind === "malformed") return message;
  const base: Base = { name: "", timeS: null, unit: null, value: null };
  const records: SenmlRecord[] = [];
  for (const [at, raw] of message.value.entries()) {
    const resolved = resolve(raw, base, receivedAtMs);
    if (typeof resolved === "string") return malformed(`record ${at}: ${resolved}`);
    if (resolved !== null) records.push(resolved);
  }
  if (records.length === 0) return malformed("no record holds a value");
  return { kind: "senml", device: { kind: "mqtt", deviceId }, records };
}

/** The values of resolved records: quantity and depth from the name. */
export function senmlValues(records: readonly SenmlRecord[]): DecodedValue[] {
  const values: DecodedValue[] = [];
  for (const r of records) {
    const meaning = quantityOfName(r.name);
    if (meaning !== null) values.push({ quantity: meaning.quantity, depthCm: meaning.depthCm, value: r.value, timeMs: r.timeMs, reasons: [] });
  }
  return values;
}

/** Provenance of readings that came as SenML. */
export const senmlCodec: CodecIdentity = codecIdentity("senml", senmlConversions, 1);

/** The record with `base` applied and updated; null where it only carries base fields; text says what is wrong. */
function resolve(raw: RawRecord, base: Base, receivedAtMs: number): SenmlRecord | null | string {
  if (raw.bver !== undefined && raw.bver > VERSION) return `bver ${raw.bver} is newer than ${VERSION}`;
  for (const key of Object.keys(raw)) if (key.endsWith("_")) return `field ${key} must be understood and is not`;
  if (raw.bn !== undefined) base.name = raw.bn;
  if (raw.bt !== undefined) base.timeS = raw.bt;
  if (raw.bu !== undefined) base.unit = raw.bu;
  if (raw.bv !== undefined) base.value = raw.bv;

  const name = base.name + (raw.n ?? "");
  if (raw.v === undefined) {
    const onlyBase = raw.n === undefined && raw.vs === undefined && raw.vb === undefined && raw.vd === undefined && raw.s === undefined;
    return onlyBase ? null : `${quoted(name)} has no numeric value (v)`;
  }
  if (!NAME.test(name)) return `${quoted(name)} is not a SenML name`;
  const meaning = quantityOfName(name);
  if (meaning === null) return `${quoted(name)} names no known quantity`;
  const unit = raw.u ?? base.unit;
  const value = toQuantityUnit(raw.v + (base.value ?? 0), unit, meaning.quantity);
  if (value === null || !Number.isFinite(value)) return `${quoted(name)} cannot be in ${quoted(unit ?? "")}, but in ${QUANTITIES[meaning.quantity].unit}`;
  const timeMs = absoluteMs(raw.t, base.timeS, receivedAtMs);
  if (timeMs !== null && !Number.isSafeInteger(timeMs)) return `${quoted(name)} has a time out of range`;
  return { name, value, unit: QUANTITIES[meaning.quantity].unit, timeMs };
}

/** Unix ms; null where the record says no more than "now", which our receipt says better. */
function absoluteMs(timeS: number | undefined, baseTimeS: number | null, receivedAtMs: number): number | null {
  const seconds = (timeS ?? 0) + (baseTimeS ?? 0);
  if (seconds === 0) return null;
  return Math.round(seconds < ABSOLUTE_FROM_S ? receivedAtMs + seconds * 1000 : seconds * 1000);
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 64));
}
