import type { BaseHealth, RelayEvent, RoverService, RoverState } from "../core/domain/live.ts";
import type { CatalogView } from "../core/domain/site.ts";
import type { Mounts } from "./mounts.ts";
import type { RefusedLogin } from "./refusals.ts";
import { absentRover } from "./rover.ts";
import type { Served } from "./served.ts";

/** Where what the relay sees is told. It never waits for an answer. */
export interface RelayReports {
  base(health: BaseHealth): void;
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

const GAPS_OVER_MS = 10 * 60_000;

/** Word of every base and every rover, once a second. */
export class Reports {
  readonly #o: ReportsOptions;
  readonly #shown = new Map<string, RoverState>(); // rovers last reported as connected

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
    for (const stream of mounts.streams()) reports.base(mounts.shown(stream).health({ rovers: rovers.get(stream.base.id) ?? 0, nowMs }));
  }

  #rovers(live: ReadonlyMap<string, Served>, nowMs: number): void {
    for (const [id, last] of this.#shown) {
      if (live.has(id)) continue;
      this.#shown.delete(id);
      this.#o.reports.rover(absentRover(id, nowMs, last));
    }
    for (const [id, served] of live) {
      const state = this.#stateOf(served, nowMs);
      this.#shown.set(id, state);
      this.#o.reports.rover(state);
    }
  }

  #stateOf(served: Served, nowMs: number): RoverState {
    const { session, stream, mount } = served;
    const base = stream?.base ?? null;
    const state = session.state({ mount, baseId: base?.id ?? null, sim: base?.sim ?? false, antenna: stream?.truth.antenna ?? null, nowMs });
    return { ...state, service: this.#serviceOf(served, nowMs) };
  }

  #serviceOf({ session, stream, mount, plotId, switches, notice }: Served, nowMs: number): RoverService {
    const named = session.lastGga?.gga.stationId ?? null;
    const own = stream?.noticeStationId ?? null;
    return {
      requestedMount: mount,
      sessions: this.#o.sessionsOf(session.rover.id),
      plotId,
      sendLatencyMs: session.sendLatencyMs,
      relayLatencyMs: session.relayLatencyMs,
      unsentBytes: session.unsentBytes,
      gaps: session.gapsSince(nowMs - GAPS_OVER_MS),
      ggaAgeS: session.lastGga === null ? null : (nowMs - session.lastGga.atMs) / 1000,
      datum: datumText(stream?.base.datum ?? null),
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
    for (const [id, last] of this.#shown) this.#o.reports.rover(absentRover(id, nowMs, last));
    this.#shown.clear();
  }
}

const datumText = (datum: { readonly frame: string; readonly epoch: string } | null): string | null =>
  datum === null ? null : [datum.frame, datum.epoch].filter((part) => part !== "").join("@");
