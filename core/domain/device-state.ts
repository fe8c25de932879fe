import type { Sentence } from "./live.ts";
import type { Quantity } from "./quantity.ts";

/**
 * Why nothing comes: the gateways that used to hear the device are down; its network (server or line to us) is quiet altogether;
 * the device itself; one of its channels; or we have not listened for long enough since our own start to say.
 */
export type SilenceCause = "gateway" | "network" | "device" | "channel" | "restart";

/** reporting: heard within three intervals and a minute; silent: not; unknown: never heard, or nobody can tell yet. */
export type Hearing = "reporting" | "silent" | "unknown";

/** `azemichi/v1/states/{id}`: whether a device is heard, and what of it. Times are RFC 3339 UTC with ms; unknown is null. */
export interface DeviceState {
  readonly deviceId: string;
  readonly at: string; // when this was true
  readonly state: Hearing;
  readonly since: string | null; // of this state; null = since before we looked
  readonly lastSeenAt: string | null; // event time of its newest message
  readonly lastReceivedAt: string | null;
  readonly intervalS: number; // as configured
  readonly cause: SilenceCause | null;
  readonly note: Sentence | null; // the cause in words
  readonly channels: readonly ChannelState[];
  readonly radio: {
    readonly gateways: readonly { readonly gatewayId: string; readonly lastAt: string; readonly rssiDbm: number | null; readonly snrDb: number | null }[]; // newest first
    readonly framesReceived: number; // in the last 24 h
    readonly framesLost: number; // gaps of the frame counter among them
    readonly lossPct: number | null; // null = too few to say
  };
  readonly battery: {
    readonly voltageV: number | null;
    readonly percent: number | null;
    readonly at: string | null;
    readonly daysLeft: number | null; // null = no clear trend
  };
}

export interface ChannelState {
  readonly quantity: Quantity;
  readonly depthCm: number | null;
  readonly lastAt: string;
  readonly state: "reporting" | "silent";
}
