import { z } from "zod";
import type { GatewayReception, Uplink } from "../domain/uplink.ts";
import { parseChirpstackEvent } from "./chirpstack.ts";
import { bytes, eui, float, fPort, MAX_GATEWAYS, signal, textOrNull, uint32 } from "./envelope-fields.ts";
import { isJsonObject, malformed, matchJson, readJsonValue } from "./json-message.ts";

/** Unix ms; absent or 0 is null. */
const unixMs = z
  .number()
  .nullish()
  .transform((ms): number | null => (ms ? Math.round(ms) : null));

const consoleUp = z.object({
  dev_eui: eui,
  devaddr: textOrNull,
  fcnt: uint32,
  port: fPort,
  payload: bytes,
  reported_at: unixMs,
  hotspots: z
    .array(z.object({ id: textOrNull, name: textOrNull, rssi: float, snr: float, reported_at: unixMs }))
    .nullish()
    .transform((list) => list ?? []),
});

/**
 * Reads what a Helium network server posts: the JSON of the former Console (docs.helium.com, console, JSON schema), or, where the provider runs
 * ChirpStack v4 as those of today do, its event `event`.
 */
export function parseHeliumMessage(event: string, payload: Uint8Array): Uplink {
  const message = readJsonValue(payload);
  if (message.kind === "malformed") return message;
  const body = message.value;
  if (!isJsonObject(body)) return malformed("a message of Helium is an object");
  if (body["deviceInfo"] !== undefined) return parseChirpstackEvent(event, null, payload);
  const read = matchJson(body, consoleUp);
  if (read.kind === "malformed") return read;
  const e = read.value;
  const gateways: GatewayReception[] = [];
  for (const spot of e.hotspots.slice(0, MAX_GATEWAYS)) {
    const id = spot.id ?? spot.name; // base58: its case counts
    if (id !== null) gateways.push({ gatewayId: id, ...signal(spot.rssi, spot.snr), timeMs: spot.reported_at });
  }
  return {
    kind: "lorawan-up",
    device: { kind: "devEui", devEui: e.dev_eui },
    sessionKey: e.devaddr === null ? null : e.devaddr.toLowerCase(),
    fCnt: e.fcnt,
    fPort: e.port,
    bytes: e.payload,
    networkTimeMs: e.reported_at,
    gateways,
    simulated: false,
  };
}
