import { type Coords, GridLayer, type Map as LeafletMap, Point, TileLayer } from "leaflet";

export interface Ground {
  readonly id: string;
  readonly url: string | null; // null: the blank ground
  readonly maxNativeZoom: number | null;
}

/** The base map. Foreign tiles are asked for only when somebody chose them. */
export class GroundLayer {
  readonly #map: LeafletMap;
  #layer: GridLayer | null = null;
  #id: string | null = null;

  constructor(map: LeafletMap) {
    this.#map = map;
  }

  set(ground: Ground): void {
    if (ground.id === this.#id) return;
    this.#id = ground.id;
    this.#layer?.remove();
    const layer =
      ground.url === null
        ? new GraticuleLayer()
        : new TileLayer(ground.url, { maxNativeZoom: ground.maxNativeZoom ?? 18, maxZoom: 20, className: "ground-tile" });
    this.#layer = layer;
    layer.addTo(this.#map);
  }
}

const TILE_PX = 256;
/** Steps of the graticule, coarse to fine, and the least distance in px between its lines. */
const STEPS_DEG = [10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001, 0.0005] as const;
const LINE_GAP_PX = 150; // room for a label

/** Blank ground with lines of latitude and longitude: useful without any tile server, and printable. */
class GraticuleLayer extends GridLayer {
  override createTile(coords: Coords): HTMLElement {
    const tile = document.createElement("canvas");
    const ratio = Math.min(3, window.devicePixelRatio || 1);
    tile.width = TILE_PX * ratio;
    tile.height = TILE_PX * ratio;
    tile.className = "graticule-tile";
    const pen = tile.getContext("2d");
    if (pen === null) return tile;
    pen.scale(ratio, ratio);
    pen.strokeStyle = "#d5d9dc";
    pen.fillStyle = "#6b7076";
    pen.lineWidth = 1;
    pen.font = "12px sans-serif";
    const map = (this as unknown as { _map: LeafletMap })._map;
    const corner = new Point(coords.x * TILE_PX, coords.y * TILE_PX);
    const northWest = map.unproject(corner, coords.z);
    const southEast = map.unproject(corner.add([TILE_PX, TILE_PX]), coords.z);
    const stepDeg = stepFor(((southEast.lng - northWest.lng) / TILE_PX) * LINE_GAP_PX);
    const digits = Math.max(0, Math.ceil(-Math.log10(stepDeg) - 1e-9));
    const lonSpan = southEast.lng - northWest.lng;
    const latSpan = northWest.lat - southEast.lat;
    // Lines of the neighbours too: their labels reach over the edge.
    const lons = multiples(stepDeg, northWest.lng - lonSpan, southEast.lng).map((deg) => ({
      deg,
      px: map.project([northWest.lat, deg], coords.z).x - corner.x,
    }));
    const lats = multiples(stepDeg, southEast.lat - latSpan / 4, northWest.lat).map((deg) => ({
      deg,
      px: map.project([deg, northWest.lng], coords.z).y - corner.y,
    }));
    pen.beginPath();
    for (const { px } of lons) {
      pen.moveTo(Math.round(px) + 0.5, 0);
      pen.lineTo(Math.round(px) + 0.5, TILE_PX);
    }
    for (const { px } of lats) {
      pen.moveTo(0, Math.round(px) + 0.5);
      pen.lineTo(TILE_PX, Math.round(px) + 0.5);
    }
    pen.stroke();
    for (const lon of lons) for (const lat of lats) pen.fillText(`${lat.deg.toFixed(digits)}, ${lon.deg.toFixed(digits)}`, lon.px + 4, lat.px - 4);
    return tile;
  }
}

function multiples(stepDeg: number, fromDeg: number, toDeg: number): number[] {
  const values: number[] = [];
  for (let k = Math.ceil(fromDeg / stepDeg); k * stepDeg < toDeg; k++) values.push(k * stepDeg);
  return values;
}

function stepFor(leastDeg: number): number {
  return [...STEPS_DEG].reverse().find((step) => step >= leastDeg) ?? STEPS_DEG[0];
}
