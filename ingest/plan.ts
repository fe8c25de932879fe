import { unreachable } from "../core/domain/errors.ts";
import type { UplinkOutcome } from "../core/domain/ledger.ts";
import type { Reading } from "../core/domain/reading.ts";
import type { Device } from "../core/domain/site.ts";
import { type DecodedValue, deviceKeyName, type EventTime, type LorawanUp, type Uplink } from "../core/domain/uplink.ts";
import type { CodecIdentity } from "../core/wire/codec-identity.ts";
import { eventTime, recordTime } from "../core/wire/event-time.ts";
import { senmlCodec, senmlValues } from "../core/wire/senml.ts";
import { parseUplink } from "../core/wire/uplink-message.ts";
import { codecOf, decodeFrame, levelKind } from "./decoders/registry.ts";
import type { DeviceIndex } from "./device-index.ts";
import type { JournaledUplink } from "./journal-reader.ts";
import { payloadHash } from "./payload-hash.ts";
import { NETWORK_CODEC, radioValues, readingsFrom } from "./readings.ts";
import { DUPLICATE_WINDOW_MS, type FrameKey, placeFrame, placeJoin, type Session, type SessionReader } from "./sessions.ts";

/** What is to be written about one uplink. Making it reads, but changes nothing. */
export interface Plan {
  readonly outcome: UplinkOutcome;
  readonly reason: string; // "" for stored
  readonly device: string | null; // our id, else the name that came
  readonly readings: readonly Reading[];
  readonly session: { readonly devEui: string; readonly session: Session } | null;
  readonly frame: { readonly key: FrameKey; readonly at: { readonly session: number; readonly timeMs: number } } | null;
  readonly heardBy: readonly string[]; // gateways
  readonly heardAtMs: number;
}

export interface PlanContext {
  readonly devices: DeviceIndex;
  readonly sessions: SessionReader;
}

const NOTHING = { readings: [], session: null, frame: null, heardBy: [], heardAtMs: 0 } as const;
const NO_PORT = -1;
/** Frame counter of what has none: at one time with a data frame of counter 0, the payload hash decides, as between any two. */
const NO_COUNTER = 0;

/** The path of one uplink: parse, find the device, dedupe, decode, judge. The classes are those of DESIGN.md §1, "The ledger". */
export function planUplink(uplink: JournaledUplink, context: PlanContext): Plan {
  const message = parseUplink(uplink.topic, uplink.payload, uplink.receivedAtMs);
  switch (message.kind) {
    case "malformed":
      return { ...NOTHING, outcome: "quarantined", reason: message.reason, device: null };
    case "other":
      return { ...NOTHING, outcome: "rejected", reason: message.event, device: message.devEui };
    case "join":
      return planJoin(message, uplink, context);
    case "status":
    case "senml":
    case "lorawan-up":
      break;
    default:
      return unreachable(message);
  }
  const device = context.devices.find(message.device);
  const name = deviceKeyName(message.device);
  if (device === undefined) return { ...NOTHING, ...radioOf(message, uplink), outcome: "rejected", reason: "unknown-device", device: name };
  if (message.kind === "lorawan-up") return planFrame(message, device, uplink, context);
  return message.kind === "senml" ? planSenml(message, device, uplink, context) : planStatus(message, device, uplink, context);
}

function planFrame(up: LorawanUp, device: Device, uplink: JournaledUplink, context: PlanContext): Plan {
  const plan = { ...NOTHING, ...radioOf(up, uplink), device: device.id };
  if (up.simulated) return { ...plan, outcome: "rejected", reason: "simulated" };
  if (up.fPort === null) return { ...plan, outcome: "rejected", reason: "mac-only" };
  if (up.bytes.length === 0) return { ...plan, outcome: "quarantined", reason: "empty payload" };
  const at = eventTime(up, uplink.receivedAtMs);
  const devEui = deviceKeyName(up.device);
  const key: FrameKey = { devEui, fCnt: up.fCnt, fPort: up.fPort, payloadHash: payloadHash(up.bytes) };
  const place = placeFrame({ ...key, sessionKey: up.sessionKey, timeMs: at.timeMs }, context.sessions);
  if (place.kind === "duplicate") return { ...plan, outcome: "duplicate", reason: "frame" };
  const written = { ...plan, session: { devEui, session: place.session }, frame: { key, at: { session: place.session.number, timeMs: at.timeMs } } };
  const decoded = decodeFrame(device.profile, { bytes: up.bytes, fPort: up.fPort, channels: device.channels });
  const codec = codecOf(device.profile);
  if (decoded.kind === "unknown-profile" || codec === null) return { ...written, outcome: "quarantined", reason: `unknown profile ${device.profile}` };
  if (decoded.kind === "undecodable") return { ...written, outcome: "quarantined", reason: decoded.reason };
  const common = { device, eventTime: at, receivedAtMs: uplink.receivedAtMs };
  const readings = [
    ...readingsFrom(decoded.values, { ...common, codec, levelKind: levelKind(device.profile) }),
    ...readingsFrom(radioValues(up.gateways), { ...common, codec: NETWORK_CODEC, levelKind: null }),
  ];
  if (readings.length === 0) return { ...written, outcome: "rejected", reason: "no value of a known quantity" };
  return { ...written, outcome: "stored", reason: "", readings };
}

/**
 * SenML has no counter. Records with times of their own are copies when the bytes are; without, the same bytes may well be the
 * same value measured again, unless the sender says that it repeats itself (MQTT DUP).
 */
function planSenml(message: Extract<Uplink, { kind: "senml" }>, device: Device, uplink: JournaledUplink, context: PlanContext): Plan {
  const plan = { ...NOTHING, device: device.id };
  const timed = message.records.every((record) => record.timeMs !== null);
  const timeMs = timed ? message.records.reduce((max, record) => Math.max(max, record.timeMs ?? max), Number.NEGATIVE_INFINITY) : uplink.receivedAtMs;
  const frame = plainFrame(`mqtt:${device.id}`, uplink.payload, timeMs);
  // A time relative to receipt differs from one receipt to the next; an absolute one is the same to the millisecond.
  if (timed && isRepeated(frame, 0, context)) return { ...plan, outcome: "duplicate", reason: "same bytes" };
  if (uplink.dup && isRepeated(frame, DUPLICATE_WINDOW_MS, context)) return { ...plan, outcome: "duplicate", reason: "same bytes with DUP" };
  const values = senmlValues(message.records);
  const levelKind = values.some((value) => value.quantity === "water.level") ? null : "distance"; // a device that knows its level says it
  return storeValues({ plan, frame, device, codec: senmlCodec, levelKind, values, at: serverTime(uplink), uplink });
}

function planStatus(message: Extract<Uplink, { kind: "status" }>, device: Device, uplink: JournaledUplink, context: PlanContext): Plan {
  const plan = { ...NOTHING, device: device.id };
  const server = serverTime(uplink);
  const said = recordTime(message.timeMs, server, uplink.receivedAtMs);
  const at: EventTime = said.source === "device" ? { ...said, source: "network" } : said;
  const frame = plainFrame(`status:${message.device.devEui}`, uplink.payload, at.timeMs);
  if (isRepeated(frame, DUPLICATE_WINDOW_MS, context)) return { ...plan, outcome: "duplicate", reason: "status" };
  const { batteryPercent } = message;
  const values: DecodedValue[] =
    batteryPercent === null ? [] : [{ quantity: "device.batteryPercent", value: batteryPercent, depthCm: null, timeMs: null, reasons: [] }];
  return storeValues({ plan, frame, device, codec: NETWORK_CODEC, levelKind: null, values, at, uplink });
}

function planJoin(join: Extract<Uplink, { kind: "join" }>, uplink: JournaledUplink, { devices, sessions }: PlanContext): Plan {
  const { devEui } = join.device;
  const device = devices.find(join.device);
  const plan = { ...NOTHING, outcome: "rejected", reason: "join", device: device?.id ?? devEui } as const;
  if (device === undefined) return plan; // nothing is kept about strangers
  const at = recordTime(join.timeMs, serverTime(uplink), uplink.receivedAtMs);
  const session = placeJoin({ sessionKey: join.sessionKey, timeMs: at.timeMs }, sessions.sessions(devEui));
  return session === null ? plan : { ...plan, session: { devEui, session } };
}

function storeValues(parts: {
  plan: typeof NOTHING & { device: string };
  frame: NonNullable<Plan["frame"]>;
  device: Device;
  codec: CodecIdentity;
  levelKind: "distance" | null;
  values: readonly DecodedValue[];
  at: EventTime;
  uplink: JournaledUplink;
}): Plan {
  const { plan, frame, device, codec, levelKind, values, at, uplink } = parts;
  const readings = readingsFrom(values, { device, codec, levelKind, eventTime: at, receivedAtMs: uplink.receivedAtMs });
  return { ...plan, frame, readings, outcome: "stored", reason: "" };
}

function plainFrame(name: string, payload: Uint8Array, timeMs: number): NonNullable<Plan["frame"]> {
  return { key: { devEui: name, fCnt: NO_COUNTER, fPort: NO_PORT, payloadHash: payloadHash(payload) }, at: { session: 0, timeMs } };
}

function isRepeated({ key, at }: NonNullable<Plan["frame"]>, windowMs: number, { sessions }: PlanContext): boolean {
  return sessions.framesLike(key, at.timeMs - windowMs, at.timeMs + windowMs).length > 0;
}

function serverTime(uplink: JournaledUplink): EventTime {
  return { timeMs: uplink.receivedAtMs, source: "server", reasons: [] };
}

/** A gateway is alive when it hears anything, whoever the device is. */
function radioOf(message: Uplink, uplink: JournaledUplink): { heardBy: readonly string[]; heardAtMs: number } {
  if (message.kind !== "lorawan-up" || message.simulated) return { heardBy: [], heardAtMs: 0 };
  return { heardBy: message.gateways.map((g) => g.gatewayId), heardAtMs: eventTime(message, uplink.receivedAtMs).timeMs };
}
