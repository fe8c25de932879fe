import { z } from "zod";
import type { GatewayReception, Uplink } from "../domain/uplink.ts";
import { bytes, eui, float, fPort, MAX_GATEWAYS, signal, textOrNull, timestampMs, uint32 } from "./envelope-fields.ts";
import { isJsonObject, malformed, matchJson, readJsonValue } from "./json-message.ts";

const endDeviceIds = z.object({ dev_eui: eui, dev_addr: textOrNull });

const upMessage = z.object({
  end_device_ids: endDeviceIds,
  received_at: timestampMs,
  simulated: z.boolean().nullish(),
  uplink_message: z.object({
    session_key_id: textOrNull,
    f_port: fPort,
    f_cnt: uint32,
    frm_payload: bytes,
    received_at: timestampMs,
    simulated: z.unknown().optional(), // by the format it stands beside uplink_message; what stands here was meant so too
    rx_metadata: z
      .array(
        z.object({
          gateway_ids: z.object({ gateway_id: textOrNull, eui: textOrNull }).nullish(),
          time: timestampMs,
          received_at: timestampMs,
          rssi: float,
          snr: float,
        }),
      )
      .nullish()
      .transform((list) => list ?? []),
  }),
});
const joinMessage = z.object({
  end_device_ids: endDeviceIds,
  received_at: timestampMs,
  join_accept: z.object({ session_key_id: textOrNull, received_at: timestampMs }),
});

/** What a webhook's body holds under which key (ttn/lorawan/v3/messages.proto, ApplicationUp), and the MQTT topic of the same. */
const OTHERS: readonly (readonly [key: string, event: string])[] = [
  ["downlink_queued", "down/queued"],
  ["downlink_sent", "down/sent"],
  ["downlink_ack", "down/ack"],
  ["downlink_nack", "down/nack"],
  ["downlink_failed", "down/failed"],
  ["downlink_queue_invalidated", "down/queue/invalidated"],
  ["downlinks", "down/push"],
  ["location_solved", "location/solved"],
  ["service_data", "service/data"],
  ["uplink_normalized", "up/normalized"],
];

/**
 * Reads a message of The Things Stack v3, `v3/{app}[@{tenant}]/devices/{device}/{event}` (lorawan-stack-docs, data formats).
 * `event` is all that follows the device: `up`, `join`, `down/ack`, … What is no data for the field is named, not read.
 */
export function parseTtsMessage(event: string, payload: Uint8Array): Uplink {
  if (event !== "up" && event !== "join") return { kind: "other", event, devEui: null };
  const message = readJsonValue(payload);
  if (message.kind === "malformed") return message;
  return event === "up" ? up(message.value) : join(message.value);
}

/** Reads a body of a webhook: the same messages, of which only their content says what they are. */
export function parseTtsHook(payload: Uint8Array): Uplink {
  const message = readJsonValue(payload);
  if (message.kind === "malformed") return message;
  const body = message.value;
  if (!isJsonObject(body)) return malformed("a message of The Things Stack is an object");
  if (body["uplink_message"] !== undefined) return up(body);
  if (body["join_accept"] !== undefined) return join(body);
  const other = OTHERS.find(([key]) => body[key] !== undefined);
  if (other === undefined) return malformed("neither uplink_message nor join_accept nor another message of The Things Stack v3");
  const ids = matchJson(body["end_device_ids"], endDeviceIds);
  return { kind: "other", event: other[1], devEui: ids.kind === "malformed" ? null : ids.value.dev_eui };
}

function up(body: unknown): Uplink {
  const message = matchJson(body, upMessage);
  if (message.kind === "malformed") return message;
  const { end_device_ids: ids, uplink_message: frame, received_at: outerMs, simulated } = message.value;
  const gateways: GatewayReception[] = [];
  let serverMs: number | null = null; // of the gateway server, which stamps each reception
  for (const rx of frame.rx_metadata.slice(0, MAX_GATEWAYS)) {
    const id = rx.gateway_ids?.eui ?? rx.gateway_ids?.gateway_id ?? null;
    if (id !== null) gateways.push({ gatewayId: id.toLowerCase(), ...signal(rx.rssi, rx.snr), timeMs: rx.time });
    if (rx.received_at !== null && (serverMs === null || rx.received_at < serverMs)) serverMs = rx.received_at;
  }
  return {
    kind: "lorawan-up",
    device: { kind: "devEui", devEui: ids.dev_eui },
    sessionKey: frame.session_key_id ?? (ids.dev_addr === null ? null : ids.dev_addr.toLowerCase()),
    fCnt: frame.f_cnt,
    fPort: frame.f_port,
    bytes: frame.frm_payload,
    networkTimeMs: frame.received_at ?? outerMs ?? serverMs,
    gateways,
    simulated: simulated === true || frame.simulated === true,
  };
}

function join(body: unknown): Uplink {
  const message = matchJson(body, joinMessage);
  if (message.kind === "malformed") return message;
  const { end_device_ids: ids, join_accept: accept, received_at: outerMs } = message.value;
  return {
    kind: "join",
    device: { kind: "devEui", devEui: ids.dev_eui },
    sessionKey: accept.session_key_id ?? (ids.dev_addr === null ? null : ids.dev_addr.toLowerCase()),
    timeMs: accept.received_at ?? outerMs,
  };
}
