import type { BaseMinute } from "../core/domain/base-minute.ts";
import type { BaseHealth, RelayEvent, RoverService, RoverState } from "../core/domain/live.ts";
import type { CatalogView } from "../core/domain/site.ts";
import type { Mounts } from "./mounts.ts";
import type { RefusedLogin } from "./refusals.ts";
import type { RoverSession } from "./rover.ts";
import { absentRover, type HeardGga } from "./rover-state.ts";
import type { Served } from "./served.ts";
import { DatumWatch } from "./virtual/datums.ts";

/** Where what the relay sees is told. It never waits for an answer. */
export interface RelayReports {
  base(health: BaseHealth): void;
  minute(minute: BaseMinute): void; // one that is over, once
  rover(state: RoverState): void;
  event(event: RelayEvent): void;
  refused(refusal: RefusedLogin): void;
}

export interface ReportsOptions {
  readonly mounts: Mounts;
  readonly catalog: CatalogView;
  readonly reports: RelayReports;
  readonly sessionsOf: (roverId: string) => number;
}

/** A rover on a real mount, whose base nobody chooses: in which plot it works, and under which datum. */
interface Watched {
  readonly watch: DatumWatch;
  heard: HeardGga | null;
}

const GAPS_OVER_MS = 10 * 60_000;
const FLOWS_WITHIN_MS = 5000;
const LEFT_KEPT = 32;

/** Word of every base and every rover, once a second. */
export class Reports {
  readonly #o: ReportsOptions;
  readonly #shown = new Map<string, RoverState>(); // rovers last reported as connected
  readonly #leftAtMs = new Map<string, readonly number[]>(); // connections of a rover that ended; forgotten after `GAPS_OVER_MS`
  readonly #watched = new WeakMap<RoverSession, Watched>();

  constructor(options: ReportsOptions) {
    this.#o = options;
  }

  /** What was retained before this start is not known to be true any more. */
  begin(nowMs: number): void {
    for (const rover of this.#o.catalog.current().rovers) this.#o.reports.rover(absentRover(rover.id, nowMs, null));
    this.#bases(nowMs, new Map());
  }

  tell(nowMs: number): void {
    const live = new Map<string, Served>();
    const rovers = new Map<string, number>(); // by base
    for (const mount of this.#o.mounts.all()) {
      for (const served of mount.served()) {
        const { session, stream } = served;
        if (!served.choosesBase) this.#watch(served, nowMs);
        if (stream !== null) rovers.set(stream.base.id, (rovers.get(stream.base.id) ?? 0) + 1);
        const other = live.get(session.rover.id);
        // One state per rover: of several sessions, the newest.
        if (other === undefined || session.connectedAtMs >= other.session.connectedAtMs) live.set(session.rover.id, served);
      }
    }
    this.#bases(nowMs, rovers);
    this.#rovers(live, nowMs);
  }

  #bases(nowMs: number, rovers: ReadonlyMap<string, number>): void {
    const { mounts, reports } = this.#o;
    for (const stream of mounts.streams()) {
      const { truth } = mounts.shown(stream);
      const minute = truth.minute(nowMs);
      if (minute !== null) reports.minute(minute);
      reports.base(truth.health({ rovers: rovers.get(stream.base.id) ?? 0, nowMs }));
    }
  }

  #rovers(live: ReadonlyMap<string, Served>, nowMs: number): void {
    for (const [id, last] of this.#shown) {
      if (live.has(id)) continue;
      this.#shown.delete(id);
      this.#leftAtMs.set(id, [...this.#leftLately(id, nowMs), nowMs].slice(-LEFT_KEPT));
      this.#o.reports.rover(gone(absentRover(id, nowMs, last)));
    }
    for (const [id, served] of live) {
      const state = this.#stateOf(served, nowMs);
      this.#shown.set(id, state);
      this.#o.reports.rover(state);
    }
  }

  #leftLately(roverId: string, nowMs: number): readonly number[] {
    const lately = (this.#leftAtMs.get(roverId) ?? []).filter((atMs) => nowMs - atMs < GAPS_OVER_MS);
    if (lately.length === 0) this.#leftAtMs.delete(roverId);
    return lately;
  }

  #stateOf(served: Served, nowMs: number): RoverState {
    const { session, stream, mount } = served;
    const base = stream?.base ?? null;
    const state = session.state({ mount, baseId: base?.id ?? null, sim: base?.sim ?? false, antenna: stream?.truth.antenna ?? null, nowMs });
    return { ...state, service: this.#serviceOf(served, nowMs) };
  }

  /** Another datum than last time in this plot would shift its lines: owner and staff are told. */
  #watch({ session, datum }: Served, nowMs: number): void {
    let watched = this.#watched.get(session);
    if (watched === undefined) {
      if (session.lastGga === null) return; // it has not said where it is
      const { bases } = this.#o.mounts;
      watched = { watch: new DatumWatch(() => bases.plots, bases.datumsOf(session.rover.id)), heard: null };
      this.#watched.set(session, watched);
    }
    const heard = session.lastGga;
    if (heard !== null && heard !== watched.heard) watched.watch.heard(heard.gga, heard.atMs);
    watched.heard = heard;
    if (nowMs - session.lastDataAtMs > FLOWS_WITHIN_MS) return;
    const { bases } = this.#o.mounts;
    const roverId = session.rover.id;
    const { plotId } = watched.watch;
    const before = plotId === null ? null : bases.datumsOf(roverId).last(plotId);
    const alarm = watched.watch.served(datum);
    if (plotId !== null && bases.datumsOf(roverId).last(plotId) !== before) bases.remember(roverId, null);
    if (alarm === null) return;
    const { code, ja, en } = alarm;
    this.#o.reports.event({ code, ja, en, at: new Date(nowMs).toISOString(), baseId: null, roverId, severity: "alarm" });
  }

  #serviceOf({ session, stream, mount, datum, plotId, switches, notice }: Served, nowMs: number): RoverService {
    const named = session.lastGga?.gga.stationId ?? null;
    const own = stream?.noticeStationId ?? null;
    return {
      requestedMount: mount,
      sessions: this.#o.sessionsOf(session.rover.id),
      plotId: plotId ?? this.#watched.get(session)?.watch.plotId ?? null,
      sendLatencyMs: session.sendLatencyMs,
      relayLatencyMs: session.relayLatencyMs,
      unsentBytes: session.unsentBytes,
      gaps: session.gapsSince(nowMs - GAPS_OVER_MS) + this.#leftLately(session.rover.id, nowMs).length,
      ggaAgeS: session.lastGga === null ? null : (nowMs - session.lastGga.atMs) / 1000,
      datum,
      // A receiver that names no station says 0 or nothing.
      otherStation: named !== null && named !== 0 && own !== null && named !== own ? named : null,
      switches,
      notice,
    };
  }

  /** `close` ends the sessions; then all are shown as gone. */
  end(nowMs: number, close: () => void): void {
    close();
    this.#bases(nowMs, new Map());
    for (const [id, last] of this.#shown) this.#o.reports.rover(gone(absentRover(id, nowMs, last)));
    this.#shown.clear();
  }
}

/** How it was served last, and that it is not now. */
const gone = (state: RoverState): RoverState =>
  state.service === undefined ? state : { ...state, service: { ...state.service, sessions: 0, unsentBytes: null } };
