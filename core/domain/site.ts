import type { RedecodeOrder, VendorCodec } from "./codec.ts";

/** The nouns of the site file as the roles use them: secrets are hashes, shorthands are resolved, absent is null. */

export type Role = "farmer" | "advisor" | "staff" | "trainer" | "admin";

export interface Party {
  readonly id: string;
  readonly name: string;
  readonly kind: "person" | "corporation" | "group";
}
export interface User {
  readonly id: string;
  readonly username: string;
  readonly role: Role;
  readonly party: string | null;
  readonly until: string | null;
  readonly passwordHash: string | null; // argon2id, PHC form
}
export interface Polygon {
  readonly type: "Polygon";
  readonly coordinates: readonly (readonly (readonly [number, number])[])[]; // lon, lat
}
export interface Plot {
  readonly id: string;
  readonly name: string;
  readonly geometry: Polygon;
  readonly base: string | null;
  readonly fude: { readonly polygon_uuid: string; readonly issue_year: number } | null;
  readonly crop: { readonly variety: string | null; readonly transplantedOn: string | null; readonly headedOn: string | null } | null;
}
/** Who holds a plot, by interval [from, to): ISO dates in the site's time zone, null = open. */
export interface Holding {
  readonly party: string;
  readonly plot: string;
  readonly from: string | null;
  readonly to: string | null;
}
/** Where a device stands, by interval [fromMs, toMs). */
export interface Placement {
  readonly plot: string | null;
  readonly fromMs: number | null;
  readonly toMs: number | null;
  readonly zeroMm: number | null; // distance (or pressure head) at field surface: level = zero - distance
  readonly depthCm: number | null;
}
export interface Device {
  readonly id: string;
  readonly name: string;
  readonly devEui: string | null; // lower case
  readonly sigfoxId: string | null; // as of sigfoxIdOf
  readonly imsi: string | null; // of the SIM, by which SORACOM knows it
  readonly profile: string;
  readonly intervalS: number;
  readonly channels: Readonly<Record<string, string>>;
  readonly placements: readonly Placement[];
  readonly mqttTokenHash: string | null; // null = does not speak MQTT itself; else user name = id
}
export interface Gateway {
  readonly id: string;
  readonly eui: string;
  readonly name: string;
  readonly latDeg: number | null;
  readonly lonDeg: number | null;
}
export interface Network {
  readonly id: string;
  readonly kind: string | null; // chirpstack | tts | null = all
  readonly mqttUsername: string | null;
  readonly mqttTokenHash: string | null;
  readonly hookTokenHash: string | null;
  readonly url: string | null;
}
export interface Base {
  readonly id: string;
  readonly mount: string;
  readonly name: string;
  readonly sourcePassword: StoredSecret | null;
  readonly stationId: number | null;
  readonly kind: "physical" | "network";
  readonly antenna: { readonly x: number; readonly y: number; readonly z: number } | null;
  readonly datum: { readonly frame: string; readonly epoch: string } | null;
  readonly maxBaselineKm: number | null;
  readonly alignedWith: readonly string[]; // ids of bases whose offset to this one was measured at 2 cm or less, entered by staff
  readonly arpOffset: ArpOffset | null;
  readonly pull: string | null; // ntrip://…, ntrips://…, tcp://…, serial:… with its secrets; never shown
  readonly pullMode: "always" | "demand";
  readonly pullSessions: number; // kind "network": how many rovers its account may serve at once
  readonly listen: string | null; // tcp://host:port: the base connects to us and sends plain RTCM
  readonly sim: boolean;
}
/** The same base a second time, under another datum: 1005/1006 are moved by x, y, z (ECEF, m). */
export interface ArpOffset {
  readonly mount: string;
  readonly x: number;
  readonly y: number;
  readonly z: number;
  readonly datum: { readonly frame: string; readonly epoch: string } | null;
}
export interface Rover {
  readonly id: string;
  readonly name: string;
  readonly username: string;
  readonly password: StoredSecret | null;
  readonly mounts: readonly string[]; // ["*"] = every mount
  readonly party: string | null;
  readonly base: string | null;
  readonly maxSessions: number; // 0 = no limit
  readonly expiresOn: string | null;
  readonly staffTest: boolean;
}
/** A password typed by people on both ends: argon2id, and beside it a keyed digest so that a known secret is checked in microseconds. */
export interface StoredSecret {
  readonly hash: string; // argon2id, PHC form
  readonly digest: string | null; // HMAC-SHA256 under the data folder's key, hex; null until verified once
}
export interface Consent {
  readonly party: string;
  readonly scope: "town" | "advisor" | "trial" | "open";
  readonly from: string | null;
  readonly to: string | null;
}

/** What staff decided about a base, newest first wins; the relay acts on it within 2 s. */
export interface BaseOrder {
  readonly baseId: string;
  readonly confirmedAtMs: number | null; // lifts a stop of the guard that is older
  readonly stoppedAtMs: number | null; // null: not stopped by staff
}

/** Everything the roles know of the site at one moment. */
export interface Catalog {
  readonly site: {
    readonly id: string;
    readonly name: { readonly ja: string; readonly en: string };
    readonly timeZone: string;
    readonly failoverAfterS: number; // a silent base counts as failed on virtual mounts; 5 to 20
  };
  readonly orders: readonly BaseOrder[];
  readonly recheckedAtMs: number | null; // 全基準局を再確認: what was confirmed before is not, until it passes again
  readonly parties: readonly Party[];
  readonly users: readonly User[];
  readonly plots: readonly Plot[];
  readonly holdings: readonly Holding[];
  readonly devices: readonly Device[];
  readonly gateways: readonly Gateway[];
  readonly networks: readonly Network[];
  readonly bases: readonly Base[];
  readonly rovers: readonly Rover[];
  readonly consents: readonly Consent[];
  readonly codecs: readonly VendorCodec[]; // the version of each that decodes: the newest that passed its gate
  readonly redecodes: readonly RedecodeOrder[]; // not ended for long, oldest first
}

/** The catalog as it is now, and word of each change (noticed within 2 s of the commit). */
export interface CatalogView {
  current(): Catalog;
  /** Returns the function that ends the subscription. */
  onChange(listener: (catalog: Catalog) => void): () => void;
  /** Looks at once, where it looks by itself only from time to time: who changed the catalog sees the change. */
  refresh?(): void;
}
