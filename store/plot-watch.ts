import type { DatabaseSync } from "node:sqlite";
import type { Place } from "../core/domain/plot-geometry.ts";
import { PlotIndex } from "../core/domain/plot-index.ts";
import type { Plot } from "../core/domain/site.ts";
import { openForReading } from "../core/runtime/sqlite.ts";
import { catalogMigrations } from "./catalog-schema.ts";

type Shape = Pick<Plot, "id" | "geometry">;

/** On which plot a place lies, by the catalog as it is now: shapes alone, for a thread that needs nothing else of it. */
export class PlotWatch {
  readonly #path: string;
  #db: DatabaseSync | undefined;
  #version: number | undefined;
  #index = new PlotIndex<Shape>([]);

  constructor(path: string) {
    this.#path = path;
  }

  at(place: Place): string | null {
    return this.#index.at(place)[0]?.id ?? null;
  }

  /** Call every few seconds. Throws when the catalog cannot be read; the plots of before stay. */
  look(): void {
    this.#db ??= openForReading(this.#path, catalogMigrations);
    if (!this.#db) return;
    const { data_version } = this.#db.prepare("PRAGMA data_version").get() as { data_version: number };
    if (data_version === this.#version) return;
    const shapes: Shape[] = [];
    for (const row of this.#db.prepare("SELECT id, json_extract(json, '$.geometry') AS geometry FROM entry WHERE kind = 'plots' ORDER BY ord").iterate())
      shapes.push({ id: row["id"] as string, geometry: JSON.parse(row["geometry"] as string) as Plot["geometry"] });
    this.#index = new PlotIndex(shapes);
    this.#version = data_version;
  }

  close(): void {
    this.#db?.close();
    this.#db = undefined;
  }
}
