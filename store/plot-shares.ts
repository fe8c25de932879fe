import type { PlotShare } from "../core/domain/history.ts";
import type { FixState } from "../core/domain/live.ts";

export interface SharePoint {
  readonly timeMs: number;
  readonly fix: FixState;
  readonly plotId: string | null;
  readonly baseId: string | null;
  readonly datum: string | null;
  readonly sim: boolean;
}

/** Consoles send their GGA every 1 to 10 s: over longer gaps nobody knows what the fix was. */
const SPEAKS_FOR_MS = 15_000;
const LAST_SPEAKS_FOR_MS = 1000;

interface Tally {
  fromMs: number;
  toMs: number;
  ms: number;
  sim: boolean;
  readonly byFix: Map<FixState, number>;
  readonly byBase: Map<string, { baseId: string | null; datum: string | null; ms: number }>;
}

/** Time by plot and fix state: each point speaks until the next one, at most 15 s. Add in order of time. */
export class PlotShares {
  readonly #plots = new Map<string | null, Tally>();
  #last: SharePoint | undefined;

  add(point: SharePoint): void {
    if (this.#last) this.#count(this.#last, Math.min(SPEAKS_FOR_MS, point.timeMs - this.#last.timeMs));
    this.#last = point;
  }

  /** Longest first. Ends the account. */
  result(): PlotShare[] {
    if (this.#last) this.#count(this.#last, LAST_SPEAKS_FOR_MS);
    this.#last = undefined;
    return [...this.#plots].map(([plotId, tally]) => shareOf(plotId, tally)).sort((a, b) => b.totalS - a.totalS);
  }

  #count({ timeMs, plotId, fix, baseId, datum, sim }: SharePoint, ms: number): void {
    let tally = this.#plots.get(plotId);
    if (tally === undefined) {
      tally = { fromMs: timeMs, toMs: timeMs, ms: 0, sim: false, byFix: new Map(), byBase: new Map() };
      this.#plots.set(plotId, tally);
    }
    tally.toMs = timeMs + ms;
    tally.ms += ms;
    tally.sim ||= sim;
    tally.byFix.set(fix, (tally.byFix.get(fix) ?? 0) + ms);
    const key = `${baseId ?? ""}|${datum ?? ""}`;
    const base = tally.byBase.get(key) ?? { baseId, datum, ms: 0 };
    base.ms += ms;
    tally.byBase.set(key, base);
  }
}

const seconds = (ms: number): number => Math.round(ms / 100) / 10;

function shareOf(plotId: string | null, tally: Tally): PlotShare {
  return {
    plotId,
    from: new Date(tally.fromMs).toISOString(),
    to: new Date(tally.toMs).toISOString(),
    totalS: seconds(tally.ms),
    secondsByFix: Object.fromEntries([...tally.byFix].map(([fix, ms]) => [fix, seconds(ms)])),
    fixShare: tally.ms === 0 ? 0 : Math.round(((tally.byFix.get("fix") ?? 0) / tally.ms) * 1000) / 1000,
    bases: [...tally.byBase.values()].sort((a, b) => b.ms - a.ms).map(({ baseId, datum, ms }) => ({ baseId, datum, seconds: seconds(ms) })),
    sim: tally.sim,
  };
}
