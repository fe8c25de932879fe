import { z } from "zod";
import type { GatewayReception, Uplink } from "../domain/uplink.ts";
import { bytes, eui, float, fPort, MAX_GATEWAYS, signal, textOrNull, timestampMs, uint32 } from "./envelope-fields.ts";
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
});
const joinEvent = z.object({ deviceInfo, time: timestampMs, devAddr: textOrNull });
const statusEvent = z.object({
  deviceInfo,
  time: timestampMs,
  deduplicationId: textOrNull,
  margin: z.number().nullish(),
  batteryLevel: z.number().nullish(),
  externalPowerSource: z.boolean().nullish(),
  batteryLevelUnavailable: z.boolean().nullish(),
});

/**
 * Reads an event of a ChirpStack v4 device, `application/{app}/device/{devEui}/event/{event}` in JSON (api/proto/integration/integration.proto).
 * `topicDevEui` is that level of the topic, as sent. What is no data for the field (log, ack, txack, …) is named, not read.
 */
export function parseChirpstackEvent(event: string, topicDevEui: string, payload: Uint8Array): Uplink {
  const devEui = /^[0-9a-fA-F]{16}$/.test(topicDevEui) ? topicDevEui.toLowerCase() : null;
  switch (event) {
    case "up":
      return up(devEui, payload);
    case "join":
      return join(devEui, payload);
    case "status":
      return status(devEui, payload);
    default:
      return { kind: "other", event, devEui };
  }
}

function up(topicDevEui: string | null, payload: Uint8Array): Uplink {
  const message = readJson(payload, upEvent);
  if (message.kind === "malformed") return message;
  const e = message.value;
  if (e.deviceInfo.devEui !== topicDevEui) return foreign(e.deviceInfo.devEui, topicDevEui);
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
    simulated: false,
  };
}

function join(topicDevEui: string | null, payload: Uint8Array): Uplink {
  const message = readJson(payload, joinEvent);
  if (message.kind === "malformed") return message;
  const { deviceInfo: info, devAddr, time } = message.value;
  if (info.devEui !== topicDevEui) return foreign(info.devEui, topicDevEui);
  return { kind: "join", device: { kind: "devEui", devEui: info.devEui }, sessionKey: devAddr === null ? null : devAddr.toLowerCase(), timeMs: time };
}

function status(topicDevEui: string | null, payload: Uint8Array): Uplink {
  const message = readJson(payload, statusEvent);
  if (message.kind === "malformed") return message;
  const s = message.value;
  if (s.deviceInfo.devEui !== topicDevEui) return foreign(s.deviceInfo.devEui, topicDevEui);
  const batteryKnown = s.externalPowerSource !== true && s.batteryLevelUnavailable !== true;
  return {
    kind: "status",
    device: { kind: "devEui", devEui: s.deviceInfo.devEui },
    deduplicationId: s.deduplicationId,
    batteryPercent: batteryKnown ? (s.batteryLevel ?? 0) : null,
    marginDb: s.margin ?? 0,
    timeMs: s.time,
  };
}

function foreign(devEui: string, topicDevEui: string | null): Uplink {
  return malformed(`deviceInfo.devEui: ${devEui} is not the device of the topic (${topicDevEui ?? "no EUI"})`);
}
