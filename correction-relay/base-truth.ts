import { type Ecef, type Epoch, type FrameCounters, latLonToEcef } from "rtcm-parser";
import type { BaseMinute } from "../core/domain/base-minute.ts";
import type { BaseHealth, BaseTruth, RelayEvent, Sentence } from "../core/domain/live.ts";
import type { Base } from "../core/domain/site.ts";
import type { Log } from "../core/runtime/log.ts";
import type { Metrics } from "../core/runtime/metrics.ts";
import type { Archive } from "./archive.ts";
import { ArpGuard, type GuardDecision, type GuardOrders } from "./arp-guard.ts";
import type { FeedForm } from "./feed-forms.ts";
import { FindingEvents } from "./finding-events.ts";
import { AntennaWatch } from "./gnss/antenna-watch.ts";
import type { EphemerisStore } from "./gnss/ephemeris-store.ts";
import type { KnownBase } from "./gnss/position-fault.ts";
import type { GuardMemory } from "./guard-memory.ts";
import { GUARD_WORDS } from "./guard-words.ts";
import { BaseMonitor, type Circumstances } from "./health.ts";
import { NetworkReference } from "./network-reference.ts";
import type { LastBase } from "./relay-memory.ts";
import type { SourceSession } from "./source.ts";
import type { TableEntry } from "./sourcetable.ts";
import { formShown, surveyedPosition } from "./table-form.ts";
import type { BaseSigns } from "./virtual/pool.ts";

/** What the truth of a base rests on, beside its stream. */
export interface TruthServices {
  readonly memory: {
    of(baseId: string): GuardMemory | null;
    readonly lost: boolean; // something was remembered that cannot be read
    keep(baseId: string, memory: GuardMemory, when: "now" | "soon"): void;
    lastOf(baseId: string): LastBase | null;
    keepLast(baseId: string, last: LastBase): void;
  };
  readonly orders: (baseId: string) => GuardOrders;
  readonly ephemerides: EphemerisStore; // pooled over all bases
  readonly others: (baseId: string) => readonly KnownBase[]; // surveys of the site's other bases
  readonly archive: Pick<Archive, "put"> | null;
  readonly clock: () => Circumstances["clock"];
  readonly inPool: (baseId: string) => boolean;
  readonly event: (event: RelayEvent) => void;
}

export interface BaseTruthOptions {
  readonly base: Base;
  readonly services: TruthServices;
  readonly nowMs: () => number;
  readonly log: Log;
  readonly metrics: Metrics;
}

interface Position {
  readonly latDeg: number;
  readonly lonDeg: number;
  readonly heightM: number | null;
}

/** pass, hold, stop: see ArpGuard. reset: of a network's other reference; what was gathered and kept of the former one goes. */
export type Admission = GuardDecision | "reset";

/** What is known to be true about one base: may it be relayed, how well it sends, was it moved, is it where it says. */
export class BaseTruthKeeper {
  readonly #o: BaseTruthOptions;
  readonly #guard: ArpGuard;
  readonly #monitor = new BaseMonitor();
  readonly #antenna: AntennaWatch;
  readonly #findings: FindingEvents;
  #judged: Pick<BaseTruth, "verdict" | "findings" | "medianCnrDbHz"> = { verdict: "insufficient", findings: [], medianCnrDbHz: null };
  #singlePoint: BaseTruth["singlePoint"];
  #comparedAtMs = Number.NEGATIVE_INFINITY;
  #keptAtMs = Number.NEGATIVE_INFINITY;
  #bumpTold = false;
  #base: Base;
  #network: NetworkReference | null = null;
  #roverPosition: () => Position | null = () => null;
  #tooFar: Sentence | null = null;
  #wayNote: () => Sentence | null = () => null;
  #kind: BaseTruth["source"]["kind"];
  #hadSatellites = false; // in this session
  #tooFewSinceMs: number | null = null;

  constructor(options: BaseTruthOptions) {
    const { base, services, nowMs } = options;
    this.#o = options;
    this.#base = base;
    this.#kind = kindOf(base);
    this.#antenna = new AntennaWatch({ pool: base.sim ? null : services.ephemerides });
    this.#guard = new ArpGuard({
      baseId: base.id,
      memory: services.memory.of(base.id),
      lost: services.memory.lost,
      port: { tell: (event) => services.event(event), remember: (memory, when) => services.memory.keep(base.id, memory, when) },
      nowMs: nowMs(),
    });
    this.#singlePoint = this.#antenna.result(null, []);
    this.#findings = new FindingEvents(base.id);
    const last = services.memory.lastOf(base.id);
    if (last !== null) this.#monitor.restore(last, nowMs());
    this.change(base);
  }

  change(base: Base): void {
    this.#base = base;
    const wasStopped = this.#guard.state === "stopped";
    this.#guard.configure(base, this.#o.services.orders(base.id), this.#o.nowMs());
    if (!wasStopped || this.#guard.state === "stopped") return;
    this.#antenna.reset(); // staff have looked: where it stands now is where it stands
    this.#bumpTold = false;
  }

  /** How the base is reached, when it does not come by itself. */
  reachedBy(note: () => Sentence | null): void {
    this.#wayNote = note;
  }

  /** A virtual station for one rover: its reference must lie near it. */
  servesRover(position: () => Position | null): void {
    this.#network = new NetworkReference();
    this.#roverPosition = position;
  }

  get mayRelay(): boolean {
    return this.#guard.decision === "pass" && this.#tooFar === null;
  }

  /** Why nothing may be relayed until somebody acts; null: no such reason. */
  get stop(): Sentence | null {
    return this.#tooFar ?? (this.#guard.state === "stopped" ? (this.#guard.truth().reason ?? GUARD_WORDS.staffStopped) : null);
  }

  get antenna(): BaseHealth["antenna"] {
    return this.#monitor.antenna;
  }

  sessionBegan(source: SourceSession, nowMs: number): void {
    this.#kind = source.kind;
    if (this.#network !== null) this.#network = new NetworkReference();
    this.#tooFar = null;
    this.#hadSatellites = false;
    this.#tooFewSinceMs = null;
    this.#guard.sessionStarted(nowMs);
    this.#monitor.connected(nowMs, source.agent);
  }

  sessionEnded(nowMs: number): void {
    this.#guard.sessionEnded(nowMs);
    this.#monitor.disconnected();
    this.#keep(nowMs);
  }

  /** Each frame of the source, in order, before it goes anywhere else. */
  admit(frame: Uint8Array, atMs: number): Admission {
    const decision = this.#guard.frame(frame, atMs);
    if (this.#network === null || decision !== "pass") return decision;
    const rover = this.#roverPosition();
    const reference = this.#network.frame(frame, rover === null ? null : latLonToEcef({ ...rover, heightM: rover.heightM ?? 0 }));
    if (reference !== "far") return reference;
    this.#tooFar = GUARD_WORDS.tooFar((this.#network.distanceM ?? 0) / 1000);
    return "stop";
  }

  chunk(bytes: number, framing: FrameCounters, atMs: number): void {
    this.#monitor.chunk(bytes, framing, atMs);
  }

  /** What came, after it has left. */
  look(frames: readonly { readonly frame: Uint8Array; readonly epoch: Epoch | null; readonly atMs: number }[]): void {
    const { archive } = this.#o.services;
    const arp = this.#arpInForce();
    for (const { frame, epoch, atMs } of frames) {
      if (this.#monitor.frame(frame, epoch, atMs) === "unreadable")
        this.#o.metrics.count("azemichi_relay_unreadable_frames_total", { mount: this.#base.mount });
      if (this.#base.kind === "network") continue;
      archive?.put(this.#base.id, frame, atMs);
      this.#antenna.frame(frame, arp, atMs);
    }
    this.#heedBump();
  }

  /** As transmitted, else as surveyed. */
  #arpInForce(): Ecef | null {
    const { x, y, z } = this.#monitor.antenna ?? this.#base.antenna ?? NOWHERE;
    return Number.isNaN(x) ? null : { xM: x, yM: y, zM: z };
  }

  /** 1005 says the same as before, and the antenna stands elsewhere. */
  #heedBump(): void {
    const { state, displacementM } = this.#antenna.bump;
    if (state !== "moved" || this.#bumpTold) return;
    this.#bumpTold = true;
    this.#guard.bumped(displacementM ?? 0, this.#o.nowMs());
  }

  /** Once a second. */
  tick(nowMs: number): void {
    const { services } = this.#o;
    if (nowMs - this.#comparedAtMs >= COMPARE_EVERY_MS) {
      this.#comparedAtMs = nowMs;
      this.#singlePoint = this.#antenna.result(this.#arpInForce(), services.others(this.#base.id));
    }
    this.#guard.tick({ bumped: this.#antenna.bump.state === "moved", singlePoint: this.#singlePoint.state }, nowMs);
    this.#countSatellites(nowMs);
    this.#judged = this.#monitor.truth({ nowMs, clock: services.clock(), lonDeg: surveyedPosition(this.#base)?.lonDeg ?? null, kind: this.#base.kind });
    for (const event of this.#findings.update(this.#judged.findings, nowMs)) services.event(event);
    if (nowMs - this.#keptAtMs >= KEEP_EVERY_MS) this.#keep(nowMs);
  }

  #keep(nowMs: number): void {
    this.#keptAtMs = nowMs;
    if (this.#base.kind === "physical") this.#o.services.memory.keepLast(this.#base.id, this.#monitor.last);
  }

  /** Too few for RTK is a fault of a base that had enough; one whose messages are empty from the start says nothing. */
  #countSatellites(nowMs: number): void {
    const enough = this.#monitor.satellitesForRtk(nowMs) >= SATELLITES_FOR_RTK;
    if (enough) this.#hadSatellites = true;
    if (enough || !this.#hadSatellites || !this.mayRelay) this.#tooFewSinceMs = null;
    else this.#tooFewSinceMs ??= nowMs;
  }

  /** For the choice on virtual mounts. */
  signs(nowMs: number): Omit<BaseSigns, "base" | "lastDataAtMs"> {
    const guard = this.#guard.truth();
    return {
      stop: this.stop ?? (guard.confirmed ? null : GUARD_WORDS.recheckDue),
      passing: this.mayRelay,
      softFault: this.#monitor.softFault(nowMs),
      tooFewSatellitesForMs: this.#tooFewSinceMs === null ? 0 : nowMs - this.#tooFewSinceMs,
    };
  }

  health(of: { readonly rovers: number; readonly nowMs: number }): BaseHealth {
    const { id, mount, sim } = this.#base;
    const clock = this.#o.services.clock();
    return { ...this.#monitor.health({ baseId: id, mount, sim, clock, ...of }), truth: this.#truth() };
  }

  /** The least latency of the last minute, for the check of our own clock. */
  leastLatencyMs(nowMs: number): number | null {
    return this.#monitor.leastLatencyMs(nowMs);
  }

  /** The minute that is over, once. */
  minute(nowMs: number): BaseMinute | null {
    return this.#monitor.minuteRecord({ baseId: this.#base.id, verdict: this.#judged.verdict, nowMs });
  }

  #truth(): BaseTruth {
    return {
      guard: this.#guard.truth(),
      ...this.#judged,
      displacementM: this.#antenna.bump.displacementM,
      singlePoint: this.#singlePoint,
      inPool: this.#o.services.inPool(this.#base.id),
      source: { kind: this.#kind, note: this.#wayNote() },
    };
  }

  tableEntry({ mount, form, nowMs }: { readonly mount: string; readonly form: FeedForm; readonly nowMs: number }): TableEntry {
    const { name, id, sim } = this.#base;
    return {
      mount,
      name,
      id,
      form: formShown(this.#monitor.form(nowMs), form),
      position: this.#monitor.antenna ?? surveyedPosition(this.#base),
      nmea: false,
      solution: this.#base.kind === "network" ? "network" : "single",
      generator: this.#monitor.receiver,
      sim,
    };
  }
}

const NOWHERE = { x: Number.NaN, y: Number.NaN, z: Number.NaN };
const COMPARE_EVERY_MS = 5000;
const KEEP_EVERY_MS = 60_000;
const SATELLITES_FOR_RTK = 5; // as `satellitesForRtk` counts them

const kindOf = ({ kind, pull, listen }: Base): BaseTruth["source"]["kind"] => {
  if (kind === "network") return "network";
  if (pull === null) return listen === null ? "push" : "listen";
  return pull.startsWith("serial:") ? "serial" : pull.startsWith("tcp:") ? "tcp" : "pull";
};
