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
  readonly truth?: BaseTruth; // absent: a relay of before did not say
}

/** A sentence for people, in both languages of the pages, with a code that does not change. */
export interface Sentence {
  readonly code: string;
  readonly ja: string;
  readonly en: string;
}

/** What is true about a base beside its stream: may it be relayed, was it moved, is it where it says. */
export interface BaseTruth {
  /** waiting: surveyed, no 1005/1006 in this session yet, nothing is relayed; unsurveyed: relayed, never in virtual mounts. */
  readonly guard: {
    readonly state: "passing" | "waiting" | "unsurveyed" | "stopped";
    readonly confirmed: boolean; // false after 全基準局を再確認 until it passes
    readonly since: string; // of this state
    readonly reason: Sentence | null; // of a stop, or of waiting too long
    readonly offSurveyM: number | null; // transmitted ARP against the survey, or what was learned
  };
  readonly verdict: "good" | "watch" | "bad" | "insufficient";
  readonly findings: readonly Finding[]; // worst first
  readonly displacementM: number | null; // of the antenna, by carrier phase, since the detector's reference
  readonly singlePoint: {
    readonly state: "agrees" | "contradicts" | "insufficient";
    readonly offM: number | null;
    readonly upM: number | null;
    readonly spanS: number;
    readonly note: Sentence;
  };
  readonly medianCnrDbHz: number | null;
  readonly inPool: boolean; // may serve NEAR and FIELD now
  readonly source: { readonly kind: "push" | "pull" | "tcp" | "listen" | "serial" | "network"; readonly note: Sentence | null };
}

/** One thing that health has to say, with the evidence it rests on. */
export interface Finding extends Sentence {
  readonly severity: "hint" | "warning" | "fault";
  readonly value: number | null; // in the unit of the threshold's name
  readonly threshold: number | null;
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
  readonly service?: RoverService; // absent: a relay of before did not say
}

/** How a rover is served. */
export interface RoverService {
  readonly requestedMount: string; // as the console asks: NEAR, FIELD, MISATO1_M4 …
  readonly sessions: number; // connections of this account now
  readonly plotId: string | null; // FIELD: the plot it is in
  readonly sendLatencyMs: number | null; // last epoch: from its own time to our write; null while clocks disagree
  readonly relayLatencyMs: number | null; // last epoch: from its arrival to our write
  readonly unsentBytes: number | null; // in the kernel, at the last look; null where it cannot be seen
  readonly gaps: number; // times in the last 10 min when it did not drain for 2 s or reconnected
  readonly ggaAgeS: number | null; // since its last GGA
  readonly datum: string | null; // of the base in use
  readonly otherStation: number | null; // the station its GGA names, when it is not ours
  readonly switches: readonly { readonly at: string; readonly from: string | null; readonly to: string | null; readonly reason: Sentence }[]; // newest first
  readonly notice: Sentence | null; // what the rover's card must say now
}

/** `azemichi/v1/bases/{id}/events` and `azemichi/v1/rovers/{id}/events`: what changed, once. */
export interface RelayEvent extends Sentence {
  readonly at: string;
  readonly baseId: string | null;
  readonly roverId: string | null;
  readonly severity: "info" | "warning" | "alarm";
}

/**
 * online: heard of lately; offline: its network said so and nothing came since; silent: it used to report and stopped;
 * unknown: it only ever carried uplinks, and none came for an hour.
 */
export type GatewayCondition = "online" | "offline" | "silent" | "unknown";

/** `azemichi/v1/gateways/{id}`. */
export interface GatewayState {
  readonly gatewayId: string;
  readonly at: string;
  readonly online: boolean | null; // its own word: state/conn, corrected by what it sent since; null = never said
  readonly lastSeenAt: string | null; // last stats or uplink heard through it
  readonly state?: GatewayCondition; // absent: a field role of before did not say
  readonly since?: string | null; // since when it is in that state; null = since before we looked
  readonly stats?: {
    readonly at: string; // when they came
    readonly intervalS: number | null; // between the last two; null = only one came so far
    readonly rxReceived: number;
    readonly rxReceivedOk: number;
    readonly txReceived: number;
    readonly txEmitted: number;
    readonly clockAheadS: number | null; // its clock against ours, delivery included; null = it has none
    readonly position: { readonly latDeg: number; readonly lonDeg: number } | null;
  } | null; // of the last interval it reported; null = none since field started
}
