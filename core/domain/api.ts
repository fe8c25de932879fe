/** The JSON of the HTTP API (DESIGN.md §7) as both sides of it know it. Times are RFC 3339, UTC, with milliseconds. */
import type { DeviceState } from "./device-state.ts";
import type { BaseHealth, GatewayState, RoverState } from "./live.ts";
import type { WaterBandCm } from "./paddy-status.ts";
import type { ReadingJson } from "./reading.ts";
import type { Polygon, Role } from "./site.ts";

/** A listener without TLS that other machines reach: passwords travel unencrypted. */
export interface PlainListener {
  readonly what: "HTTP" | "MQTT";
  readonly bind: string;
}

/** `GET me`. */
export interface MeJson {
  readonly user: { readonly id: string; readonly username: string; readonly role: Role; readonly party: string | null } | null; // null: not logged in
  readonly access: "none" | "demo" | "user"; // demo: the demo site read from loopback without log-in
  readonly canSeeStaffPages: boolean; // staff, admin, trainer, and the demo's visitor
  readonly plainListeners: readonly PlainListener[]; // empty for who does not see the staff pages
}

/** `GET config`: readable without log-in, holds nothing about the field. */
export interface ConfigJson {
  readonly version: string;
  readonly demo: boolean;
  readonly site: { readonly id: string; readonly name: { readonly ja: string; readonly en: string }; readonly timeZone: string };
  readonly band: WaterBandCm;
  readonly baseMaps: readonly {
    readonly id: "blank" | "gsi-pale" | "gsi-photo";
    readonly url: string | null;
    readonly maxNativeZoom: number | null;
    readonly creditText: string | null;
    readonly creditUrl: string | null;
  }[]; // in order of preference
}

export interface PlotFeatureJson {
  readonly type: "Feature";
  readonly id: string;
  readonly geometry: Polygon;
  readonly properties: {
    readonly id: string;
    readonly name: string;
    readonly holder: string | null;
    readonly base: string | null;
    readonly crop: { readonly variety: string | null; readonly transplantedOn: string | null; readonly headedOn: string | null } | null;
  };
}
/** `GET plots?bbox=minLon,minLat,maxLon,maxLat`. */
export interface PlotsJson {
  readonly type: "FeatureCollection";
  readonly features: readonly PlotFeatureJson[];
}

/** `GET devices` (array). `plotId` is the placement now. */
export interface DeviceJson {
  readonly id: string;
  readonly name: string;
  readonly devEui: string | null;
  readonly profile: string;
  readonly intervalS: number;
  readonly plotId: string | null;
  readonly lastReadingAt: string | null;
  readonly state: DeviceState | null; // null: field has said nothing of it yet
}

/** `GET bases` (array). */
export interface BaseJson {
  readonly id: string;
  readonly mount: string;
  readonly name: string;
  readonly kind: "physical" | "network";
  readonly sim: boolean;
  readonly surveyed: boolean;
  readonly stoppedAt: string | null; // by staff, until they start it again
  readonly position: { readonly latDeg: number; readonly lonDeg: number } | null; // surveyed ARP, else as transmitted
  readonly health: BaseHealth | null; // null: the relay has said nothing yet
}

/** `GET rovers` (array). */
export interface RoverJson {
  readonly id: string;
  readonly name: string;
  readonly party: string | null;
  readonly state: RoverState | null;
}

export interface GatewayJson {
  readonly id: string;
  readonly eui: string;
  readonly name: string;
  readonly position: { readonly latDeg: number; readonly lonDeg: number } | null;
  readonly state: GatewayState | null;
}

/** `GET snapshot?since=ID`: everything the caller may see, as of event id `id`. With an up-to-date `since`: 304. */
export interface SnapshotJson {
  readonly id: string;
  readonly at: string;
  readonly plots: PlotsJson;
  readonly devices: readonly DeviceJson[];
  readonly bases: readonly BaseJson[];
  readonly rovers: readonly RoverJson[];
  readonly gateways: readonly GatewayJson[];
  readonly readings: readonly ReadingJson[]; // latest per device, quantity and depth
}

/** Payloads of `GET events` by SSE event name. `reset`: fetch the snapshot again. `hello` comes first. */
export interface LiveEvents {
  readonly hello: { readonly id: string; readonly at: string };
  readonly reading: readonly ReadingJson[];
  readonly base: BaseHealth;
  readonly rover: RoverState;
  readonly gateway: GatewayState;
  readonly device: DeviceState;
  readonly reset: { readonly at: string };
}

/** `GET series`: a bucket without data is `[tMs, 0, null, null, null]`. */
export interface SeriesJson {
  readonly unit: string;
  readonly buckets: readonly (readonly [tMs: number, n: number, min: number | null, mean: number | null, max: number | null])[];
}

/** RFC 9457. */
export interface ProblemJson {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail?: string;
}
