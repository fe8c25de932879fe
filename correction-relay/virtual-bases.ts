import { ecefToLatLon } from "rtcm-parser";
import type { RelayEvent } from "../core/domain/live.ts";
import { middleOfMost, type Place } from "../core/domain/plot-geometry.ts";
import { PlotIndex } from "../core/domain/plot-index.ts";
import type { Catalog, Plot } from "../core/domain/site.ts";
import type { BaseStream } from "./base-stream.ts";
import type { RelayState } from "./relay-state.ts";
import type { RoverSession } from "./rover.ts";
import type { BaseViews } from "./virtual/base-view.ts";
import { DatumMemory } from "./virtual/datums.ts";
import { BasePool } from "./virtual/pool.ts";
import { RoverChooser } from "./virtual/rover-chooser.ts";
import type { VirtualKind, VirtualServices } from "./virtual-mount.ts";

export interface VirtualBasesOptions {
  readonly streams: () => Iterable<BaseStream>;
  readonly state: RelayState | null;
  readonly event: (event: RelayEvent) => void;
  readonly nowMs: () => number;
}

interface Left {
  readonly chooser: RoverChooser;
  readonly atMs: number;
}

const KEPT_FOR_MS = 10 * 60_000; // a connection that breaks must not make a rover forget in which plot it was stopped
const KEPT_PER_ROVER = 4;

/** What NEAR and FIELD choose from: the bases as they are now, the plots, and what is remembered of each rover. */
export class VirtualBases {
  readonly services: Pick<VirtualServices, "chooserFor" | "keep" | "remember" | "event">;
  readonly #o: VirtualBasesOptions;
  readonly #pool: BasePool;
  readonly #datums = new Map<string, DatumMemory>(); // by rover id; forgotten with the rover
  readonly #left = new Map<string, Left[]>(); // by kind and rover id
  #catalog: Catalog;
  #plots: PlotIndex<Plot>;
  #centre: Place | null;
  #views: BaseViews;

  constructor(options: VirtualBasesOptions, catalog: Catalog) {
    this.#o = options;
    this.services = {
      chooserFor: (kind, session, nowMs) => this.#chooserFor(kind, session, nowMs),
      keep: (kind, session, chooser, nowMs) => this.#keep(kind, session, chooser, nowMs),
      remember: (roverId, last) => this.remember(roverId, last),
      event: options.event,
    };
    this.#catalog = catalog;
    this.#plots = new PlotIndex(catalog.plots);
    this.#centre = centreOf(catalog);
    this.#pool = new BasePool({ failoverAfterMs: () => this.#catalog.site.failoverAfterS * 1000, startedAtMs: options.nowMs() });
    this.#views = this.#pool.look([], options.nowMs());
  }

  get plots(): PlotIndex<Plot> {
    return this.#plots;
  }

  /** Of the site; null where nothing has a place. */
  get centre(): Place | null {
    return this.#centre;
  }

  get views(): BaseViews {
    return this.#views;
  }

  change(catalog: Catalog): void {
    if (catalog.plots !== this.#catalog.plots) this.#plots = new PlotIndex(catalog.plots);
    this.#catalog = catalog;
    this.#centre = centreOf(catalog);
    const rovers = new Set(catalog.rovers.map(({ id }) => id));
    for (const id of this.#datums.keys()) if (!rovers.has(id)) this.#datums.delete(id);
  }

  /** Once a second, and when something has changed. @returns when to look again, if that is sooner */
  look(nowMs: number): number | null {
    const signs = [...this.#o.streams()].map((stream) => stream.signs(nowMs));
    this.#views = this.#pool.look(signs, nowMs);
    for (const [key, left] of this.#left) {
      const kept = left.filter(({ atMs }) => nowMs - atMs < KEPT_FOR_MS);
      if (kept.length === 0) this.#left.delete(key);
      else if (kept.length < left.length) this.#left.set(key, kept);
    }
    return this.#pool.dueAtMs;
  }

  datumsOf(roverId: string): DatumMemory {
    let memory = this.#datums.get(roverId);
    if (memory === undefined) {
      memory = new DatumMemory(this.#o.state?.rover(roverId)?.datums);
      this.#datums.set(roverId, memory);
    }
    return memory;
  }

  #chooserFor(kind: VirtualKind, { rover }: RoverSession, nowMs: number): RoverChooser {
    const key = `${kind}|${rover.id}`;
    const left = this.#left.get(key);
    const last = left?.pop();
    if (left?.length === 0) this.#left.delete(key);
    if (last !== undefined && nowMs - last.atMs < KEPT_FOR_MS) return last.chooser;
    const remembered = this.#o.state?.rover(rover.id) ?? null;
    return new RoverChooser({
      mode: kind,
      plots: () => this.#plots,
      bases: () => this.#views,
      configuredBase: () => this.#catalog.rovers.find(({ id }) => id === rover.id)?.base ?? null,
      siteCentre: () => this.#centre,
      last: remembered === null || remembered.baseId === "" ? null : { baseId: remembered.baseId, plotId: remembered.plotId, atMs: remembered.atMs },
      datums: this.datumsOf(rover.id),
      nowMs,
    });
  }

  #keep(kind: VirtualKind, { rover }: RoverSession, chooser: RoverChooser, nowMs: number): void {
    const key = `${kind}|${rover.id}`;
    this.#left.set(key, [...(this.#left.get(key) ?? []), { chooser, atMs: nowMs }].slice(-KEPT_PER_ROVER));
    this.remember(rover.id, chooser.lastService);
  }

  /** Where a rover was served last, and under which datums, for the time after a restart. */
  remember(roverId: string, last: RoverChooser["lastService"]): void {
    const { state } = this.#o;
    if (state === null) return;
    const { baseId, plotId, atMs } = last ?? state.rover(roverId) ?? NEVER_SERVED;
    state.setRover(roverId, { baseId, plotId, atMs, datums: this.datumsOf(roverId).toRecord() });
  }
}

const NEVER_SERVED = { baseId: "", plotId: null, atMs: 0 } as const; // on a virtual mount

/** Of the plots, else of the bases. */
function centreOf({ plots, bases }: Catalog): Place | null {
  const corners = plots.flatMap(({ geometry }) => geometry.coordinates[0]?.[0] ?? []);
  const places: Place[] = [];
  for (let i = 0; i + 1 < corners.length; i += 2) places.push({ lonDeg: corners[i] as number, latDeg: corners[i + 1] as number });
  if (places.length > 0) return middleOfMost(places);
  return middleOfMost(bases.flatMap(({ antenna }) => (antenna === null ? [] : [ecefToLatLon({ xM: antenna.x, yM: antenna.y, zM: antenna.z })])));
}
