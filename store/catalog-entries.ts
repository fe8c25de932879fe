import type { Base, Catalog, Device, Holding, Network, Placement, Plot, Rover, StoredSecret, User } from "../core/domain/site.ts";
import { type SiteZone, siteZone } from "../core/domain/site-zone.ts";
import { sigfoxIdOf } from "../core/wire/sigfox-id.ts";
import type { SiteFile } from "../core/wire/site-file.ts";

type Entry<K extends keyof SiteFile> = NonNullable<SiteFile[K]> extends readonly (infer E)[] ? E : NonNullable<SiteFile[K]>;
type Digests = ReadonlyMap<string, string | null>; // "rovers/tractor-1" → digest

const INTERVAL_S = 1800; // LPWA paddy sensors: 30 min is typical
const SESSIONS_MAX = 2;
const FAILOVER_AFTER_S = 8; // a gap of 3 s or 6 s of a base's uplink causes nothing
const PULL_SESSIONS = 8;

/** The site file's entries (hashes instead of secrets) as the nouns that the roles use: shorthands resolved, absent is null. */
export function catalogOf(file: SiteFile, digests: Digests): Catalog {
  const timeZone = file.site.timeZone ?? "Asia/Tokyo";
  const zone = siteZone(timeZone);
  const name = file.site.name;
  return {
    site: {
      id: file.site.id,
      timeZone,
      failoverAfterS: file.site.failoverAfterS ?? FAILOVER_AFTER_S,
      name: name === undefined ? { ja: file.site.id, en: file.site.id } : typeof name === "string" ? { ja: name, en: name } : name,
    },
    orders: [],
    codecs: [],
    redecodes: [],
    recheckedAtMs: null,
    parties: (file.parties ?? []).map((p) => ({ id: p.id, name: p.name ?? p.id, kind: p.kind ?? "person" })),
    users: (file.users ?? []).map(userOf),
    plots: (file.plots ?? []).map(plotOf),
    holdings: [...(file.holdings ?? []).map((h): Holding => ({ party: h.party, plot: h.plot, from: h.from ?? null, to: h.to ?? null })), ...heldByUsers(file)],
    devices: (file.devices ?? []).map((d) => deviceOf(d, zone)),
    gateways: (file.gateways ?? []).map((g) => ({ id: g.id, eui: g.eui.toLowerCase(), name: g.name ?? g.id, latDeg: g.lat ?? null, lonDeg: g.lon ?? null })),
    networks: (file.networks ?? []).map(networkOf),
    bases: (file.bases ?? []).map((b) => baseOf(b, digests)),
    rovers: (file.rovers ?? []).map((r) => roverOf(r, digests)),
    consents: (file.consents ?? []).map((c) => ({ party: c.party, scope: c.scope, from: c.from ?? null, to: c.to ?? null })),
  };
}

function userOf(u: Entry<"users">): User {
  return { id: u.id, username: u.username, role: u.role ?? "farmer", party: u.party ?? null, until: u.until ?? null, passwordHash: u.passwordHash ?? null };
}

/** `"plots"` on a user is shorthand for holding them since ever, by a party of the user's own. */
function heldByUsers(file: SiteFile): Holding[] {
  return (file.users ?? []).flatMap((u) => (u.plots ?? []).map((plot) => ({ party: `user:${u.id}`, plot, from: null, to: null })));
}

function plotOf(p: Entry<"plots">): Plot {
  const crop = p.crop ? { variety: p.crop.variety ?? null, transplantedOn: p.crop.transplantedOn ?? null, headedOn: p.crop.headedOn ?? null } : null;
  return { id: p.id, name: p.name ?? p.id, geometry: p.geometry, base: p.base ?? null, fude: p.fude ?? null, crop };
}

function deviceOf(d: Entry<"devices">, zone: SiteZone): Device {
  const ms = (text: string | null | undefined): number | null => (text ? zone.instantMs(text) : null);
  const placements: Placement[] = (d.placements ?? []).map((p) => ({
    plot: p.plot ?? null,
    fromMs: ms(p.from),
    toMs: ms(p.to),
    zeroMm: p.zeroMm ?? null,
    depthCm: p.depthCm ?? null,
  }));
  if (placements.length === 0 && (d.plot || d.levelZeroMm !== undefined))
    placements.push({ plot: d.plot ?? null, fromMs: null, toMs: null, zeroMm: d.levelZeroMm ?? null, depthCm: null });
  return {
    id: d.id,
    name: d.name ?? d.id,
    devEui: d.devEui?.toLowerCase() ?? null,
    sigfoxId: d.sigfoxId ? sigfoxIdOf(d.sigfoxId) : null,
    imsi: d.imsi ?? null,
    profile: d.profile,
    intervalS: d.intervalS ?? INTERVAL_S,
    channels: d.channels ?? {},
    placements,
    mqttTokenHash: d.mqtt?.tokenHash ?? null,
  };
}

function networkOf(n: Entry<"networks">): Network {
  return {
    id: n.id,
    kind: n.kind ?? null,
    mqttUsername: n.mqtt?.username ?? null,
    mqttTokenHash: n.mqtt?.tokenHash ?? null,
    hookTokenHash: n.hookTokenHash ?? null,
    url: n.url ?? null,
  };
}

const EARTH_RADIUS_MIN_M = 6_300_000;

function baseOf(b: Entry<"bases">, digests: Digests): Base {
  // An antenna at the Earth's centre is a placeholder, not a survey.
  const surveyed = b.antenna && Math.hypot(b.antenna.x, b.antenna.y, b.antenna.z) > EARTH_RADIUS_MIN_M;
  return {
    id: b.id,
    mount: b.mount,
    name: b.name ?? b.id,
    sourcePassword: secretOf(b.sourcePasswordHash, digests.get(`bases/${b.id}`)),
    stationId: b.stationId || null, // 0 is what receivers say that were given no number
    kind: b.kind ?? "physical",
    antenna: surveyed ? (b.antenna ?? null) : null,
    datum: b.datum ?? null,
    maxBaselineKm: b.maxBaselineKm ?? null,
    alignedWith: b.alignedWith ?? [],
    arpOffset: b.arpOffset ? { ...b.arpOffset, datum: b.arpOffset.datum ?? null } : null,
    pull: b.pull ?? null,
    pullMode: b.pullMode ?? "always",
    pullSessions: b.pullSessions ?? PULL_SESSIONS,
    listen: b.listen ?? null,
    sim: b.sim ?? false,
  };
}

function roverOf(r: Entry<"rovers">, digests: Digests): Rover {
  return {
    id: r.id,
    name: r.name ?? r.id,
    username: r.username,
    password: secretOf(r.passwordHash, digests.get(`rovers/${r.id}`)),
    mounts: r.mounts ?? ["*"],
    party: r.party ?? null,
    base: r.base ?? null,
    maxSessions: r.maxSessions ?? SESSIONS_MAX,
    expiresOn: r.expiresOn ?? null,
    staffTest: r.staffTest ?? false,
  };
}

function secretOf(hash: string | undefined, digest: string | null | undefined): StoredSecret | null {
  return hash === undefined ? null : { hash, digest: digest ?? null };
}
