/** What the relay says about a base and its rovers, and field about gateways: published over MQTT (retained), read by the API and the map. */

/** `azemichi/v1/bases/{id}/health`. Unknown is null, never a good-looking default. */
export interface BaseHealth {
  readonly baseId: string;
  readonly mount: string;
  readonly at: string; // when this was true, RFC 3339 UTC with ms
  readonly state: "sending" | "silent" | "absent"; // silent: connected, but no epoch for 5 s; absent: nobody connected
  readonly sim: boolean;
  readonly connectedSince: string | null;
  readonly sourceAgent: string | null;
  readonly lastEpochAt: string | null; // arrival of the last observation epoch
  readonly epochAgeS: number | null; // at - lastEpochAt
  readonly epochLatencyMs: number | null; // arrival minus the epoch's own time; null when unknown or the clocks disagree
  readonly bytesPerS: number;
  readonly frames: number; // since connected
  readonly crcFailures: number;
  readonly skippedBytes: number;
  readonly messages: readonly { readonly type: number; readonly count: number; readonly ratePerS: number }[];
  readonly satellites: Readonly<Partial<Record<"GPS" | "GLONASS" | "GALILEO" | "SBAS" | "QZSS" | "BEIDOU" | "NAVIC", number>>>; // last whole epoch
  readonly antenna: {
    readonly stationId: number;
    readonly x: number;
    readonly y: number;
    readonly z: number;
    readonly heightM: number | null;
    readonly latDeg: number;
    readonly lonDeg: number;
  } | null; // ARP as transmitted, ECEF m
  readonly receiver: string | null; // from 1033
  readonly rovers: number; // connected now
}

/** GGA quality indicator in words (NMEA 0183 GGA field 6). */
export type FixState = "none" | "single" | "dgps" | "fix" | "float" | "other" | "unknown"; // unknown: no GGA yet

/** `azemichi/v1/rovers/{id}`. */
export interface RoverState {
  readonly roverId: string;
  readonly at: string;
  readonly state: "connected" | "disconnected";
  readonly sim: boolean;
  readonly mount: string | null;
  readonly baseId: string | null;
  readonly agent: string | null;
  readonly connectedSince: string | null;
  readonly sentBytes: number;
  readonly skippedEpochs: number;
  readonly correctionAgeS: number | null; // age of the last epoch written to this rover, at `at`
  readonly position: { readonly latDeg: number; readonly lonDeg: number; readonly heightM: number | null; readonly at: string } | null; // from its GGA
  readonly fix: FixState;
  readonly satellites: number | null;
  readonly hdop: number | null;
  readonly ggaAgeS: number | null; // GGA field 13: age of the corrections as the rover sees it
  readonly baselineKm: number | null;
}

/** `azemichi/v1/gateways/{id}`. */
export interface GatewayState {
  readonly gatewayId: string;
  readonly at: string;
  readonly online: boolean | null; // from state/conn; null = never said
  readonly lastSeenAt: string | null; // last stats or uplink heard through it
}
