import type { Catalog, Device, Role, User } from "../core/domain/site.ts";
import type { SiteZone } from "../core/domain/site-zone.ts";

/** Who asks. `demo`: the demo site read from this very machine without log-in. */
export type Viewer = { readonly kind: "none" } | { readonly kind: "demo" } | { readonly kind: "user"; readonly user: User };

/** A time of visibility, [fromMs, toMs); ±Infinity = open. */
export interface TimeWindow {
  readonly fromMs: number;
  readonly toMs: number;
}

/** What one viewer may see (DESIGN.md §4). Who may see a reading is looked up at its event time. */
export interface Visibility {
  readonly everything: boolean;
  seesPlot(plotId: string, nowMs: number): boolean;
  /** Held at any time: some of its readings may be seen. */
  everHeld(plotId: string): boolean;
  seesReading(reading: { readonly plotId: string | null; readonly timeMs: number }): boolean;
  /** Where it stands now is on a plot that the viewer holds now. */
  seesDevice(device: Device, nowMs: number): boolean;
  /** When the device stood on plots that the viewer held; empty = its readings are none of the viewer's business. */
  deviceWindows(device: Device): readonly TimeWindow[];
  seesRover(rover: { readonly party: string | null }): boolean;
  /** Health of bases and state of gateways: everybody who is known. */
  readonly seesNetwork: boolean;
}

/** What a route may ask of its caller. `operator`: the town's people, and the demo's visitor, who may look and not touch. */
export type Access = "public" | "reader" | "operator" | "staff" | "siteReader" | "admin";

const hasRole = (viewer: Viewer, roles: readonly Role[]): boolean => viewer.kind === "user" && roles.includes(viewer.user.role);
const ACCESS: Record<Access, (viewer: Viewer) => boolean> = {
  public: () => true,
  reader: (v) => v.kind !== "none",
  operator: (v) => v.kind === "demo" || hasRole(v, ["staff", "admin", "trainer"]),
  staff: (v) => hasRole(v, ["staff", "admin"]), // who answers for the bases
  siteReader: (v) => hasRole(v, ["staff", "admin"]), // an export holds hashes of passwords: not for the demo's visitor
  admin: (v) => hasRole(v, ["admin"]),
};
export const allows = (access: Access, viewer: Viewer): boolean => ACCESS[access](viewer);

const ALWAYS: readonly TimeWindow[] = [{ fromMs: Number.NEGATIVE_INFINITY, toMs: Number.POSITIVE_INFINITY }];
const EVERYTHING: Visibility = {
  everything: true,
  seesPlot: () => true,
  everHeld: () => true,
  seesReading: () => true,
  seesDevice: () => true,
  deviceWindows: () => ALWAYS,
  seesRover: () => true,
  seesNetwork: true,
};
const NOTHING: Visibility = {
  everything: false,
  seesPlot: () => false,
  everHeld: () => false,
  seesReading: () => false,
  seesDevice: () => false,
  deviceWindows: () => [],
  seesRover: () => false,
  seesNetwork: false,
};

export function visibilityOf(viewer: Viewer, catalog: Catalog, zone: SiteZone): Visibility {
  if (allows("operator", viewer)) return EVERYTHING;
  return viewer.kind === "user" ? holderVisibility(viewer.user, catalog, zone) : NOTHING;
}

/** A user's own party, and the one that stands for the user's `plots` shorthand. */
export function partiesOf(user: User): readonly string[] {
  return user.party === null ? [`user:${user.id}`] : [user.party, `user:${user.id}`];
}

function holderVisibility(user: User, catalog: Catalog, zone: SiteZone): Visibility {
  const parties = partiesOf(user);
  const held = heldWindows(parties, catalog, zone);
  const holds = (plotId: string | null, atMs: number): boolean => plotId !== null && (held.get(plotId)?.some((w) => within(w, atMs)) ?? false);
  return {
    everything: false,
    seesPlot: holds,
    everHeld: (plotId) => held.has(plotId),
    seesReading: (reading) => holds(reading.plotId, reading.timeMs),
    seesDevice: (device, nowMs) => device.placements.some((p) => within(placementWindow(p), nowMs) && holds(p.plot, nowMs)),
    deviceWindows: (device) =>
      merged(device.placements.flatMap((p) => (p.plot === null ? [] : (held.get(p.plot) ?? []).flatMap((h) => overlap(placementWindow(p), h))))),
    seesRover: (rover) => rover.party !== null && parties.includes(rover.party),
    seesNetwork: true,
  };
}

const byParty = new WeakMap<Catalog, Map<string, { plot: string; window: TimeWindow }[]>>(); // one index per catalog, shared by its viewers

function heldWindows(parties: readonly string[], catalog: Catalog, zone: SiteZone): Map<string, TimeWindow[]> {
  let index = byParty.get(catalog);
  if (!index) {
    index = new Map();
    for (const { party, plot, from, to } of catalog.holdings) {
      const window = { fromMs: boundMs(from, zone, Number.NEGATIVE_INFINITY), toMs: boundMs(to, zone, Number.POSITIVE_INFINITY) };
      const list = index.get(party);
      if (list) list.push({ plot, window });
      else index.set(party, [{ plot, window }]);
    }
    byParty.set(catalog, index);
  }
  const held = new Map<string, TimeWindow[]>();
  for (const party of parties) {
    for (const { plot, window } of index.get(party) ?? []) held.set(plot, [...(held.get(plot) ?? []), window]);
  }
  return held;
}

/** A bound that cannot be read opens nothing: the window it belongs to is empty. */
function boundMs(text: string | null, zone: SiteZone, open: number): number {
  return text === null ? open : (zone.instantMs(text) ?? -open);
}

const within = (w: TimeWindow, atMs: number): boolean => w.fromMs <= atMs && atMs < w.toMs;

function placementWindow(p: { readonly fromMs: number | null; readonly toMs: number | null }): TimeWindow {
  return { fromMs: p.fromMs ?? Number.NEGATIVE_INFINITY, toMs: p.toMs ?? Number.POSITIVE_INFINITY };
}

function overlap(a: TimeWindow, b: TimeWindow): TimeWindow[] {
  const fromMs = Math.max(a.fromMs, b.fromMs);
  const toMs = Math.min(a.toMs, b.toMs);
  return fromMs < toMs ? [{ fromMs, toMs }] : [];
}

/** In order of time, touching and overlapping windows joined. */
function merged(windows: readonly TimeWindow[]): TimeWindow[] {
  const out: TimeWindow[] = [];
  for (const w of [...windows].sort((a, b) => a.fromMs - b.fromMs)) {
    const last = out.at(-1);
    if (last && w.fromMs <= last.toMs) out[out.length - 1] = { fromMs: last.fromMs, toMs: Math.max(last.toMs, w.toMs) };
    else out.push(w);
  }
  return out;
}

/** The placement that holds at a moment. */
export function plotOf(device: Device, atMs: number): string | null {
  return device.placements.find((p) => within(placementWindow(p), atMs))?.plot ?? null;
}
