import type { Catalog, CatalogView } from "../core/domain/site.ts";
import type { Log } from "../core/runtime/log.ts";
import type { Metrics } from "../core/runtime/metrics.ts";
import { Accounts, isExpired, localDate, mayJoin } from "./accounts.ts";
import type { Archive } from "./archive.ts";
import { Caster } from "./caster.ts";
import { ClockCheck } from "./clock-check.ts";
import { KernelQueue } from "./kernel-queue.ts";
import { LIMITS, type RelayLimits } from "./limits.ts";
import { type ListenerOptions, type Listeners, openListeners } from "./listeners.ts";
import { Mounts } from "./mounts.ts";
import { isVisible, Reception } from "./reception.ts";
import type { RelayState } from "./relay-state.ts";
import { type RelayReports, Reports } from "./reports.ts";
import { isLoopback } from "./socket.ts";
import { truthServices } from "./truth-services.ts";
import type { VerifiedSecrets } from "./verified-secrets.ts";

export interface RelayOptions {
  readonly catalog: CatalogView;
  readonly key: Uint8Array; // the data folder's
  readonly simServe: boolean; // simulated bases for peers other than loopback too
  readonly reports: RelayReports;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly nowMs: () => number;
  readonly random?: () => number;
  readonly limits?: Partial<RelayLimits>;
  readonly state?: RelayState; // what outlives a restart; without it nothing does
  readonly verified?: VerifiedSecrets;
  readonly archive?: Archive; // without it nothing is archived
  readonly clock?: ClockCheck; // of the host, if not given
  readonly kernelQueue?: KernelQueue; // another one than the kernel's own tables give
}

/** The caster: bases in, corrections out, from the catalog as it is now. Call `tick` once a second. */
export class Relay {
  readonly #o: RelayOptions;
  readonly #limits: RelayLimits;
  readonly #caster: Caster;
  readonly #mounts: Mounts;
  readonly #reports: Reports;
  readonly #kernelQueue: KernelQueue;
  readonly #clock: ClockCheck;
  readonly #stopWatching: () => void;
  #listeners: Listeners | undefined;
  #today: string;

  constructor(options: RelayOptions) {
    const { catalog, key, simServe, nowMs, log, metrics, verified, random = Math.random } = options;
    const limits = { ...LIMITS, ...options.limits };
    this.#o = options;
    this.#limits = limits;
    this.#kernelQueue = options.kernelQueue ?? new KernelQueue({ nowMs });
    this.#clock = options.clock ?? new ClockCheck();
    const truth = truthServices({
      catalog,
      ...(options.state ? { state: options.state } : {}),
      ...(options.archive ? { archive: options.archive } : {}),
      clock: () => this.#clock.state,
      inPool: (baseId) => this.#mounts.bases.views.byId.get(baseId)?.inPool ?? false,
      event: (event) => options.reports.event(event),
    });
    this.#mounts = new Mounts({ limits, truth, state: options.state ?? null, nowMs, random, log, metrics }, catalog.current());
    const accounts = new Accounts({ key, nowMs, ...(verified ? { verified } : {}) });
    const reception = new Reception({
      catalog,
      accounts,
      mounts: this.#mounts,
      refused: (refusal) => options.reports.refused(refusal),
      kernelQueue: this.#kernelQueue,
      simServe,
      limits,
      nowMs,
      log,
      metrics,
    });
    this.#reports = new Reports({ mounts: this.#mounts, catalog, reports: options.reports, sessionsOf: (roverId) => reception.sessionsOf(roverId) });
    this.#caster = new Caster({ limits, nowMs, log, metrics, receive: (visitor) => reception.receive(visitor) });
    this.#today = localDate(nowMs(), catalog.current().site.timeZone);
    this.#stopWatching = catalog.onChange((changed) => this.#apply(changed));
    this.#reports.begin(nowMs());
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
    this.#kernelQueue.tick(nowMs);
    this.#mounts.tick(nowMs);
    const today = localDate(nowMs, this.#o.catalog.current().site.timeZone);
    if (today !== this.#today) {
      this.#today = today;
      this.#revoke(this.#o.catalog.current());
    }
    this.#clock.tick(nowMs, this.#leastLatenciesMs(nowMs));
    this.#reports.tell(nowMs);
    this.#o.state?.tick(nowMs);
    this.#o.archive?.tick(nowMs);
  }

  #leastLatenciesMs(nowMs: number): readonly number[] {
    return [...this.#mounts.streams()].flatMap(({ base, truth }) => (base.sim ? [] : (truth.leastLatencyMs(nowMs) ?? [])));
  }

  #apply(catalog: Catalog): void {
    this.#mounts.apply(catalog);
    const hashes = [...catalog.bases.map(({ sourcePassword }) => sourcePassword?.hash), ...catalog.rovers.map(({ password }) => password?.hash)];
    this.#o.verified?.keepOnly(new Set(hashes.filter((hash) => hash !== undefined)));
    this.#revoke(catalog);
  }

  /** Cuts the live sessions of what is no longer allowed. */
  #revoke(catalog: Catalog): void {
    for (const { source, base } of this.#mounts.streams()) {
      if (source?.kind === "push" && source.passwordHash !== (base.sourcePassword?.hash ?? null)) source.cut("password revoked");
    }
    const rovers = new Map(catalog.rovers.map((rover) => [rover.id, rover]));
    for (const mount of this.#mounts.all()) {
      for (const { session } of mount.served()) {
        const rover = rovers.get(session.rover.id);
        const allowed =
          rover !== undefined &&
          rover.username === session.rover.username &&
          rover.password?.hash === session.rover.password?.hash &&
          mayJoin(rover, mount) &&
          !isExpired(rover, this.#today) &&
          isVisible(mount, { address: session.remoteAddress, loopback: isLoopback(session.remoteAddress) }, this.#o);
        if (!allowed) session.cut("access revoked");
      }
    }
  }

  /** Ends every session, tells so, and stops listening. Idempotent. */
  async close(): Promise<void> {
    this.#stopWatching();
    const listeners = this.#listeners;
    this.#listeners = undefined;
    this.#reports.end(this.#o.nowMs(), () => this.#mounts.close("the relay ends"));
    this.#kernelQueue.close();
    this.#caster.close();
    await listeners?.close();
  }
}
