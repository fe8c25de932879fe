import { unreachable } from "../core/domain/errors.ts";
import type { Device } from "../core/domain/site.ts";
import { type DecodedValue, deviceKeyName, type EventTime, type Uplink } from "../core/domain/uplink.ts";
import type { CodecIdentity } from "../core/wire/codec-identity.ts";
import { eventTime, messageTime, recordTime } from "../core/wire/event-time.ts";
import { senmlCodec, senmlValues } from "../core/wire/senml.ts";
import { parseUplink } from "../core/wire/uplink-message.ts";
import type { JournaledUplink } from "./journal-reader.ts";
import { payloadHash } from "./payload-hash.ts";
import { NOTHING, type Plan, type PlanContext, type PlannedFrame } from "./plan.ts";
import { planFrame } from "./plan-frame.ts";
import { NETWORK_CODEC, readingsFrom } from "./readings.ts";
import { DUPLICATE_WINDOW_MS, placeJoin } from "./sessions.ts";

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
      return { ...NOTHING, outcome: "rejected", reason: message.detail ? `${message.event}: ${message.detail}` : message.event, device: message.devEui };
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
  if (device === undefined) return planStranger(message, uplink);
  if (message.kind === "lorawan-up") return planFrame(message, device, uplink, context);
  return message.kind === "senml" ? planSenml(message, device, uplink, context) : planStatus(message, device, uplink, context);
}

/** A gateway is alive when it hears anything, whoever the device is. */
function planStranger(message: Exclude<Uplink, { kind: "malformed" | "other" | "join" }>, uplink: JournaledUplink): Plan {
  const plan = { ...NOTHING, outcome: "rejected", reason: "unknown-device", device: deviceKeyName(message.device) } as const;
  if (message.kind !== "lorawan-up" || message.simulated) return plan;
  return { ...plan, timeMs: eventTime(message, uplink.receivedAtMs).timeMs, gateways: message.gateways.map((g) => g.gatewayId) };
}

/**
 * SenML has no counter. Records with times of their own are copies when the bytes are; without, the same bytes may well be the
 * same value measured again, unless the sender says that it repeats itself (MQTT DUP).
 */
function planSenml(message: Extract<Uplink, { kind: "senml" }>, device: Device, uplink: JournaledUplink, context: PlanContext): Plan {
  const at = messageTime(message.timeMs, uplink.receivedAtMs);
  const timesMs = message.records.map((record) => record.timeMs ?? message.timeMs);
  const timed = timesMs.every((timeMs) => timeMs !== null);
  const timeMs = timed ? timesMs.reduce<number>((max, ms) => Math.max(max, ms ?? max), Number.NEGATIVE_INFINITY) : uplink.receivedAtMs;
  const frame = plainFrame(`mqtt:${device.id}`, uplink, timeMs);
  const plan = { ...NOTHING, timeMs: recordTime(timeMs, at, uplink.receivedAtMs).timeMs, device: device.id };
  // A time relative to receipt differs from one receipt to the next; an absolute one is the same to the millisecond.
  if (timed && isRepeated(frame, 0, context)) return { ...plan, outcome: "duplicate", reason: "same bytes" };
  if (uplink.dup && isRepeated(frame, DUPLICATE_WINDOW_MS, context)) return { ...plan, outcome: "duplicate", reason: "same bytes with DUP" };
  const values = senmlValues(message.records);
  const levelKind = values.some((value) => value.quantity === "water.level") ? null : "distance"; // a device that knows its level says it
  return storeValues({ plan, frame, device, codec: senmlCodec, levelKind, values, at, uplink });
}

function planStatus(message: Extract<Uplink, { kind: "status" }>, device: Device, uplink: JournaledUplink, context: PlanContext): Plan {
  const server = serverTime(uplink);
  const said = recordTime(message.timeMs, server, uplink.receivedAtMs);
  const at: EventTime = said.source === "device" ? { ...said, source: "network" } : said;
  const frame = plainFrame(`status:${deviceKeyName(message.device)}`, uplink, at.timeMs);
  const plan = { ...NOTHING, timeMs: at.timeMs, device: device.id };
  if (isRepeated(frame, DUPLICATE_WINDOW_MS, context)) return { ...plan, outcome: "duplicate", reason: "status" };
  const { batteryPercent } = message;
  const values: DecodedValue[] =
    batteryPercent === null ? [] : [{ quantity: "device.batteryPercent", value: batteryPercent, depthCm: null, timeMs: null, reasons: [] }];
  return storeValues({ plan, frame, device, codec: NETWORK_CODEC, levelKind: null, values, at, uplink });
}

function planJoin(join: Extract<Uplink, { kind: "join" }>, uplink: JournaledUplink, { devices, sessions }: PlanContext): Plan {
  const devEui = deviceKeyName(join.device);
  const device = devices.find(join.device);
  const plan = { ...NOTHING, outcome: "rejected", reason: "join", device: device?.id ?? devEui } as const;
  if (device === undefined) return plan; // nothing is kept about strangers
  const at = recordTime(join.timeMs, serverTime(uplink), uplink.receivedAtMs);
  const session = placeJoin({ sessionKey: join.sessionKey, timeMs: at.timeMs }, sessions.sessions(devEui));
  return { ...plan, timeMs: at.timeMs, session: session === null ? null : { devEui, session } };
}

function storeValues(parts: {
  plan: Omit<Plan, "outcome" | "reason"> & { device: string };
  frame: PlannedFrame;
  device: Device;
  codec: CodecIdentity;
  levelKind: "distance" | null;
  values: readonly DecodedValue[];
  at: EventTime;
  uplink: JournaledUplink;
}): Plan {
  const { plan, frame, device, codec, levelKind, values, at, uplink } = parts;
  const readings = readingsFrom(values, { device, codec, levelKind, eventTime: at, receivedAtMs: uplink.receivedAtMs });
  return { ...plan, key: frame.key, frame, readings, heard: [], outcome: "stored", reason: "" };
}

function plainFrame(name: string, uplink: JournaledUplink, timeMs: number): PlannedFrame {
  const key = { devEui: name, fCnt: NO_COUNTER, fPort: NO_PORT, payloadHash: payloadHash(uplink.payload) };
  return { key, frame: { session: 0, timeMs, timeSource: "device", uplinkSeq: uplink.seq, receptions: [] } };
}

function isRepeated({ key, frame }: PlannedFrame, windowMs: number, { sessions }: PlanContext): boolean {
  return sessions.framesLike(key).some((other) => other.uplinkSeq !== frame.uplinkSeq && Math.abs(other.timeMs - frame.timeMs) <= windowMs);
}

function serverTime(uplink: JournaledUplink): EventTime {
  return { timeMs: uplink.receivedAtMs, source: "server", reasons: [] };
}
