import type { Sentence } from "../../core/domain/live.ts";
import type { PlotIndex } from "../../core/domain/plot-index.ts";
import type { Plot } from "../../core/domain/site.ts";
import type { Gga } from "../../core/wire/nmea-gga.ts";
import { CHOICE_WORDS } from "./choice-words.ts";
import { PlotPresence, usablePlace } from "./field.ts";

const PLOTS_MAX = 500; // of one rover: the plot that it was in longest ago is forgotten
/** A base without a datum on file. */
const UNKNOWN = "unknown";

/** Under which datum one rover was served in each plot: what it drove on one must not be mixed with another. */
export class DatumMemory {
  readonly #byPlot: Map<string, string>;
  #forgotten = 0;

  constructor(kept: Readonly<Record<string, string>> = {}) {
    this.#byPlot = new Map(Object.entries(kept));
  }

  /** Plots that were forgotten for want of room. */
  get forgotten(): number {
    return this.#forgotten;
  }

  /** To be kept over a restart. */
  toRecord(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.#byPlot);
  }

  last(plotId: string): string | null {
    return this.#byPlot.get(plotId) ?? null;
  }

  /** The rover gets data of this datum in this plot (`datumText`). An alarm for its owner and staff when it is another one than last time. */
  served(plot: Pick<Plot, "id" | "name">, datum: string | null): Sentence | null {
    const now = datum ?? UNKNOWN;
    const before = this.#byPlot.get(plot.id);
    this.#byPlot.delete(plot.id); // to the end: the oldest stands first
    this.#byPlot.set(plot.id, now);
    if (this.#byPlot.size > PLOTS_MAX) {
      this.#byPlot.delete(this.#byPlot.keys().next().value as string);
      this.#forgotten += 1;
    }
    return before === undefined || before === now ? null : CHOICE_WORDS.datumChanged({ plot: plot.name, before, now });
  }
}

/** The same watch for a rover on a real mount, whose base nobody chooses. */
export class DatumWatch {
  readonly #presence: PlotPresence;
  readonly #memory: DatumMemory;
  #seen: string | null = null; // plot and datum

  constructor(plots: () => PlotIndex<Plot>, memory: DatumMemory) {
    this.#presence = new PlotPresence(plots);
    this.#memory = memory;
  }

  /** The plot that the rover works in. */
  get plotId(): string | null {
    return this.#presence.stay?.plotId ?? null;
  }

  /** Each GGA, at its arrival. */
  heard(gga: Pick<Gga, "position" | "fix">, nowMs: number): void {
    const place = usablePlace(gga);
    if (place !== null) this.#presence.heard(place, nowMs);
  }

  /** Data of this datum are being sent to it. An alarm the first time that it is another one than last time in this plot. */
  served(datum: string | null): Sentence | null {
    const { plot } = this.#presence;
    const seen = plot === null ? null : `${plot.id} ${datum ?? UNKNOWN}`;
    if (seen === this.#seen) return null;
    this.#seen = seen;
    return plot === null ? null : this.#memory.served(plot, datum);
  }
}
