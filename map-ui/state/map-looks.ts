import { computed } from "@preact/signals-core";
import type { RoverJson } from "../../core/domain/api.ts";
import type { MapMarker, PlotLook } from "../map/field-map.ts";
import { courseDeg } from "../map/geometry.ts";
import { BASE_TONE, GATEWAY_TONE, ROVER_TONE } from "../parts/tones.ts";
import type { Field } from "./field.ts";
import { valueText } from "./format.ts";
import { MARK_SHAPE } from "./paddies.ts";
import { BASE_SHAPE, baseMark, GATEWAY_SHAPE, gatewayMark, ROVER_LETTER, roverMark } from "./stations.ts";
import { clockMs, field, paddies } from "./store.ts";

export const plotLooks = computed<readonly PlotLook[]>(() =>
  paddies.value.map(({ id, name, mark, cause, levelCm }) => ({
    id,
    name,
    mark,
    shape: MARK_SHAPE[mark],
    value: mark === "unknown" || levelCm === null ? "" : valueText(levelCm, "cm"),
    weight: cause === "no-sensor" ? "bare" : mark === "ok" ? "good" : "look",
  })),
);

/** Bases, tractors and gateways that have a place. */
export const mapMarkers = computed<readonly MapMarker[]>(() => {
  const now = clockMs.value;
  const { bases, gateways, rovers } = field.value;
  const markers: MapMarker[] = [];
  for (const base of bases.values()) {
    if (base.position === null) continue;
    const mark = baseMark(base, now);
    markers.push({ ...place("base", base.id, base.name, base.position), tone: BASE_TONE[mark], letter: BASE_SHAPE[mark] });
  }
  for (const gateway of gateways.values()) {
    if (gateway.position === null) continue;
    const mark = gatewayMark(gateway, now);
    markers.push({ ...place("gateway", gateway.id, gateway.name, gateway.position), tone: GATEWAY_TONE[mark], letter: GATEWAY_SHAPE[mark] });
  }
  for (const rover of rovers.values()) {
    const marker = roverMarker(rover, field.value, now);
    if (marker !== null) markers.push(marker);
  }
  return markers;
});

function place(kind: MapMarker["kind"], id: string, name: string, at: { latDeg: number; lonDeg: number }) {
  return { kind, id, name, at: [at.latDeg, at.lonDeg] as const, courseDeg: null, trail: [] };
}

function roverMarker(rover: RoverJson, { trails }: Field, nowMs: number): MapMarker | null {
  const position = rover.state?.position;
  if (!position) return null;
  const mark = roverMark(rover, nowMs);
  const trail = (trails.get(rover.id) ?? []).map((p) => [p.latDeg, p.lonDeg] as const);
  const last = trail.at(-1);
  const before = trail.at(-2);
  return {
    ...place("rover", rover.id, rover.name, position),
    tone: ROVER_TONE[mark],
    letter: ROVER_LETTER[mark],
    courseDeg: last && before ? courseDeg(before, last) : null,
    trail,
  };
}
