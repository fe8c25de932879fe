import { z } from "zod";
import { textOrNull, timestampMs } from "./envelope-fields.ts";
import { type Malformed, malformed, readJson } from "./json-message.ts";

/** What a ChirpStack gateway said of itself. `other` is understood but not used (up, ack, exec, raw, and everything in Protobuf). */
export interface GatewayMessage {
  readonly gatewayId: string; // lower-case hex EUI
  readonly event: "stats" | "conn" | "other";
  readonly online: boolean | null; // null = says nothing of it
  readonly timeMs: number | null; // the gateway's own clock, Unix ms
}

// `{prefix}/gateway/{gatewayId}/event/{event}` and `…/state/{state}`; the prefix is the region, as923 in Japan, and may be absent.
const GATEWAY_TOPIC = /^(?:[^/]+\/)?gateway\/([^/]+)\/(event|state)\/([^/]+)$/;

const statsEvent = z.object({ time: timestampMs });
const connState = z.object({ state: textOrNull });

export function isGatewayTopic(topic: string): boolean {
  return GATEWAY_TOPIC.test(topic);
}

/** Reads a message on a gateway's topic (ChirpStack v4, JSON). Never throws. */
export function parseGatewayMessage(topic: string, payload: Uint8Array): GatewayMessage | Malformed {
  const m = GATEWAY_TOPIC.exec(topic);
  const gatewayId = m?.[1]?.toLowerCase();
  if (m === null || gatewayId === undefined) return malformed("not a gateway's topic");
  const name = `${m[2]}/${m[3]}`;
  if ((name !== "event/stats" && name !== "state/conn") || !isJsonObject(payload)) return { gatewayId, event: "other", online: null, timeMs: null };
  if (name === "event/stats") {
    const stats = readJson(payload, statsEvent);
    return stats.kind === "malformed" ? stats : { gatewayId, event: "stats", online: true, timeMs: stats.value.time };
  }
  const conn = readJson(payload, connState);
  // Absent is the enumeration's zero, OFFLINE (chirpstack api/proto/gw/gw.proto, ConnState).
  return conn.kind === "malformed" ? conn : { gatewayId, event: "conn", online: conn.value.state === "ONLINE", timeMs: null };
}

/** On the wire these are normally Protobuf, whose first byte is a field's tag and never an opening brace (that tag has wire type 3, a group). */
function isJsonObject(payload: Uint8Array): boolean {
  let at = 0;
  while (at < payload.length && (payload[at] === 0x20 || payload[at] === 0x0a || payload[at] === 0x0d || payload[at] === 0x09)) at += 1;
  return payload[at] === 0x7b;
}
