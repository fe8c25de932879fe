import type { BaseHealth, RoverState } from "../core/domain/live.ts";
import type { Catalog, CatalogView } from "../core/domain/site.ts";
import type { Log } from "../core/runtime/log.ts";
import type { Metrics } from "../core/runtime/metrics.ts";
import { Accounts, isExpired, localDate, mayUse } from "./accounts.ts";
import { Caster } from "./caster.ts";
import { LIMITS, type RelayLimits } from "./limits.ts";
import { type ListenerOptions, type Listeners, openListeners } from "./listeners.ts";
import { Mount } from "./mount.ts";
import { isVisible, Reception } from "./reception.ts";
import { absentRover, type RoverSession } from "./rover.ts";
import { isLoopback } from "./socket.ts";

/** Where what the relay sees is told. It never waits for an answer. */
export interface RelayReports {
  base(health: BaseHealth): void;
  rover(state: RoverState): void;
}

export interface RelayOptions {
  readonly catalog: CatalogView;
  readonly key: Uint8Array; // the data folder's
  readonly simServe: boolean; // simulated bases for peers other than loopback too
  readonly reports: RelayReports;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly nowMs: () => number;
  readonly limits?: Partial<RelayLimits>;
}

/** The caster: bases in, corrections out, from the catalog as it is now. Call `tick` once a second. */
export class Relay {
  readonly #o: RelayOptions;
  readonly #limits: RelayLimits;
  readonly #caster: Caster;
  readonly #mounts = new Map<string, Mount>(); // by mount name
  readonly #shown = new Map<string, RoverState>(); // rovers last reported as connected
  readonly #stopWatching: () => void;
  #listeners: Listeners | undefined;
  #today: string;

  constructor(options: RelayOptions) {
    const { catalog, key, simServe, nowMs, log, metrics } = options;
    this.#o = options;
    this.#limits = { ...LIMITS, ...options.limits };
    const mounts = { find: (name: string) => this.#mounts.get(name), all: () => this.#mounts.values() };
    const accounts = new Accounts({ key, nowMs });
    const reception = new Reception({ catalog, accounts, mounts, simServe, limits: this.#limits, nowMs, log, metrics });
    this.#caster = new Caster({ limits: this.#limits, nowMs, log, metrics, receive: (visitor) => reception.receive(visitor) });
    this.#today = localDate(nowMs(), catalog.current().site.timeZone);
    this.#apply(catalog.current());
    this.#stopWatching = catalog.onChange((changed) => this.#apply(changed));
    // What was retained before this start is not known to be true any more.
    for (const rover of catalog.current().rovers) options.reports.rover(absentRover(rover.id, nowMs(), null));
    this.#reportBases(nowMs());
  }

  /** @returns the ports in use. Throws PORT_TAKEN. */
  async listen(options: Omit<ListenerOptions, "onConnection" | "connections" | "log">): Promise<{ port: number; tlsPort: number | null }> {
    this.#listeners = await openListeners({
      ...options,
      log: this.#o.log,
      connections: this.#limits.connections,
      onConnection: (socket) => this.#caster.accept(socket),
    });
    return { port: this.#listeners.port, tlsPort: this.#listeners.tlsPort };
  }

  /** Time-outs, and word of every base and rover. */
  tick(): void {
    const nowMs = this.#o.nowMs();
    this.#caster.tick(nowMs);
    for (const mount of this.#mounts.values()) mount.tick(nowMs);
    const today = localDate(nowMs, this.#o.catalog.current().site.timeZone);
    if (today !== this.#today) {
      this.#today = today;
      this.#revoke(this.#o.catalog.current());
    }
    this.#reportBases(nowMs);
    this.#reportRovers(nowMs);
  }

  #apply(catalog: Catalog): void {
    const wanted = new Map(catalog.bases.map((base) => [base.mount, base]));
    for (const [name, mount] of this.#mounts) {
      if (wanted.get(name)?.id === mount.base.id) continue;
      mount.close("mount removed");
      this.#mounts.delete(name);
    }
    const { nowMs, log, metrics } = this.#o;
    for (const base of catalog.bases) {
      const mount = this.#mounts.get(base.mount);
      if (mount === undefined) this.#mounts.set(base.mount, new Mount({ base, limits: this.#limits, nowMs, log, metrics }));
      else mount.base = base;
    }
    this.#revoke(catalog);
  }

  /** Cuts the live sessions of what is no longer allowed. */
  #revoke(catalog: Catalog): void {
    const rovers = new Map(catalog.rovers.map((rover) => [rover.id, rover]));
    for (const mount of this.#mounts.values()) {
      const { source, base } = mount;
      if (source !== null && source.passwordHash !== (base.sourcePassword?.hash ?? null)) source.cut("password revoked");
      for (const session of mount.rovers) {
        const rover = rovers.get(session.rover.id);
        const allowed =
          rover !== undefined &&
          rover.username === session.rover.username &&
          rover.password?.hash === session.rover.password?.hash &&
          mayUse(rover, base.mount) &&
          !isExpired(rover, this.#today) &&
          isVisible(mount, { address: session.remoteAddress, loopback: isLoopback(session.remoteAddress) }, this.#o);
        if (!allowed) session.cut("access revoked");
      }
    }
  }

  #reportBases(nowMs: number): void {
    for (const mount of this.#mounts.values()) this.#o.reports.base(mount.health(nowMs));
  }

  /** One state per rover: of several sessions, the newest. */
  #reportRovers(nowMs: number): void {
    const live = new Map<string, { session: RoverSession; mount: Mount }>();
    for (const mount of this.#mounts.values()) {
      for (const session of mount.rovers) {
        const other = live.get(session.rover.id);
        if (other === undefined || session.connectedAtMs >= other.session.connectedAtMs) live.set(session.rover.id, { session, mount });
      }
    }
    for (const [id, last] of this.#shown) {
      if (live.has(id)) continue;
      this.#shown.delete(id);
      this.#o.reports.rover(absentRover(id, nowMs, last));
    }
    for (const [id, { session, mount }] of live) {
      const { base, antenna } = mount;
      const state = session.state({ mount: base.mount, baseId: base.id, sim: base.sim, antenna, nowMs });
      this.#shown.set(id, state);
      this.#o.reports.rover(state);
    }
  }

  /** Ends every session, tells so, and stops listening. Idempotent. */
  async close(): Promise<void> {
    this.#stopWatching();
    const listeners = this.#listeners;
    this.#listeners = undefined;
    for (const mount of this.#mounts.values()) mount.close("the relay ends");
    const nowMs = this.#o.nowMs();
    this.#reportBases(nowMs);
    for (const [id, last] of this.#shown) this.#o.reports.rover(absentRover(id, nowMs, last));
    this.#shown.clear();
    this.#caster.close();
    await listeners?.close();
  }
}
