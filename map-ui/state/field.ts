import type { BaseJson, DeviceJson, GatewayJson, LiveEvents, PlotFeatureJson, RoverJson, SnapshotJson } from "../../core/domain/api.ts";
import type { DeviceState } from "../../core/domain/device-state.ts";
import type { BaseHealth, GatewayState, RoverState } from "../../core/domain/live.ts";
import type { ReadingJson } from "../../core/domain/reading.ts";

export interface TrailPoint {
  readonly latDeg: number;
  readonly lonDeg: number;
  readonly atMs: number;
}

/** Everything the page knows of the field: the snapshot, kept current by events. */
export interface Field {
  readonly id: string | null; // of the last snapshot or event
  readonly plots: readonly PlotFeatureJson[];
  readonly devices: ReadonlyMap<string, DeviceJson>;
  readonly bases: ReadonlyMap<string, BaseJson>;
  readonly rovers: ReadonlyMap<string, RoverJson>;
  readonly gateways: ReadonlyMap<string, GatewayJson>;
  readonly readings: ReadonlyMap<string, ReadingJson>; // newest per device, quantity and depth
  readonly trails: ReadonlyMap<string, readonly TrailPoint[]>; // by rover, the last TRAIL_MS
}

export type FieldEvent =
  | { readonly kind: "reading"; readonly data: LiveEvents["reading"] }
  | { readonly kind: "base"; readonly data: BaseHealth }
  | { readonly kind: "rover"; readonly data: RoverState }
  | { readonly kind: "gateway"; readonly data: GatewayState }
  | { readonly kind: "device"; readonly data: DeviceState };

const TRAIL_MS = 60_000;
const TRAIL_POINTS_MAX = 120; // oldest forgotten: a rover that reports faster than 2 Hz gets a shorter trail

export const EMPTY_FIELD: Field = {
  id: null,
  plots: [],
  devices: new Map(),
  bases: new Map(),
  rovers: new Map(),
  gateways: new Map(),
  readings: new Map(),
  trails: new Map(),
};

const byId = <T extends { readonly id: string }>(rows: readonly T[]): Map<string, T> => new Map(rows.map((row) => [row.id, row]));
const readingKey = (r: ReadingJson): string => `${r.deviceId}|${r.quantity}|${r.depthCm ?? ""}`;

/** The snapshot is the truth about what exists; trails, which it does not hold, go on. */
export function fromSnapshot(snapshot: SnapshotJson, before: Field): Field {
  const rovers = byId(snapshot.rovers);
  const trails = new Map<string, readonly TrailPoint[]>();
  for (const { id, state } of snapshot.rovers) trails.set(id, withPoint(before.trails.get(id) ?? [], state));
  return {
    id: snapshot.id,
    plots: samePlots(before.plots, snapshot.plots.features) ? before.plots : snapshot.plots.features,
    devices: byId(snapshot.devices),
    bases: byId(snapshot.bases),
    rovers,
    gateways: byId(snapshot.gateways),
    readings: new Map(snapshot.readings.map((r) => [readingKey(r), r])),
    trails,
  };
}

/** Applies events in order. What is older than what we have changes nothing, so replays and late uplinks are harmless. */
export function withEvents(field: Field, events: readonly FieldEvent[], id: string | null): Field {
  const readings = new Map(field.readings);
  const devices = new Map(field.devices);
  const bases = new Map(field.bases);
  const rovers = new Map(field.rovers);
  const gateways = new Map(field.gateways);
  const trails = new Map(field.trails);
  for (const event of events) {
    switch (event.kind) {
      case "reading":
        for (const reading of event.data) {
          const known = readings.get(readingKey(reading));
          if (known === undefined || Date.parse(reading.time) >= Date.parse(known.time)) readings.set(readingKey(reading), reading);
        }
        break;
      case "base": {
        const base = bases.get(event.data.baseId);
        if (base && notOlder(event.data, base.health)) {
          const transmitted = event.data.antenna && { latDeg: event.data.antenna.latDeg, lonDeg: event.data.antenna.lonDeg };
          bases.set(base.id, { ...base, health: event.data, position: base.surveyed ? base.position : (transmitted ?? base.position) });
        }
        break;
      }
      case "rover": {
        const rover = rovers.get(event.data.roverId);
        if (rover && notOlder(event.data, rover.state)) {
          rovers.set(rover.id, { ...rover, state: event.data });
          trails.set(rover.id, withPoint(trails.get(rover.id) ?? [], event.data));
        }
        break;
      }
      case "gateway": {
        const gateway = gateways.get(event.data.gatewayId);
        if (gateway && notOlder(event.data, gateway.state)) gateways.set(gateway.id, { ...gateway, state: event.data });
        break;
      }
      case "device": {
        const device = devices.get(event.data.deviceId);
        if (device && notOlder(event.data, device.state)) devices.set(device.id, { ...device, state: event.data });
        break;
      }
    }
  }
  return { ...field, id: id ?? field.id, readings, devices, bases, rovers, gateways, trails };
}

function notOlder(next: { readonly at: string }, known: { readonly at: string } | null): boolean {
  return known === null || Date.parse(next.at) >= Date.parse(known.at);
}

function withPoint(trail: readonly TrailPoint[], state: RoverState | null): readonly TrailPoint[] {
  const position = state?.position;
  if (!position) return trail;
  const atMs = Date.parse(position.at);
  const kept = trail.filter((p) => atMs - p.atMs < TRAIL_MS && p.atMs < atMs);
  return [...kept, { latDeg: position.latDeg, lonDeg: position.lonDeg, atMs }].slice(-TRAIL_POINTS_MAX);
}

/** Same geometry, same array: the map is not drawn anew at each poll. */
function samePlots(a: readonly PlotFeatureJson[], b: readonly PlotFeatureJson[]): boolean {
  return a.length === b.length && JSON.stringify(a) === JSON.stringify(b);
}
