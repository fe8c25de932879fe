import "leaflet/dist/leaflet.css";
import { canvas, Map as LeafletMap } from "leaflet";
import type { PaddyMark } from "../../core/domain/paddy-status.ts";
import type { Polygon } from "../../core/domain/site.ts";
import type { Selected } from "../state/view.ts";
import { type LatLon, townBox, withNear } from "./geometry.ts";
import { type Ground, GroundLayer } from "./ground-layer.ts";
import { MarkerLayer } from "./marker-layer.ts";
import { PlotLayer } from "./plot-layer.ts";

export interface MapPlot {
  readonly id: string;
  readonly geometry: Polygon;
}
/** How a plot looks now. */
export interface PlotLook {
  readonly id: string;
  readonly name: string;
  readonly mark: PaddyMark;
  readonly shape: string; // ● ▼ ▲ ✕
  readonly value: string; // "1.5", or "" when not known
  readonly weight: "look" | "good" | "bare"; // bare: no sensor, so there is never a word of it
}
/** A base, rover or gateway. */
export interface MapMarker {
  readonly kind: "base" | "rover" | "gateway";
  readonly id: string;
  readonly name: string;
  readonly at: LatLon;
  readonly tone: "ok" | "act" | "none";
  readonly letter: string; // fix letter, or the shape of the state
  readonly courseDeg: number | null;
  readonly trail: readonly LatLon[];
}

/** The map as the page knows it: nothing outside this folder speaks Leaflet. */
export interface FieldMap {
  /** The first plots bring themselves, and the markers known by then, into view. */
  setPlots(plots: readonly MapPlot[]): void;
  /** Looks in order of urgency: the first ones get a label when there is no room for all. */
  patch(looks: readonly PlotLook[]): void;
  setMarkers(markers: readonly MapMarker[]): void;
  select(target: Selected | null): void;
  /** False: it has no place on the map (yet). */
  flyTo(target: Selected): boolean;
  setBase(ground: Ground): void;
  fit(): void;
  zoomBy(steps: number): void;
  /** Plots and markers left out because their coordinates are no place. */
  readonly dropped: number;
  /** Where the map stands, to come back to. */
  position(): MapPosition;
  remove(): void;
}
export interface MapPosition {
  readonly at: LatLon;
  readonly zoom: number;
}

export interface FieldMapOptions {
  readonly onSelect: (target: Selected | null) => void;
  readonly motion: "full" | "reduced";
  readonly position: MapPosition | null; // null: fit to the town
}

const TOWN: LatLon = [39.42, 140.55]; // Misato-cho, until there is something to show
const CLOSE_ZOOM = 17; // a 30 a paddy fills a good part of a phone
const FIT_ZOOM_MAX = 18;
const WIDE_PX = 500;

export function openFieldMap(container: HTMLElement, options: FieldMapOptions): FieldMap {
  const map = new LeafletMap(container, {
    zoomControl: false,
    attributionControl: false,
    renderer: canvas({ padding: 0.3, tolerance: 6 }),
    maxZoom: 20,
    minZoom: 5,
    zoomSnap: 0.25,
    zoomDelta: 1,
    zoomAnimation: options.motion === "full",
    fadeAnimation: false,
    markerZoomAnimation: options.motion === "full",
    keyboard: true,
  });
  const start = options.position ?? { at: TOWN, zoom: 13 };
  map.setView([...start.at], start.zoom);
  let fitted = options.position !== null;
  const ground = new GroundLayer(map);
  const plots = new PlotLayer(map, (id) => options.onSelect({ kind: "plot", id }));
  const markers = new MarkerLayer(map, (kind, id) => options.onSelect({ kind, id }));
  map.on("click", () => options.onSelect(null));
  const sizes = new ResizeObserver(() => {
    map.invalidateSize({ animate: false });
    if (!fitted) fitTown();
  });
  sizes.observe(container);

  function fitTown(): void {
    const size = map.getSize();
    const town = townBox(plots.places.length > 0 ? plots.places : markers.places);
    if (town === null || size.x === 0) return;
    fitted = true;
    const box = size.x >= WIDE_PX ? withNear(town, markers.places) : town; // a phone keeps its room for the paddies
    map.fitBounds([[...box[0]], [...box[1]]], { padding: [20, 20], maxZoom: FIT_ZOOM_MAX, animate: false });
  }

  return {
    setPlots(list) {
      plots.set(list);
      if (!fitted) fitTown();
    },
    patch: (looks) => plots.patch(looks),
    setMarkers: (list) => markers.set(list),
    select(target) {
      plots.select(target?.kind === "plot" ? target.id : null);
      markers.select(target);
    },
    flyTo(target) {
      const at = target.kind === "plot" ? plots.placeOf(target.id) : markers.placeOf(target.kind, target.id);
      if (at === null) return false;
      const zoom = Math.max(map.getZoom(), target.kind === "plot" ? CLOSE_ZOOM : 15);
      if (options.motion === "full") map.flyTo([...at], zoom, { duration: 0.5 });
      else map.setView([...at], zoom, { animate: false });
      return true;
    },
    setBase: (next) => ground.set(next),
    fit: fitTown,
    zoomBy: (steps) => {
      map.setZoom(map.getZoom() + steps);
    },
    get dropped() {
      return plots.dropped + markers.dropped;
    },
    position() {
      const { lat, lng } = map.getCenter();
      return { at: [lat, lng], zoom: map.getZoom() };
    },
    remove() {
      sizes.disconnect();
      map.remove();
    },
  };
}
