import { ecefToLatLon } from "rtcm-parser";
import type { BaseJson, DeviceJson, GatewayJson, PlotFeatureJson, PlotsJson, RoverJson } from "../core/domain/api.ts";
import type { Reading } from "../core/domain/reading.ts";
import type { Catalog, Plot } from "../core/domain/site.ts";
import type { SiteZone } from "../core/domain/site-zone.ts";
import type { ApiContext } from "./context.ts";
import type { Visibility } from "./visibility.ts";
import { plotOf } from "./visibility.ts";

/** The catalog's nouns as JSON: what one caller may see of them, without any secret. */
export interface Box {
  readonly minLon: number;
  readonly minLat: number;
  readonly maxLon: number;
  readonly maxLat: number;
}

export function plotsView(api: ApiContext, visibility: Visibility, box: Box | null): PlotsJson {
  const catalog = api.catalog.current();
  const nowMs = api.nowMs();
  const holders = holdersNow(catalog, api.zone(), nowMs);
  const features: PlotFeatureJson[] = [];
  for (const plot of catalog.plots) {
    if (!visibility.seesPlot(plot.id, nowMs) || (box && !touches(plot, box))) continue;
    const { id, name, base, crop } = plot;
    features.push({ type: "Feature", id, geometry: plot.geometry, properties: { id, name, holder: holders.get(id) ?? null, base, crop } });
  }
  return { type: "FeatureCollection", features };
}

/** Plot id → name of the party that holds it now; the party that stands for one user's shorthand has no name to show. */
function holdersNow(catalog: Catalog, zone: SiteZone, nowMs: number): Map<string, string> {
  const names = new Map(catalog.parties.map((p) => [p.id, p.name]));
  const holders = new Map<string, string>();
  for (const { party, plot, from, to } of catalog.holdings) {
    const name = names.get(party);
    if (name === undefined || holders.has(plot)) continue;
    const since = from === null || (zone.instantMs(from) ?? Number.POSITIVE_INFINITY) <= nowMs;
    const still = to === null || nowMs < (zone.instantMs(to) ?? Number.NEGATIVE_INFINITY);
    if (since && still) holders.set(plot, name);
  }
  return holders;
}

/** By the outer ring's own box: a plot is far smaller than any view of the map. */
function touches(plot: Plot, box: Box): boolean {
  let [minLon, minLat, maxLon, maxLat] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [lon, lat] of plot.geometry.coordinates[0] ?? []) {
    minLon = Math.min(minLon, lon);
    maxLon = Math.max(maxLon, lon);
    minLat = Math.min(minLat, lat);
    maxLat = Math.max(maxLat, lat);
  }
  return minLon <= box.maxLon && maxLon >= box.minLon && minLat <= box.maxLat && maxLat >= box.minLat;
}

/** `latest`: the newest readings that this caller may see. */
export function devicesView(api: ApiContext, visibility: Visibility, latest: readonly Reading[]): DeviceJson[] {
  const nowMs = api.nowMs();
  const lastMs = new Map<string, number>();
  for (const r of latest) lastMs.set(r.deviceId, Math.max(lastMs.get(r.deviceId) ?? 0, r.timeMs));
  return api.catalog
    .current()
    .devices.filter((d) => visibility.seesDevice(d, nowMs))
    .map((d) => {
      const at = lastMs.get(d.id);
      const plotId = plotOf(d, nowMs);
      return {
        id: d.id,
        name: d.name,
        devEui: d.devEui,
        profile: d.profile,
        intervalS: d.intervalS,
        plotId,
        lastReadingAt: at === undefined ? null : new Date(at).toISOString(),
        state: api.feed.deviceState(d.id),
      };
    });
}

/** The newest reading of each device, quantity and depth, as far as the caller may see it. */
export async function latestReadings(
  api: ApiContext,
  visibility: Visibility,
  filter: { deviceIds?: readonly string[]; plotId?: string },
): Promise<readonly Reading[]> {
  const deviceIds = filter.deviceIds ?? (visibility.everything ? undefined : readableDevices(api, visibility));
  if (deviceIds?.length === 0) return [];
  const readings = await api.telemetry.latest({ ...filter, ...(deviceIds ? { deviceIds } : {}) });
  return visibility.everything ? readings : readings.filter((r) => visibility.seesReading(r));
}

/** Devices of which the caller may see readings of some time. */
export function readableDevices(api: ApiContext, visibility: Visibility): string[] {
  return api.catalog
    .current()
    .devices.filter((d) => visibility.deviceWindows(d).length > 0)
    .map((d) => d.id);
}

export function basesView(api: ApiContext, visibility: Visibility): BaseJson[] {
  if (!visibility.seesNetwork) return [];
  const { bases, orders } = api.catalog.current();
  const stopped = new Map(orders.flatMap((o) => (o.stoppedAtMs === null ? [] : [[o.baseId, new Date(o.stoppedAtMs).toISOString()]])));
  return bases.map((b) => {
    const health = api.feed.baseHealth(b.id);
    const sent = health?.antenna ?? null;
    const at = b.antenna === null ? sent : ecefToLatLon({ xM: b.antenna.x, yM: b.antenna.y, zM: b.antenna.z });
    const position = at && { latDeg: at.latDeg, lonDeg: at.lonDeg };
    return {
      id: b.id,
      mount: b.mount,
      name: b.name,
      kind: b.kind,
      sim: b.sim,
      surveyed: b.antenna !== null,
      stoppedAt: stopped.get(b.id) ?? null,
      position,
      health,
    };
  });
}

export function roversView(api: ApiContext, visibility: Visibility): RoverJson[] {
  return api.catalog
    .current()
    .rovers.filter((r) => visibility.seesRover(r))
    .map((r) => ({ id: r.id, name: r.name, party: r.party, state: api.feed.roverState(r.id) }));
}

export function gatewaysView(api: ApiContext, visibility: Visibility): GatewayJson[] {
  if (!visibility.seesNetwork) return [];
  return api.catalog.current().gateways.map((g) => ({
    id: g.id,
    eui: g.eui,
    name: g.name,
    position: g.latDeg === null || g.lonDeg === null ? null : { latDeg: g.latDeg, lonDeg: g.lonDeg },
    state: api.feed.gatewayState(g.id),
  }));
}
