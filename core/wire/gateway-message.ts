import { z } from "zod";
import { float, textOrNull, timestampMs, uint32 } from "./envelope-fields.ts";
import { type Malformed, malformed, readJson } from "./json-message.ts";
import { type ProtoValue, protoDouble, protoInt, protoMessage, protoUint, readProto } from "./protobuf.ts";

/** What a ChirpStack gateway said of itself. `other` is understood but not used (up, ack, exec, raw). */
export interface GatewayMessage {
  readonly gatewayId: string; // lower-case hex EUI
  readonly event: "stats" | "conn" | "other";
  readonly online: boolean | null; // null = says nothing of it
  readonly timeMs: number | null; // the gateway's own clock, Unix ms
  readonly stats: GatewayStats | null;
}

/** Counts of one interval of statistics, 30 s unless configured. */
export interface GatewayStats {
  readonly rxReceived: number; // radio packets
  readonly rxReceivedOk: number; // of them with a right CRC
  readonly txReceived: number; // downlinks that it was asked to send
  readonly txEmitted: number;
  readonly position: { readonly latDeg: number; readonly lonDeg: number } | null; // as the gateway knows it, by GNSS or by hand
}

// `{prefix}/gateway/{gatewayId}/event/{event}` and `…/state/{state}`; the prefix is the region, as923 in Japan, and may be absent.
const GATEWAY_TOPIC = /^(?:[^/]+\/)?gateway\/([^/]+)\/(event|state)\/([^/]+)$/;
/** Of statistics with every frequency and modulation, a few hundred bytes are used. */
const MAX_PROTO_BYTES = 64 * 1024;

const statsEvent = z.object({
  time: timestampMs,
  rxPacketsReceived: uint32,
  rxPacketsReceivedOk: uint32,
  txPacketsReceived: uint32,
  txPacketsEmitted: uint32,
  location: z.object({ latitude: float, longitude: float }).nullish(),
});
// A proto3 enumeration is its name, or its number.
const connState = z.object({ state: z.union([textOrNull, z.int()]) });
const ONLINE = 1;

export function isGatewayTopic(topic: string): boolean {
  return GATEWAY_TOPIC.test(topic);
}

/**
 * Reads a message on a gateway's topic (ChirpStack v4, api/proto/gw/gw.proto), JSON or Protobuf, whichever it is; who it is about the topic
 * says. Never throws.
 */
export function parseGatewayMessage(topic: string, payload: Uint8Array): GatewayMessage | Malformed {
  const m = GATEWAY_TOPIC.exec(topic);
  const gatewayId = m?.[1]?.toLowerCase();
  if (m === null || gatewayId === undefined) return malformed("not a gateway's topic");
  const name = `${m[2]}/${m[3]}`;
  // Nothing at all clears a retained message; a gateway always says who it is.
  if ((name !== "event/stats" && name !== "state/conn") || payload.length === 0) {
    return { gatewayId, event: "other", online: null, timeMs: null, stats: null };
  }
  if (name === "event/stats") return looksLikeJson(payload) ? jsonStats(gatewayId, payload) : protoStats(gatewayId, payload);
  return looksLikeJson(payload) ? jsonConn(gatewayId, payload) : protoConn(gatewayId, payload);
}

function jsonStats(gatewayId: string, payload: Uint8Array): GatewayMessage | Malformed {
  const read = readJson(payload, statsEvent);
  if (read.kind === "malformed") return read;
  const s = read.value;
  return {
    gatewayId,
    event: "stats",
    online: true,
    timeMs: s.time,
    stats: {
      rxReceived: s.rxPacketsReceived,
      rxReceivedOk: s.rxPacketsReceivedOk,
      txReceived: s.txPacketsReceived,
      txEmitted: s.txPacketsEmitted,
      position: s.location ? position(s.location.latitude ?? 0, s.location.longitude ?? 0) : null,
    },
  };
}

function jsonConn(gatewayId: string, payload: Uint8Array): GatewayMessage | Malformed {
  const read = readJson(payload, connState);
  if (read.kind === "malformed") return read;
  // Absent is the enumeration's zero, OFFLINE.
  return conn(gatewayId, read.value.state === "ONLINE" || read.value.state === ONLINE);
}

/** GatewayStats: time = 2, location = 3, rx_packets_received = 5, …_ok = 6, tx_packets_received = 7, tx_packets_emitted = 8. */
function protoStats(gatewayId: string, payload: Uint8Array): GatewayMessage | Malformed {
  const fields = readMessage(payload);
  if (fields === null) return malformed("neither JSON nor a Protobuf message");
  const time = protoMessage(fields, 2);
  const location = protoMessage(fields, 3); // common.Location: latitude = 1, longitude = 2
  return {
    gatewayId,
    event: "stats",
    online: true,
    timeMs: time === null ? null : timestamp(time),
    stats: {
      rxReceived: protoUint(fields, 5),
      rxReceivedOk: protoUint(fields, 6),
      txReceived: protoUint(fields, 7),
      txEmitted: protoUint(fields, 8),
      position: location === null ? null : position(protoDouble(location, 1), protoDouble(location, 2)),
    },
  };
}

/** ConnState: state = 2. */
function protoConn(gatewayId: string, payload: Uint8Array): GatewayMessage | Malformed {
  const fields = readMessage(payload);
  return fields === null ? malformed("neither JSON nor a Protobuf message") : conn(gatewayId, protoUint(fields, 2) === ONLINE);
}

function readMessage(payload: Uint8Array): ReadonlyMap<number, ProtoValue> | null {
  return payload.length > MAX_PROTO_BYTES ? null : readProto(payload);
}

function conn(gatewayId: string, online: boolean): GatewayMessage {
  return { gatewayId, event: "conn", online, timeMs: null, stats: null };
}

/** google.protobuf.Timestamp: seconds = 1, nanos = 2. */
function timestamp(fields: ReadonlyMap<number, ProtoValue>): number | null {
  const ms = protoInt(fields, 1) * 1000 + Math.floor(protoInt(fields, 2) / 1e6);
  return Number.isSafeInteger(ms) ? ms : null;
}

/** Null Island is where a gateway without a position is. */
function position(latDeg: number, lonDeg: number): GatewayStats["position"] {
  const isPlace = Math.abs(latDeg) <= 90 && Math.abs(lonDeg) <= 180 && (latDeg !== 0 || lonDeg !== 0);
  return isPlace ? { latDeg, lonDeg } : null;
}

/** A Protobuf message begins with a field's tag, which is never an opening brace: that tag would have wire type 3, a group. */
function looksLikeJson(payload: Uint8Array): boolean {
  let at = payload[0] === 0xef && payload[1] === 0xbb && payload[2] === 0xbf ? 3 : 0;
  while (at < payload.length && (payload[at] === 0x20 || payload[at] === 0x0a || payload[at] === 0x0d || payload[at] === 0x09)) at += 1;
  return payload[at] === 0x7b;
}
