import { z } from "zod";
import type { GatewayReception, Uplink } from "../domain/uplink.ts";
import { bytes, eui, float, fPort, MAX_GATEWAYS, signal, textOrNull, timestampMs, uint32 } from "./envelope-fields.ts";
import { euiOf } from "./eui.ts";
import { malformed, readJson } from "./json-message.ts";

const deviceInfo = z.object({ devEui: eui });

const upEvent = z.object({
  deviceInfo,
  time: timestampMs,
  devAddr: textOrNull,
  fCnt: uint32,
  fPort,
  data: bytes,
  rxInfo: z
    .array(z.object({ gatewayId: textOrNull, gwTime: timestampMs, rssi: float, snr: float }))
    .nullish()
    .transform((list) => list ?? []),
  joinServerContext: z.unknown().optional(),
  simulated: z.unknown().optional(), // not ChirpStack's: of what stands in for it
});
const joinEvent = z.object({ deviceInfo, time: timestampMs, devAddr: textOrNull });
const statusEvent = z.object({
  deviceInfo,
  time: timestampMs,
  deduplicationId: textOrNull,
  margin: float,
  batteryLevel: float,
  externalPowerSource: z.boolean().nullish(),
  batteryLevelUnavailable: z.boolean().nullish(),
});
const logEvent = z.object({ deviceInfo, code: textOrNull, description: textOrNull });
const anyEvent = z.object({ deviceInfo });

/** Codes are an enumeration of theirs (integration.proto, LogCode); what is longer is none. */
const LOG_CODE = /^[A-Z0-9_]{1,40}$/;
const MAX_DETAIL_CHARS = 200;

/** The device that the topic names: its EUI, "none" where that level is no EUI, "unsaid" where there is no topic (HTTP). */
type TopicDevice = { readonly devEui: string } | "none" | "unsaid";

/**
 * Reads an event of a ChirpStack v4 device, `application/{app}/device/{devEui}/event/{event}` in JSON (api/proto/integration/integration.proto).
 * `topicDevEui` is that level of the topic, as sent; null where the event came by HTTP, and only the body names the device.
 * What is no data for the field (log, ack, txack, …) is named, not read, except that a log says its code.
 */
export function parseChirpstackEvent(event: string, topicDevEui: string | null, payload: Uint8Array): Uplink {
  const devEui = topicDevEui === null ? null : euiOf(topicDevEui);
  const device: TopicDevice = topicDevEui === null ? "unsaid" : devEui === null ? "none" : { devEui };
  switch (event) {
    case "up":
      return up(device, payload);
    case "join":
      return join(device, payload);
    case "status":
      return status(device, payload);
    case "log":
      return log(device, payload);
    default:
      return { kind: "other", event, devEui: device === "unsaid" ? devEuiIn(payload) : devEui };
  }
}

function up(topic: TopicDevice, payload: Uint8Array): Uplink {
  const message = readJson(payload, upEvent);
  if (message.kind === "malformed") return message;
  const e = message.value;
  if (isForeign(e.deviceInfo.devEui, topic)) return foreign(e.deviceInfo.devEui, topic);
  // Set when the join server keeps the session key: then ChirpStack passes the payload on as it came, still encrypted.
  if (e.joinServerContext !== undefined && e.joinServerContext !== null) {
    return malformed("payload is not decrypted: joinServerContext is set (application session key outside ChirpStack)");
  }
  const gateways: GatewayReception[] = [];
  for (const rx of e.rxInfo.slice(0, MAX_GATEWAYS)) {
    if (rx.gatewayId !== null) gateways.push({ gatewayId: rx.gatewayId.toLowerCase(), ...signal(rx.rssi, rx.snr), timeMs: rx.gwTime });
  }
  return {
    kind: "lorawan-up",
    device: { kind: "devEui", devEui: e.deviceInfo.devEui },
    sessionKey: e.devAddr === null ? null : e.devAddr.toLowerCase(),
    fCnt: e.fCnt,
    fPort: e.fPort,
    bytes: e.data,
    networkTimeMs: e.time,
    gateways,
    simulated: e.simulated === true,
  };
}

function join(topic: TopicDevice, payload: Uint8Array): Uplink {
  const message = readJson(payload, joinEvent);
  if (message.kind === "malformed") return message;
  const { deviceInfo: info, devAddr, time } = message.value;
  if (isForeign(info.devEui, topic)) return foreign(info.devEui, topic);
  return { kind: "join", device: { kind: "devEui", devEui: info.devEui }, sessionKey: devAddr === null ? null : devAddr.toLowerCase(), timeMs: time };
}

function status(topic: TopicDevice, payload: Uint8Array): Uplink {
  const message = readJson(payload, statusEvent);
  if (message.kind === "malformed") return message;
  const s = message.value;
  if (isForeign(s.deviceInfo.devEui, topic)) return foreign(s.deviceInfo.devEui, topic);
  const batteryKnown = s.externalPowerSource !== true && s.batteryLevelUnavailable !== true;
  return {
    kind: "status",
    device: { kind: "devEui", devEui: s.deviceInfo.devEui },
    deduplicationId: s.deduplicationId,
    batteryPercent: batteryKnown ? orZero(s.batteryLevel) : null,
    marginDb: orZero(s.margin),
    timeMs: s.time,
  };
}

/** Codec failures, wrong keys, counters that went back: refused for the field's data, but the reason that staff look for. */
function log(topic: TopicDevice, payload: Uint8Array): Uplink {
  const message = readJson(payload, logEvent);
  const named = typeof topic === "object" ? topic.devEui : null;
  if (message.kind === "malformed") return { kind: "other", event: "log", devEui: named };
  const { code, description } = message.value;
  const event = code !== null && LOG_CODE.test(code) ? `log ${code}` : "log";
  const devEui = topic === "unsaid" ? message.value.deviceInfo.devEui : named;
  return { kind: "other", event, devEui, detail: (description ?? "").slice(0, MAX_DETAIL_CHARS) };
}

function devEuiIn(payload: Uint8Array): string | null {
  const message = readJson(payload, anyEvent);
  return message.kind === "malformed" ? null : message.value.deviceInfo.devEui;
}

/** Absent is zero (proto3); not a finite number is unknown. */
function orZero(n: number | null | undefined): number | null {
  return n === undefined ? 0 : n;
}

function isForeign(devEui: string, topic: TopicDevice): boolean {
  return topic !== "unsaid" && (topic === "none" || topic.devEui !== devEui);
}

function foreign(devEui: string, topic: TopicDevice): Uplink {
  return malformed(`deviceInfo.devEui: ${devEui} is not the device of the topic (${typeof topic === "object" ? topic.devEui : "no EUI"})`);
}
