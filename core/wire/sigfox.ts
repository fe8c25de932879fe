import { z } from "zod";
import type { GatewayReception, Uplink } from "../domain/uplink.ts";
import { MAX_GATEWAYS } from "./envelope-fields.ts";
import { isJsonObject, malformed, matchJson, readJsonValue } from "./json-message.ts";
import { sigfoxIdOf } from "./sigfox-id.ts";

/** Sigfox frames have no port; codecs get the first of LoRaWAN's application ports. */
const PORT = 1;
/** From here on a time in the body is in milliseconds: in seconds it would be the year 5138. */
const MILLISECONDS_FROM = 1e11;
const DEVICE = /^[0-9a-fA-F]{1,8}$/;
/** 12 bytes at most (Sigfox connected objects: radio specifications). */
const DATA = /^(?:[0-9a-fA-F]{2}){0,12}$/;
const NUMBER = /^-?\d+(?:\.\d+)?$/;

/** A number of the callback's template: bare, or in quotes. */
const numeric = (given: unknown): unknown => (typeof given === "string" && NUMBER.test(given) ? Number(given) : given);
const unread = z.unknown().optional();

const message = z.object({
  device: z.string().regex(DEVICE, "up to 8 hexadecimal digits expected"),
  time: z.preprocess(numeric, z.number()),
  data: z.string().regex(DATA, "up to 24 hexadecimal digits in pairs expected"),
  seqNumber: z.preprocess(numeric, z.int().min(0).max(0xffff_ffff)),
  station: unread,
  rssi: unread,
  snr: unread,
  duplicates: unread,
});

const TEMPLATE = 'in the callback\'s body put {"device":"{device}","time":{time},"data":"{data}","seqNumber":{seqNumber}}';

/** Reads a Sigfox callback, `DATA` or `DATA_ADVANCED`. Its body is the owner's template: ours is in docs/adding-a-sensor.md. */
export function parseSigfoxMessage(payload: Uint8Array): Uplink {
  const json = readJsonValue(payload);
  return json.kind === "malformed" ? json : sigfoxUplink(json.value);
}

/** The same of a body that is read already. */
export function sigfoxUplink(body: unknown): Uplink {
  if (!isJsonObject(body)) return malformed(`a Sigfox message is an object: ${TEMPLATE}`);
  if (body["data"] === undefined && body["device"] !== undefined) {
    // Service callbacks of the same device: battery and temperature, or a position.
    if (body["computedLocation"] !== undefined) return { kind: "other", event: "location", devEui: null };
    if (body["batt"] !== undefined) return { kind: "other", event: "status", devEui: null };
  }
  const read = matchJson(body, message);
  if (read.kind === "malformed") return malformed(`${read.reason}; ${TEMPLATE}`);
  const m = read.value;
  const timeMs = Math.round(m.time >= MILLISECONDS_FROM ? m.time : m.time * 1000);
  return {
    kind: "lorawan-up",
    device: { kind: "sigfox", sigfoxId: sigfoxIdOf(m.device) },
    sessionKey: null,
    fCnt: m.seqNumber,
    fPort: PORT,
    bytes: new Uint8Array(Buffer.from(m.data, "hex")),
    networkTimeMs: timeMs > 0 ? timeMs : null,
    gateways: receptions(m),
    simulated: false,
  };
}

/** The base stations, each once; what `duplicates` says of one is its best. */
function receptions(m: z.infer<typeof message>): GatewayReception[] {
  const found = new Map<string, GatewayReception>();
  const add = (station: unknown, rssi: unknown, snr: unknown): void => {
    if (typeof station !== "string" || station === "" || station === "null" || found.size >= MAX_GATEWAYS) return;
    const gatewayId = `sigfox:${station.toLowerCase()}`;
    found.set(gatewayId, { gatewayId, rssiDbm: numberOrNull(rssi), snrDb: numberOrNull(snr), timeMs: null });
  };
  add(m.station, m.rssi, m.snr);
  for (const entry of Array.isArray(m.duplicates) ? m.duplicates.slice(0, MAX_GATEWAYS) : []) {
    if (isJsonObject(entry)) add(entry["bsId"], entry["rssi"], entry["snr"]);
  }
  return [...found.values()];
}

/** What a contract does not include comes as null, as "null" or empty: unknown. */
function numberOrNull(given: unknown): number | null {
  const number = numeric(given);
  return typeof number === "number" && Number.isFinite(number) ? number : null;
}
