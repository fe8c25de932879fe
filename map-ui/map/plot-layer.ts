import { DivIcon, DomEvent, type Map as LeafletMap, Marker, type PathOptions, Polygon } from "leaflet";
import type { PaddyMark } from "../../core/domain/paddy-status.ts";
import type { MapPlot, PlotLook } from "./field-map.ts";
import { centroidOf, type LatLon, Spread, usableRings, widthDegOf } from "./geometry.ts";

const LABELS_MAX = 150; // DOM nodes on the map; canvas does the rest
/** What a label shows, by the width of its plot in px: neighbours must not cover each other. */
const BESIDE_PX = 60; // mark and value side by side
const BELOW_PX = 38; // value below the mark: paddies are long and narrow
const MARK_PX = 24; // the mark alone
const FAR_PX = 32; // between marks of plots that are smaller than their mark
const WORLD_PX = 256; // width of the world at zoom 0

const COLOR: Readonly<Record<PaddyMark, string>> = { ok: "#0017c1", low: "#a90000", high: "#a90000", unknown: "#767676" };

interface Shown {
  readonly shape: Polygon;
  readonly at: LatLon;
  readonly widthDeg: number; // its own width in longitude, not that of its box
  look: PlotLook | null;
  label: Label | null;
}
interface Label {
  readonly marker: Marker;
  readonly root: HTMLElement;
  readonly mark: HTMLElement;
  readonly value: HTMLElement;
}

/** Plots as canvas polygons, with a label (shape of the mark, value) each while there is room. */
export class PlotLayer {
  readonly #map: LeafletMap;
  readonly #onSelect: (id: string) => void;
  #shown = new Map<string, Shown>();
  #order: readonly string[] = []; // by urgency
  #list: readonly MapPlot[] = [];
  #selected: string | null = null;
  dropped = 0;

  constructor(map: LeafletMap, onSelect: (id: string) => void) {
    this.#map = map;
    this.#onSelect = onSelect;
    map.on("moveend zoomend resize", () => this.#placeLabels());
  }

  get places(): readonly LatLon[] {
    return [...this.#shown.values()].flatMap(({ shape }) =>
      (shape.getLatLngs()[0] as { lat: number; lng: number }[]).map(({ lat, lng }) => [lat, lng] as LatLon),
    );
  }

  placeOf(id: string): LatLon | null {
    return this.#shown.get(id)?.at ?? null;
  }

  set(plots: readonly MapPlot[]): void {
    if (plots === this.#list) return;
    this.#list = plots;
    for (const { shape, label } of this.#shown.values()) {
      shape.remove();
      label?.marker.remove();
    }
    this.#shown = new Map();
    this.dropped = 0;
    for (const { id, geometry } of plots) {
      const rings = usableRings(geometry);
      const outer = rings?.[0];
      if (rings === null || outer === undefined) {
        this.dropped += 1;
        continue;
      }
      const shape = new Polygon(
        rings.map((ring) => ring.map(([lat, lon]) => [lat, lon] as [number, number])),
        styleOf(NO_WORD, "plain"),
      );
      shape.on("click", (event) => {
        DomEvent.stopPropagation(event);
        this.#onSelect(id);
      });
      shape.addTo(this.#map);
      this.#shown.set(id, { shape, at: centroidOf(outer), widthDeg: widthDegOf(outer), look: null, label: null });
    }
  }

  patch(looks: readonly PlotLook[]): void {
    this.#order = looks.map((look) => look.id);
    for (const look of looks) {
      const shown = this.#shown.get(look.id);
      if (shown === undefined) continue;
      const before = shown.look;
      shown.look = look;
      if (before?.mark !== look.mark || before.weight !== look.weight) shown.shape.setStyle(styleOf(look, this.#toneOf(look.id)));
      if (shown.label) writeLabel(shown.label, look);
    }
    this.#placeLabels();
  }

  select(id: string | null): void {
    if (id === this.#selected) return;
    const before = this.#selected;
    this.#selected = id;
    for (const each of [before, id]) {
      const shown = each === null ? undefined : this.#shown.get(each);
      if (each === null || shown === undefined) continue;
      shown.shape.setStyle(styleOf(shown.look ?? NO_WORD, this.#toneOf(each)));
      if (each === id) shown.shape.bringToFront();
      shown.label?.root.classList.toggle("plot-label--selected", each === id);
    }
  }

  #toneOf(id: string): "plain" | "selected" {
    return id === this.#selected ? "selected" : "plain";
  }

  /** Labels for what is in view, most urgent first. Nodes are kept and moved, never rebuilt. */
  #placeLabels(): void {
    const view = this.#map.getBounds().pad(0.1);
    const pxPerDeg = (WORLD_PX * 2 ** this.#map.getZoom()) / 360;
    const far = new Spread(FAR_PX); // seen from far, plots are smaller than their marks
    let room = LABELS_MAX;
    for (const id of this.#order) {
      const shown = this.#shown.get(id);
      if (shown?.look == null) continue;
      const widthPx = shown.widthDeg * pxPerDeg;
      const worthy = widthPx >= MARK_PX || shown.look.weight === "look"; // seen from far, only what needs somebody
      const inView = room > 0 && worthy && view.contains([shown.at[0], shown.at[1]]);
      if (inView && (widthPx >= MARK_PX || far.take(this.#map.project([shown.at[0], shown.at[1]])))) {
        room -= 1;
        shown.label ??= this.#newLabel(id, shown.at, shown.look);
        shown.label.root.dataset["room"] = widthPx >= BESIDE_PX ? "beside" : widthPx >= BELOW_PX ? "below" : "none";
      } else if (shown.label) {
        shown.label.marker.remove();
        shown.label = null;
      }
    }
  }

  #newLabel(id: string, at: LatLon, look: PlotLook): Label {
    const root = document.createElement("div");
    const mark = document.createElement("span");
    const value = document.createElement("span");
    root.append(mark, value);
    const marker = new Marker([at[0], at[1]], {
      icon: new DivIcon({ html: root, className: "plot-label-anchor", iconSize: [0, 0] }),
      keyboard: false, // the list is the keyboard's way
    });
    marker.on("click", (event) => {
      DomEvent.stopPropagation(event);
      this.#onSelect(id);
    });
    marker.addTo(this.#map);
    const label = { marker, root, mark, value };
    mark.className = "plot-label__mark";
    value.className = "plot-label__value";
    writeLabel(label, look);
    root.classList.toggle("plot-label--selected", id === this.#selected);
    return label;
  }
}

function writeLabel({ root, mark, value }: Label, look: PlotLook): void {
  if (root.dataset["mark"] !== look.mark) root.dataset["mark"] = look.mark;
  if (root.title !== look.name) root.title = look.name;
  root.classList.add("plot-label");
  if (mark.textContent !== look.shape) mark.textContent = look.shape;
  if (value.textContent !== look.value) value.textContent = look.value;
}

type Said = Pick<PlotLook, "mark" | "weight">;
const NO_WORD: Said = { mark: "unknown", weight: "bare" };

/** Colour says the urgency; dashes say "not known" to those who do not see it. */
function styleOf({ mark, weight }: Said, tone: "plain" | "selected"): PathOptions {
  const color = COLOR[mark];
  const unknown = mark === "unknown";
  if (tone === "selected") return { color: "#000", weight: 5, opacity: 1, fillColor: color, fillOpacity: unknown ? 0.25 : 0.45, dashArray: "" };
  const fill = unknown ? { fillColor: "#fff", fillOpacity: 0.6 } : { fillColor: color, fillOpacity: 0.22 };
  return { color, weight: weight === "bare" ? 1.5 : 2.5, opacity: 1, dashArray: unknown ? "6 5" : "", ...fill };
}
