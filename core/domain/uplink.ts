import type { Quantity } from "./quantity.ts";
import type { TimeSource } from "./reading.ts";

/** How one gateway heard the frame. */
export interface GatewayReception {
  readonly gatewayId: string; // lower-case hex EUI, or the network's name for it
  readonly rssiDbm: number | null;
  readonly snrDb: number | null;
  readonly timeMs: number | null; // the gateway's own clock
}

/** How a message names its device: the catalog is asked with exactly this. */
export type DeviceKey =
  | { readonly kind: "devEui"; readonly devEui: string } // lower case
  | { readonly kind: "mqtt"; readonly deviceId: string } // speaks for itself: our own id
  | { readonly kind: "sigfox"; readonly sigfoxId: string } // as of sigfoxIdOf
  | { readonly kind: "imsi"; readonly imsi: string };

/** One text per device: what duplicate keys and the list of unknown devices know it by. */
export function deviceKeyName(key: DeviceKey): string {
  switch (key.kind) {
    case "devEui":
      return key.devEui;
    case "mqtt":
      return key.deviceId;
    case "sigfox":
      return `sigfox:${key.sigfoxId}`;
    case "imsi":
      return `imsi:${key.imsi}`;
  }
}

/** A data frame of a LoRaWAN network server, whatever its dialect. */
export interface LorawanUp {
  readonly kind: "lorawan-up";
  readonly device: Extract<DeviceKey, { kind: "devEui" | "sigfox" }>; // a Sigfox message is a frame too: seqNumber as fCnt, fPort 1
  readonly sessionKey: string | null; // devAddr (ChirpStack) or session_key_id (TTS): changes at a join
  readonly fCnt: number; // absent = 0 (proto3)
  readonly fPort: number | null; // null = MAC only
  readonly bytes: Uint8Array;
  readonly networkTimeMs: number | null; // time as the network server sent it
  readonly gateways: readonly GatewayReception[];
  readonly simulated: boolean; // TTS `simulated: true`: never field data
}

/** One SenML record resolved (RFC 8428 §4.6): base fields applied, time absolute. */
export interface SenmlRecord {
  readonly name: string; // as sent, base name applied
  readonly value: number;
  readonly unit: string | null;
  readonly timeMs: number | null; // null = no time in the message
}

/**
 * What a message on a topic turned out to be. `other` is understood but not for the field data (join, ack, txack, …);
 * `malformed` cannot be understood and is quarantined with its reason.
 */
export type Uplink =
  | LorawanUp
  | {
      readonly kind: "join";
      readonly device: { readonly kind: "devEui"; readonly devEui: string };
      readonly sessionKey: string | null;
      readonly timeMs: number | null;
    }
  | {
      readonly kind: "status"; // ChirpStack device status: battery and margin
      readonly device: { readonly kind: "devEui"; readonly devEui: string };
      readonly deduplicationId: string | null;
      readonly batteryPercent: number | null; // null = unavailable or external power
      readonly marginDb: number | null;
      readonly timeMs: number | null;
    }
  | {
      readonly kind: "senml";
      readonly device: Extract<DeviceKey, { kind: "mqtt" | "imsi" }>;
      readonly records: readonly SenmlRecord[]; // at least one
      readonly timeMs: number | null; // when the network took the message (SORACOM Funnel, Harvest); null = it does not say
      readonly warnings: readonly string[]; // records of the pack that gave nothing, and why
    }
  | {
      readonly kind: "other";
      readonly event: string; // a log with its code: "log UPLINK_CODEC"
      readonly devEui: string | null;
      readonly detail?: string; // what a log says
    }
  | { readonly kind: "malformed"; readonly reason: string };

/** A value that a decoder took from a frame, before the catalog gives it a plot, a zero and a judgement. */
export interface DecodedValue {
  readonly quantity: Quantity;
  readonly depthCm: number | null;
  readonly value: number | null; // null = the device said "missing" (sentinel): flag 9
  readonly timeMs: number | null; // the record's own time (history frames), else null
  readonly reasons: readonly string[]; // e.g. ["sentinel"], ["blank-zone"]
}

export type DecodeResult =
  | {
      readonly kind: "decoded";
      readonly values: readonly DecodedValue[];
      readonly warnings: readonly string[];
      readonly fields: Readonly<Record<string, unknown>>;
    } // fields: the vendor's own names and units
  | { readonly kind: "undecodable"; readonly reason: string };

export interface EventTime {
  readonly timeMs: number;
  readonly source: TimeSource;
  readonly reasons: readonly string[];
}
