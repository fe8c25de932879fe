import type { Uplink } from "../domain/uplink.ts";
import { base64Bytes } from "./base64.ts";
import { isJsonObject, type Malformed, malformed, readJsonValue } from "./json-message.ts";
import { senmlUplink } from "./senml.ts";
import { sigfoxUplink } from "./sigfox.ts";

const IMSI = /^\d{6,15}$/;
/** Unix ms of a real clock: what is below is seconds, or none. */
const MILLISECONDS_FROM = 1e11;
/** A message in an envelope in an envelope: Funnel around what Beam made of a UDP datagram. */
const MAX_ENVELOPES = 3;
const WHAT_TO_SEND = 'let the device send SenML (RFC 8428): [{"n":"water.level","u":"cm","v":4.2}]';

interface Opened {
  readonly kind: "opened";
  readonly content: unknown;
  readonly imsi: string | null;
  readonly timeMs: number | null; // when SORACOM took it
}

/**
 * Reads what SORACOM forwards of the SIM `topicImsi` (`hooks/soracom/{imsi}`; what is no IMSI there means that only the body can say it):
 * the device's own SenML as Beam passes it on, or the envelopes around it: `{ "payload": base64 }` of Beam's TCP and UDP entry points,
 * Funnel's `{ operatorId, timestamp, payloads, imsi, … }`, an entry of Harvest Data `{ resourceType, resourceId, time, contentType, content }`.
 * A SIM is a device, and what it sends is SenML; Air for Sigfox sends Sigfox messages. Never throws.
 */
export function parseSoracomMessage(topicImsi: string, payload: Uint8Array, receivedAtMs: number): Uplink {
  const json = readJsonValue(payload);
  if (json.kind === "malformed") return malformed(`${json.reason}; ${WHAT_TO_SEND}`);
  const opened = open({ kind: "opened", content: json.value, imsi: null, timeMs: null });
  if (opened.kind === "malformed") return opened;
  const { content, timeMs } = opened;
  if (isJsonObject(content) && content["device"] !== undefined && content["seqNumber"] !== undefined) return sigfoxUplink(content);
  const named = IMSI.test(topicImsi) ? topicImsi : null;
  if (named !== null && opened.imsi !== null && opened.imsi !== named) return malformed(`imsi: ${opened.imsi} is not the SIM of the request (${named})`);
  const imsi = named ?? opened.imsi;
  if (imsi === null) return malformed("no IMSI: switch on Beam's IMSI header (x-soracom-imsi)");
  const pack = isJsonObject(content) && content["n"] !== undefined ? [content] : content;
  if (!Array.isArray(pack)) return malformed(`not a SenML pack; ${WHAT_TO_SEND}`);
  return senmlUplink({ device: { kind: "imsi", imsi }, pack, nowMs: timeMs ?? receivedAtMs, timeMs });
}

/** Takes one envelope after the other away. */
function open(from: Opened): Opened | Malformed {
  let at = from;
  for (let n = 0; n < MAX_ENVELOPES; n += 1) {
    const inner = openOne(at);
    if (inner === null) return at;
    if (inner.kind === "malformed") return inner;
    at = inner;
  }
  return malformed("more envelopes around the message than SORACOM makes");
}

function openOne(outer: Opened): Opened | Malformed | null {
  const { content } = outer;
  if (typeof content === "string") return ofText(content, outer);
  if (!isJsonObject(content)) return null;
  if (content["payloads"] !== undefined) {
    return { kind: "opened", content: content["payloads"], imsi: imsiOf(content["imsi"]) ?? outer.imsi, timeMs: msOf(content["timestamp"]) ?? outer.timeMs };
  }
  if (content["content"] !== undefined && content["resourceType"] !== undefined) {
    const imsi = content["resourceType"] === "Subscriber" ? imsiOf(content["resourceId"]) : null;
    return { kind: "opened", content: content["content"], imsi: imsi ?? outer.imsi, timeMs: msOf(content["time"]) ?? outer.timeMs };
  }
  const { payload } = content;
  return typeof payload === "string" ? ofText(payload, outer) : null;
}

/** JSON as text, or JSON in base64 (what SORACOM calls payload conversion). */
function ofText(text: string, outer: Opened): Opened | Malformed {
  const start = text.trimStart()[0];
  const bytes = start === "[" || start === "{" ? new TextEncoder().encode(text) : base64Bytes(text);
  if (bytes === null) return malformed(`payload is neither JSON nor base64 of JSON; ${WHAT_TO_SEND}`);
  const json = readJsonValue(bytes);
  if (json.kind === "malformed") return malformed(`payload: ${json.reason}; ${WHAT_TO_SEND}`);
  return { kind: "opened", content: json.value, imsi: outer.imsi, timeMs: outer.timeMs };
}

function imsiOf(given: unknown): string | null {
  return typeof given === "string" && IMSI.test(given) ? given : null;
}

function msOf(given: unknown): number | null {
  const ms = typeof given === "string" ? Number(given) : given;
  return typeof ms === "number" && Number.isFinite(ms) && ms >= MILLISECONDS_FROM ? Math.round(ms) : null;
}
