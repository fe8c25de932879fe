import { QUANTITIES } from "../domain/quantity.ts";
import type { DecodedValue, SenmlRecord, Uplink } from "../domain/uplink.ts";
import { type CodecIdentity, codecIdentity } from "./codec-identity.ts";
import { isJsonObject, malformed, readJsonValue } from "./json-message.ts";
import { quantityOfName } from "./quantity-name.ts";
import { senmlConversions, toQuantityUnit } from "./senml-units.ts";

/** RFC 8428 sets no limit; this many of the shortest records fill the 64 KiB that a message may have. */
const MAX_RECORDS = 8192;
/** Values below are relative to now, at or above absolute Unix seconds (RFC 8428 §4.5.3). */
const ABSOLUTE_FROM_S = 2 ** 28;
/** The version of RFC 8428; a pack that says more may mean its fields otherwise (§4.4). */
const VERSION = 10;
/** Enough to see what is wrong with a pack. */
const MAX_WARNINGS = 8;
// RFC 8428 §4.5.1: characters of a resolved name, and its first one.
const NAME = /^[A-Za-z0-9][A-Za-z0-9\-:./_]{0,255}$/;
/** Fields that carry something other than base values (§4.2). */
const OF_RECORD = ["n", "v", "vs", "vb", "vd", "s"] as const;

/** Its fields under the names of §4.1 and §4.2; null, which some JSON libraries write for "nothing", is absent. */
type RawRecord = Readonly<Record<string, unknown>>;
type Senml = Extract<Uplink, { kind: "senml" }>;

interface Base {
  name: string;
  timeS: number | null; // null = no base time yet
  unit: string | null;
  value: number | null;
}

/** What one record gave: a value, nothing to say (base fields only), a warning that leaves the others alone, or an error of the whole pack. */
type Resolved =
  | { readonly kind: "record"; readonly record: SenmlRecord }
  | { readonly kind: "base-only" }
  | { readonly kind: "no-value"; readonly why: string }
  | { readonly kind: "broken"; readonly why: string };

/** Reads a SenML pack (RFC 8428, JSON) of the device `deviceId`, received at `receivedAtMs` (Unix ms). See `senmlUplink`. */
export function parseSenml(deviceId: string, payload: Uint8Array, receivedAtMs: number): Uplink {
  const json = readJsonValue(payload);
  if (json.kind === "malformed") return json;
  return senmlUplink({ device: { kind: "mqtt", deviceId }, pack: json.value, nowMs: receivedAtMs, timeMs: null });
}

/**
 * Resolves a pack (§4.6): base fields applied, times absolute (Unix ms, relative ones from `nowMs`), values in the unit of the quantity that
 * the name ends with. A record that is no numeric value of a known quantity is a warning that names it; where no record gives a value, and where
 * a record's base fields or a field that must be understood (`…_`, §4.4) spoil the others, the pack is malformed.
 */
export function senmlUplink(from: { device: Senml["device"]; pack: unknown; nowMs: number; timeMs: number | null }): Uplink {
  const { device, pack, nowMs, timeMs } = from;
  if (!Array.isArray(pack)) return malformed("a SenML pack is an array of records");
  if (pack.length > MAX_RECORDS) return malformed(`${pack.length} records, at most ${MAX_RECORDS} are read`);
  const base: Base = { name: "", timeS: null, unit: null, value: null };
  const records: SenmlRecord[] = [];
  const warnings: string[] = [];
  for (const [at, raw] of pack.entries()) {
    const resolved: Resolved = isJsonObject(raw) ? resolve(withoutNulls(raw), base, nowMs) : { kind: "broken", why: "is not an object" };
    if (resolved.kind === "broken") return malformed(`record ${at}: ${resolved.why}`);
    if (resolved.kind === "record") records.push(resolved.record);
    if (resolved.kind === "no-value" && warnings.length < MAX_WARNINGS) warnings.push(`record ${at}: ${resolved.why}`);
  }
  if (records.length === 0) return malformed(warnings[0] ?? "no record holds a value");
  return { kind: "senml", device, records, timeMs, warnings };
}

/** The values of resolved records: quantity and depth from the name. Of two with the same quantity, depth and time the later one holds. */
export function senmlValues(records: readonly SenmlRecord[]): DecodedValue[] {
  const values = new Map<string, DecodedValue>();
  for (const r of records) {
    const meaning = quantityOfName(r.name);
    if (meaning === null) continue;
    const { quantity, depthCm } = meaning;
    values.set(`${quantity} ${depthCm} ${r.timeMs}`, { quantity, depthCm, value: r.value, timeMs: r.timeMs, reasons: [] });
  }
  return [...values.values()];
}

/** Provenance of readings that came as SenML. */
export const senmlCodec: CodecIdentity = codecIdentity("senml", senmlConversions, 1);

function resolve(raw: RawRecord, base: Base, nowMs: number): Resolved {
  const { bver } = raw;
  if (bver !== undefined && (typeof bver !== "number" || bver > VERSION)) return broken(`bver ${quoted(bver)} is newer than ${VERSION}`);
  for (const key of Object.keys(raw)) if (key.endsWith("_")) return broken(`field ${key.slice(0, 64)} must be understood and is not`);
  const wrong = applyBase(raw, base);
  if (wrong !== null) return broken(wrong);
  if (OF_RECORD.every((field) => raw[field] === undefined)) return { kind: "base-only" };

  const { n, v, u, t } = raw;
  if (n !== undefined && typeof n !== "string") return noValue("n is not text");
  const name = base.name + (n ?? "");
  if (typeof v !== "number") return noValue(`${quoted(name)} has no numeric value (v)`);
  if (!NAME.test(name)) return noValue(`${quoted(name)} is not a SenML name`);
  const meaning = quantityOfName(name);
  if (meaning === null) return noValue(`${quoted(name)} names no known quantity`);
  if (u !== undefined && typeof u !== "string") return noValue(`${quoted(name)} has a unit (u) that is not text`);
  const unit = u ?? base.unit;
  const own = QUANTITIES[meaning.quantity].unit;
  const value = toQuantityUnit(v + (base.value ?? 0), unit, meaning.quantity);
  if (value !== null && !Number.isFinite(value)) return noValue(`${quoted(name)} has a value out of range`);
  if (value === null) return noValue(`${quoted(name)} cannot be in ${quoted(unit ?? "")}, but in ${own}`);
  if (t !== undefined && typeof t !== "number") return noValue(`${quoted(name)} has a time (t) that is not a number`);
  const timeMs = absoluteMs(t, base.timeS, nowMs);
  if (timeMs !== null && !Number.isSafeInteger(timeMs)) return noValue(`${quoted(name)} has a time out of range`);
  return { kind: "record", record: { name, value, unit: own, timeMs } };
}

function withoutNulls(raw: RawRecord): RawRecord {
  return Object.values(raw).includes(null) ? Object.fromEntries(Object.entries(raw).filter(([, value]) => value !== null)) : raw;
}

/** Base fields hold for this record and those behind it (§4.1); one that cannot be read leaves all of them without meaning. */
function applyBase(raw: RawRecord, base: Base): string | null {
  const { bn, bt, bu, bv } = raw;
  if (bn !== undefined) {
    if (typeof bn !== "string") return "bn is not text";
    base.name = bn;
  }
  if (bt !== undefined) {
    if (typeof bt !== "number") return "bt is not a number";
    base.timeS = bt;
  }
  if (bu !== undefined) {
    if (typeof bu !== "string") return "bu is not text";
    base.unit = bu;
  }
  if (bv !== undefined) {
    if (typeof bv !== "number") return "bv is not a number";
    base.value = bv;
  }
  return null;
}

/** Unix ms; null where the record says no more than "now", which our receipt says better. */
function absoluteMs(timeS: number | undefined, baseTimeS: number | null, nowMs: number): number | null {
  const seconds = (timeS ?? 0) + (baseTimeS ?? 0);
  if (seconds === 0) return null;
  return Math.round(seconds < ABSOLUTE_FROM_S ? nowMs + seconds * 1000 : seconds * 1000);
}

function noValue(why: string): Resolved {
  return { kind: "no-value", why };
}

function broken(why: string): Resolved {
  return { kind: "broken", why };
}

function quoted(given: unknown): string {
  return JSON.stringify(typeof given === "string" ? given.slice(0, 64) : given).slice(0, 80);
}
