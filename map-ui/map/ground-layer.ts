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
const LINE_GAP_PX = 110;

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
    pen.strokeStyle = "#cfd3d6";
    pen.fillStyle = "#5c6166";
    pen.lineWidth = 1;
    pen.font = "13px sans-serif";
    const map = (this as unknown as { _map: LeafletMap })._map;
    const corner = new Point(coords.x * TILE_PX, coords.y * TILE_PX);
    const northWest = map.unproject(corner, coords.z);
    const southEast = map.unproject(corner.add([TILE_PX, TILE_PX]), coords.z);
    const stepDeg = stepFor(((southEast.lng - northWest.lng) / TILE_PX) * LINE_GAP_PX);
    const digits = Math.max(0, Math.ceil(-Math.log10(stepDeg) - 1e-9));
    const lines = (from: number, to: number) => {
      const values: number[] = [];
      for (let k = Math.ceil(from / stepDeg); k * stepDeg < to; k++) values.push(k * stepDeg);
      return values;
    };
    pen.beginPath();
    for (const lon of lines(northWest.lng, southEast.lng)) {
      const x = Math.round(map.project([northWest.lat, lon], coords.z).x - corner.x) + 0.5;
      pen.moveTo(x, 0);
      pen.lineTo(x, TILE_PX);
      for (const lat of lines(southEast.lat, northWest.lat)) {
        const y = map.project([lat, lon], coords.z).y - corner.y;
        pen.fillText(`${lat.toFixed(digits)}, ${lon.toFixed(digits)}`, x + 4, y - 4);
      }
    }
    for (const lat of lines(southEast.lat, northWest.lat)) {
      const y = Math.round(map.project([lat, northWest.lng], coords.z).y - corner.y) + 0.5;
      pen.moveTo(0, y);
      pen.lineTo(TILE_PX, y);
    }
    pen.stroke();
    return tile;
  }
}

function stepFor(leastDeg: number): number {
  return [...STEPS_DEG].reverse().find((step) => step >= leastDeg) ?? STEPS_DEG[0];
}
