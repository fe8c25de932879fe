import { fraction, hash32, seedOf, spread } from "../noise.ts";
import type { Frame } from "./frame-of.ts";

/**
 * Messages as a ChirpStack v4 publishes them in JSON (chirpstack-docs, integrations/events and gateway-bridge/payloads/events):
 * proto3 fields at their default (0, false, "") are left out, times carry nine digits of fraction.
 */
const TENANT = { tenantId: "6f0a2c1e-8d43-4a57-9c39-2b1d7e500001", tenantName: "研修・デモ" };
const APPLICATION = { applicationId: "6f0a2c1e-8d43-4a57-9c39-2b1d7e500002", applicationName: "SIMULATED" };
const REGION = { id: "as923", name: "AS923" }; // Japan
const FREQUENCIES_HZ = [923_200_000, 923_400_000, 922_200_000, 922_400_000, 922_600_000, 922_800_000] as const; // AS923-1, 200 kHz apart
const LORA = { bandwidth: 125_000, spreadingFactor: 10, codeRate: "CR_4_5" } as const; // DR2: what 400 ms of dwell time leave
const DATA_RATE = 2;
const BACKHAUL_MS = 60; // gateway to network server

export interface UplinkFrame extends Frame {
  readonly devEui: string;
  readonly deviceName: string;
  readonly profileName: string;
  readonly devAddr: string;
  readonly fCnt: number;
  readonly atMs: number; // heard by the gateway
  readonly gatewayId: string;
}

export const upTopic = (devEui: string): string => `application/${APPLICATION.applicationId}/device/${devEui}/event/up`;
export const statsTopic = (gatewayId: string): string => `${REGION.id}/gateway/${gatewayId}/event/stats`;
export const connTopic = (gatewayId: string): string => `${REGION.id}/gateway/${gatewayId}/state/conn`;

/** The `up` event of one frame. Repeatable: the same frame gives the same message. */
export function upEvent(up: UplinkFrame): Record<string, unknown> {
  const seed = hash32(seedOf(up.devEui), seedOf(up.devAddr), up.fCnt, up.atMs);
  return withoutDefaults({
    deduplicationId: uuidOf(seed),
    time: timeText(up.atMs),
    deviceInfo: {
      ...TENANT,
      ...APPLICATION,
      deviceProfileId: uuidOf(seedOf(up.profileName)),
      deviceProfileName: up.profileName,
      deviceName: up.deviceName,
      devEui: up.devEui,
      deviceClassEnabled: "CLASS_A",
    },
    devAddr: up.devAddr,
    adr: true,
    dr: DATA_RATE,
    fCnt: up.fCnt,
    fPort: up.fPort,
    confirmed: false,
    data: Buffer.from(up.bytes).toString("base64"),
    rxInfo: [receptionOf(up, seed)],
    txInfo: { frequency: frequencyOf(seed), modulation: { lora: LORA } },
    regionConfigId: REGION.id,
  });
}

function receptionOf(up: UplinkFrame, seed: number): Record<string, unknown> {
  return withoutDefaults({
    gatewayId: up.gatewayId,
    uplinkId: hash32(seed, 1),
    gwTime: timeText(up.atMs),
    nsTime: timeText(up.atMs + BACKHAUL_MS),
    rssi: Math.round(-82 - 14 * fraction(seedOf(up.devEui), 2) + 4 * spread(seed, 2)),
    snr: Math.round((8 + 3 * spread(seed, 3)) * 4) / 4, // the concentrator counts quarters
    channel: seed % FREQUENCIES_HZ.length,
    context: Buffer.from(Uint32Array.of(hash32(seed, 4)).buffer).toString("base64"),
    metadata: { region_config_id: REGION.id, region_common_name: REGION.name },
    crcStatus: "CRC_OK",
  });
}

/** Gateway statistics of the last interval. */
export function statsEvent(input: { gatewayId: string; atMs: number; received: number }): Record<string, unknown> {
  const perModulation = { modulation: { lora: LORA }, count: input.received };
  return withoutDefaults({
    gatewayId: input.gatewayId,
    time: `${new Date(input.atMs).toISOString().slice(0, 19)}Z`,
    rxPacketsReceived: input.received,
    rxPacketsReceivedOk: input.received,
    rxPacketsPerFrequency: input.received > 0 ? { [FREQUENCIES_HZ[0]]: input.received } : {},
    rxPacketsPerModulation: input.received > 0 ? [perModulation] : [],
    metadata: { region_config_id: REGION.id, region_common_name: REGION.name },
  });
}

/** State of a gateway's connection, published retained; OFFLINE is the will of the connection. */
export const connState = (gatewayId: string, state: "ONLINE" | "OFFLINE"): Record<string, unknown> => ({ gatewayId, state });

const frequencyOf = (seed: number): number => FREQUENCIES_HZ[seed % FREQUENCIES_HZ.length] as number;

/** `2022-07-18T09:34:15.775000000+00:00` */
function timeText(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(0, -1)}000000+00:00`;
}

/** RFC 9562 version 4 in form; the bits come from the seed. */
function uuidOf(seed: number): string {
  const hex = [1, 2, 3, 4].map((i) => hash32(seed, i).toString(16).padStart(8, "0")).join("");
  const variant = ((Number.parseInt(hex[16] as string, 16) & 3) | 8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`;
}

/** Proto3's JSON mapping leaves out what is at its default. */
function withoutDefaults(message: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(message).filter(([, value]) => value !== 0 && value !== false && value !== "" && !isEmptyCollection(value)));
}

function isEmptyCollection(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).length === 0;
}
