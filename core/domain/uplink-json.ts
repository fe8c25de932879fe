import type { UplinkOutcome } from "./ledger.ts";
import type { ReadingJson } from "./reading.ts";

/** What became of an uplink. `pending`: journaled, not yet processed. */
export type UplinkState = UplinkOutcome | "pending";

/** `GET uplinks`: where every uplink can be found again. Times are RFC 3339, UTC, with milliseconds. */
export interface UplinkJson {
  readonly seq: number; // journal number
  readonly receivedAt: string;
  readonly time: string | null; // event time; null = not known (yet)
  readonly source: string; // network id, or "direct"
  readonly device: string | null; // our id, else the name that came
  readonly outcome: UplinkState;
  readonly reason: string; // "" for stored and pending
  readonly topic: string | null; // null = the raw message is pruned
}

/** `next`: ask again with `before=next`; null = nothing lies further back. A page may hold fewer than `max` and still have a next one. */
export interface UplinkPageJson {
  readonly uplinks: readonly UplinkJson[];
  readonly next: number | null;
}

export type RawUplinkJson =
  | { readonly kept: true; readonly encoding: "utf8" | "base64"; readonly payload: string; readonly bytes: number; readonly dup: boolean }
  | { readonly kept: false; readonly why: string };

/** The data frame of a LoRaWAN or Sigfox uplink. */
export interface FrameJson {
  readonly fCnt: number;
  readonly fPort: number | null;
  readonly bytesHex: string;
  readonly gateways: readonly string[];
}

/** `GET uplinks/{seq}`. */
export interface UplinkDetailJson extends UplinkJson {
  readonly raw: RawUplinkJson;
  readonly frame: FrameJson | null;
  readonly readings: readonly ReadingJson[]; // those that stand; one that a later uplink replaced belongs to that one
  readonly copyOf: number | null; // of a duplicate, as long as keys are kept (8 days)
}

/** `GET uplinks/summary`. */
export interface UplinkSummaryJson {
  readonly from: string;
  readonly complete: boolean; // false: only the newest uplinks since then were counted
  readonly counts: readonly {
    readonly source: string;
    readonly outcome: UplinkState;
    readonly reason: string;
    readonly count: number;
    readonly lastAt: string | null;
  }[];
}

/** `GET devices/unknown`: who sends and is in no catalog. */
export interface UnknownDeviceJson {
  readonly key: string; // devEui; sigfox:ID; imsi:NUMBER; or the id of a device that speaks for itself
  readonly count: number; // of its uplinks still in the journal's memory
  readonly firstReceivedAt: string;
  readonly lastReceivedAt: string;
  readonly lastSeq: number; // GET uplinks/{lastSeq}
  readonly source: string;
  readonly topic: string | null;
  readonly payloadBase64: string | null; // the newest message's first KiB; null = pruned
  readonly payloadBytes: number | null; // of the whole message
  readonly frame: FrameJson | null;
}
export interface UnknownDevicesJson {
  readonly devices: readonly UnknownDeviceJson[]; // heard last, first
  readonly total: number; // of all pages; at most 10,000 are looked at
  readonly next: number | null;
}
