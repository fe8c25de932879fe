import { DivIcon, DomEvent, type Map as LeafletMap, Marker, type PathOptions, Polygon } from "leaflet";
import type { PaddyMark } from "../../core/domain/paddy-status.ts";
import type { MapPlot, PlotLook } from "./field-map.ts";
import { centroidOf, type LatLon, usableRings } from "./geometry.ts";

const LABELS_MAX = 150; // DOM nodes on the map; canvas does the rest
const VALUE_WIDTH_PX = 58; // from this width of a plot on, its label shows the value too

const COLOR: Readonly<Record<PaddyMark, string>> = { ok: "#0017c1", low: "#a90000", high: "#a90000", unknown: "#767676" };

interface Shown {
  readonly shape: Polygon;
  readonly at: LatLon;
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
        styleOf("unknown", "plain"),
      );
      shape.on("click", (event) => {
        DomEvent.stopPropagation(event);
        this.#onSelect(id);
      });
      shape.addTo(this.#map);
      this.#shown.set(id, { shape, at: centroidOf(outer), look: null, label: null });
    }
  }

  patch(looks: readonly PlotLook[]): void {
    this.#order = looks.map((look) => look.id);
    for (const look of looks) {
      const shown = this.#shown.get(look.id);
      if (shown === undefined) continue;
      const before = shown.look;
      shown.look = look;
      if (before?.mark !== look.mark) shown.shape.setStyle(styleOf(look.mark, this.#toneOf(look.id)));
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
      shown.shape.setStyle(styleOf(shown.look?.mark ?? "unknown", this.#toneOf(each)));
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
    let room = LABELS_MAX;
    for (const id of this.#order) {
      const shown = this.#shown.get(id);
      if (shown?.look == null) continue;
      const wanted = room > 0 && view.contains([shown.at[0], shown.at[1]]);
      if (wanted) {
        room -= 1;
        shown.label ??= this.#newLabel(id, shown.at, shown.look);
        shown.label.root.classList.toggle("plot-label--small", this.#widthPx(shown.shape) < VALUE_WIDTH_PX);
      } else if (shown.label) {
        shown.label.marker.remove();
        shown.label = null;
      }
    }
  }

  #widthPx(shape: Polygon): number {
    const box = shape.getBounds();
    const a = this.#map.latLngToContainerPoint(box.getNorthWest());
    const b = this.#map.latLngToContainerPoint(box.getSouthEast());
    return Math.max(b.x - a.x, b.y - a.y);
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

/** Colour says the urgency; dashes say "not known" to those who do not see it. */
function styleOf(mark: PaddyMark, tone: "plain" | "selected"): PathOptions {
  const color = COLOR[mark];
  const unknown = mark === "unknown";
  return tone === "selected"
    ? { color: "#000", weight: 5, opacity: 1, fillColor: color, fillOpacity: unknown ? 0.25 : 0.45, dashArray: "" }
    : { color, weight: 2.5, opacity: 1, fillColor: unknown ? "#fff" : color, fillOpacity: unknown ? 0.6 : 0.22, dashArray: unknown ? "6 5" : "" };
}
