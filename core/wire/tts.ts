import { z } from "zod";
import type { GatewayReception, Uplink } from "../domain/uplink.ts";
import { bytes, eui, float, fPort, MAX_GATEWAYS, signal, textOrNull, timestampMs, uint32 } from "./envelope-fields.ts";
import { readJson } from "./json-message.ts";

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
    rx_metadata: z
      .array(
        z.object({
          gateway_ids: z.object({ gateway_id: textOrNull, eui: textOrNull }).nullish(),
          time: timestampMs,
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

/**
 * Reads a message of The Things Stack v3, `v3/{app}[@{tenant}]/devices/{device}/{event}` (lorawan-stack-docs, data formats).
 * `event` is all that follows the device: `up`, `join`, `down/ack`, … What is no data for the field is named, not read.
 */
export function parseTtsMessage(event: string, payload: Uint8Array): Uplink {
  switch (event) {
    case "up":
      return up(payload);
    case "join":
      return join(payload);
    default:
      return { kind: "other", event, devEui: null };
  }
}

function up(payload: Uint8Array): Uplink {
  const message = readJson(payload, upMessage);
  if (message.kind === "malformed") return message;
  const { end_device_ids: ids, uplink_message: frame, received_at: outerMs, simulated } = message.value;
  const gateways: GatewayReception[] = [];
  for (const rx of frame.rx_metadata.slice(0, MAX_GATEWAYS)) {
    const id = rx.gateway_ids?.eui ?? rx.gateway_ids?.gateway_id ?? null;
    if (id !== null) gateways.push({ gatewayId: id.toLowerCase(), ...signal(rx.rssi, rx.snr), timeMs: rx.time });
  }
  return {
    kind: "lorawan-up",
    device: { kind: "devEui", devEui: ids.dev_eui },
    sessionKey: frame.session_key_id ?? (ids.dev_addr === null ? null : ids.dev_addr.toLowerCase()),
    fCnt: frame.f_cnt,
    fPort: frame.f_port,
    bytes: frame.frm_payload,
    networkTimeMs: frame.received_at ?? outerMs,
    gateways,
    simulated: simulated === true,
  };
}

function join(payload: Uint8Array): Uplink {
  const message = readJson(payload, joinMessage);
  if (message.kind === "malformed") return message;
  const { end_device_ids: ids, join_accept: accept, received_at: outerMs } = message.value;
  return {
    kind: "join",
    device: { kind: "devEui", devEui: ids.dev_eui },
    sessionKey: accept.session_key_id ?? (ids.dev_addr === null ? null : ids.dev_addr.toLowerCase()),
    timeMs: accept.received_at ?? outerMs,
  };
}
