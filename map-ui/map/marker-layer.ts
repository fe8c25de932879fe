import { DivIcon, DomEvent, type Map as LeafletMap, Marker, Polyline } from "leaflet";
import type { Selected } from "../state/view.ts";
import type { MapMarker } from "./field-map.ts";
import { isPlace, type LatLon } from "./geometry.ts";

const MARKERS_MAX = 150; // DOM nodes; beyond it the last of the list are left out and counted as dropped
const SYMBOL: Readonly<Record<MapMarker["kind"], string>> = { base: "⌂", rover: "➤", gateway: "▣" };
const TRAIL_COLOR = "#1a1a1a";

interface Shown {
  readonly marker: Marker;
  readonly root: HTMLElement;
  readonly symbol: HTMLElement;
  readonly letter: HTMLElement;
  readonly trail: Polyline | null;
}

/** Bases, rovers and gateways: nodes are made once and moved. */
export class MarkerLayer {
  readonly #map: LeafletMap;
  readonly #onSelect: (kind: MapMarker["kind"], id: string) => void;
  readonly #shown = new Map<string, Shown>();
  #selected: string | null = null;
  #usable: readonly MapMarker[] = [];
  dropped = 0;

  constructor(map: LeafletMap, onSelect: (kind: MapMarker["kind"], id: string) => void) {
    this.#map = map;
    this.#onSelect = onSelect;
  }

  get places(): readonly LatLon[] {
    return this.#usable.map((m) => m.at);
  }

  placeOf(kind: string, id: string): LatLon | null {
    return this.#usable.find((m) => m.kind === kind && m.id === id)?.at ?? null;
  }

  set(markers: readonly MapMarker[]): void {
    this.#usable = markers.filter((m) => isPlace(m.at[0], m.at[1])).slice(0, MARKERS_MAX);
    this.dropped = markers.length - this.#usable.length;
    const wanted = new Set(this.#usable.map(keyOf));
    for (const [key, shown] of this.#shown) {
      if (wanted.has(key)) continue;
      shown.marker.remove();
      shown.trail?.remove();
      this.#shown.delete(key);
    }
    for (const marker of this.#usable) {
      const key = keyOf(marker);
      const shown = this.#shown.get(key) ?? this.#add(key, marker);
      write(shown, marker);
    }
  }

  select(target: Selected | null): void {
    const key = target === null ? null : `${target.kind}|${target.id}`;
    if (key === this.#selected) return;
    this.#selected = key;
    for (const [each, { root }] of this.#shown) root.classList.toggle("station--selected", each === key);
  }

  #add(key: string, { kind, id, at, name }: MapMarker): Shown {
    const root = document.createElement("div");
    const symbol = document.createElement("span");
    const letter = document.createElement("span");
    root.className = `station station--${kind}`;
    root.classList.toggle("station--selected", key === this.#selected);
    symbol.className = "station__symbol";
    symbol.textContent = SYMBOL[kind];
    letter.className = "station__letter";
    root.append(symbol, letter);
    root.title = name;
    const marker = new Marker([at[0], at[1]], {
      icon: new DivIcon({ html: root, className: "station-anchor", iconSize: [0, 0] }),
      keyboard: false,
      zIndexOffset: kind === "rover" ? 2000 : 1000,
    });
    marker.on("click", (event) => {
      DomEvent.stopPropagation(event);
      this.#onSelect(kind, id);
    });
    const trail =
      kind === "rover" ? new Polyline([], { color: TRAIL_COLOR, weight: 3, opacity: 0.75, dashArray: "2 6", interactive: false }).addTo(this.#map) : null;
    marker.addTo(this.#map);
    const shown = { marker, root, symbol, letter, trail };
    this.#shown.set(key, shown);
    return shown;
  }
}

const keyOf = (m: MapMarker): string => `${m.kind}|${m.id}`;

function write({ marker, root, symbol, letter, trail }: Shown, next: MapMarker): void {
  const { lat, lng } = marker.getLatLng();
  if (lat !== next.at[0] || lng !== next.at[1]) marker.setLatLng([next.at[0], next.at[1]]);
  if (root.dataset["tone"] !== next.tone) root.dataset["tone"] = next.tone;
  if (letter.textContent !== next.letter) letter.textContent = next.letter;
  // ➤ points east; courses count clockwise from north
  if (next.courseDeg !== null) symbol.style.transform = `rotate(${Math.round(next.courseDeg - 90)}deg)`;
  trail?.setLatLngs(next.trail.filter((p) => isPlace(p[0], p[1])).map(([a, b]) => [a, b] as [number, number]));
}
