import type { DatabaseSync, StatementSync } from "node:sqlite";
import { QUANTITIES, type Quantity } from "../core/domain/quantity.ts";
import type { QualityFlag, Reading, TimeSource } from "../core/domain/reading.ts";

/** A reading by the numbers of its series and origin alone, in the order of `PLAIN_COLUMNS`: a third of the time of one with its words. */
export type PlainRow = readonly [series: number, timeMs: number, value: number | null, flag: QualityFlag, origin: number, lagMs: number];
export const PLAIN_COLUMNS = "r.series, r.time_ms, r.value, r.flag, r.origin, r.lag_ms";

export interface SeriesName {
  readonly deviceId: string;
  readonly quantity: Quantity;
  readonly depthCm: number | null;
}
export interface OriginName {
  readonly plotId: string | null;
  readonly timeSource: TimeSource;
  readonly reasons: readonly string[];
  readonly codec: Reading["codec"];
}

/** Rows with each name that they need, once: what goes from one thread to another. */
export interface NamedRows {
  readonly rows: readonly PlainRow[];
  readonly series: ReadonlyMap<number, SeriesName>;
  readonly origins: ReadonlyMap<number, OriginName>;
}
export const NO_ROWS: NamedRows = { rows: [], series: new Map(), origins: new Map() };

export function toReadings({ rows, series, origins }: NamedRows): Reading[] {
  return rows.map(([seriesId, timeMs, value, flag, originId, lagMs]) => {
    const { deviceId, quantity, depthCm } = series.get(seriesId) as SeriesName;
    const { plotId, timeSource, reasons, codec } = origins.get(originId) as OriginName;
    return {
      deviceId,
      plotId,
      quantity,
      depthCm,
      value,
      unit: QUANTITIES[quantity].unit,
      timeMs,
      receivedAtMs: timeMs + lagMs,
      timeSource,
      quality: { flag, reasons },
      codec,
    };
  });
}

const REMEMBERED_MAX = 50_000; // names of each kind; then they are looked up anew

/** The names of series and origins, which never change once they are given. */
export class RowNames {
  readonly #series: StatementSync;
  readonly #origin: StatementSync;
  readonly #seriesById = new Map<number, SeriesName>();
  readonly #originById = new Map<number, OriginName>();

  constructor(db: DatabaseSync) {
    this.#series = db.prepare("SELECT device AS deviceId, quantity, nullif(depth_cm, -1) AS depthCm FROM series WHERE id = ?");
    this.#origin = db.prepare(
      `SELECT nullif(o.plot, '') AS plotId, o.time_source AS timeSource, o.reasons, c.name, c.sha256
       FROM reading_origin o JOIN codec c ON c.id = o.codec WHERE o.id = ?`,
    );
  }

  of(rows: readonly PlainRow[]): NamedRows {
    const series = new Map<number, SeriesName>();
    const origins = new Map<number, OriginName>();
    for (const [seriesId, , , , originId] of rows) {
      if (!series.has(seriesId)) series.set(seriesId, this.#seriesOf(seriesId));
      if (!origins.has(originId)) origins.set(originId, this.#originOf(originId));
    }
    return { rows, series, origins };
  }

  #seriesOf(id: number): SeriesName {
    const known = this.#seriesById.get(id);
    if (known) return known;
    const { deviceId, quantity, depthCm } = this.#series.get(id) as unknown as SeriesName;
    const name: SeriesName = { deviceId, quantity, depthCm };
    remember(this.#seriesById, id, name);
    return name;
  }

  #originOf(id: number): OriginName {
    const known = this.#originById.get(id);
    if (known) return known;
    const row = this.#origin.get(id) as unknown as { plotId: string | null; timeSource: TimeSource; reasons: string; name: string; sha256: string };
    const name: OriginName = {
      plotId: row.plotId,
      timeSource: row.timeSource,
      reasons: row.reasons === "" ? [] : row.reasons.split(","),
      codec: { id: row.name, sha256: row.sha256 },
    };
    remember(this.#originById, id, name);
    return name;
  }
}

function remember<T>(names: Map<number, T>, id: number, name: T): void {
  if (names.size >= REMEMBERED_MAX) names.clear();
  names.set(id, name);
}
