import type { RelayEvent, Sentence } from "../core/domain/live.ts";
import { datumText } from "../core/domain/pool-base.ts";
import type { BaseStream } from "./base-stream.ts";
import { bridgeStep } from "./bridge.ts";
import type { FeedForm } from "./feed-forms.ts";
import { notice1029 } from "./notice-text.ts";
import { spoken, WORDS } from "./relay-words.ts";
import type { RoverSession } from "./rover.ts";
import type { LivingMount, Served } from "./served.ts";
import type { TableEntry } from "./sourcetable.ts";
import type { Decision, RoverChooser } from "./virtual/rover-chooser.ts";
import type { Placed, Seat } from "./virtual-seat.ts";

/** What a virtual mount needs of the relay around it. */
export interface VirtualServices {
  readonly stream: (baseId: string) => BaseStream | null;
  /** A choice for a rover: the one that it had when it left a moment ago, else a new one. */
  readonly chooserFor: (kind: VirtualKind, session: RoverSession, nowMs: number) => RoverChooser;
  readonly keep: (kind: VirtualKind, session: RoverSession, chooser: RoverChooser, nowMs: number) => void;
  readonly remember: (roverId: string, last: RoverChooser["lastService"]) => void;
  readonly tableEntry: (mount: { readonly name: string; readonly form: FeedForm }, nowMs: number) => TableEntry;
  readonly event: (event: RelayEvent) => void;
}

export type VirtualKind = "NEAR" | "FIELD";

export interface VirtualMountOptions {
  readonly name: string;
  readonly variantOf: string | null;
  readonly kind: VirtualKind;
  readonly form: FeedForm;
  readonly services: VirtualServices;
  readonly nowMs: () => number;
}

const SWITCHES_SHOWN = 10;
const REMEMBER_EVERY_MS = 60_000;

/** NEAR or FIELD: moves each rover between bases as its choice says, on a border of epochs. */
export class VirtualMount implements LivingMount {
  readonly name: string;
  readonly variantOf: string | null;
  readonly sim = false;
  readonly takesSource = null;
  readonly #o: VirtualMountOptions;
  readonly #seats = new Map<RoverSession, Seat>();
  #lastLookMs: number | null = null;

  constructor(options: VirtualMountOptions) {
    this.name = options.name;
    this.variantOf = options.variantOf;
    this.#o = options;
  }

  get isUsed(): boolean {
    return this.#seats.size > 0;
  }

  entry(nowMs: number): TableEntry {
    return this.#o.services.tableEntry({ name: this.name, form: this.#o.form }, nowMs);
  }

  attach(): "taken" {
    return "taken";
  }

  /** Data at once where there are any: a console that hears nothing for a second goes away (AgIO). */
  join(session: RoverSession, statusLine: string): void {
    const nowMs = this.#o.nowMs();
    const chooser = this.#o.services.chooserFor(this.#o.kind, session, nowMs);
    const heard = session.lastGga;
    if (heard !== null) chooser.heard(heard.gga, heard.atMs);
    const decision = chooser.decide(nowMs);
    const seat: Seat = { session, chooser, current: null, coming: null, decision, heard, rememberedAtMs: nowMs, lastBaseId: null, switches: [] };
    this.#seats.set(session, seat);
    if (session.position === null) session.onFirstGga(() => this.#followOne(seat, this.#o.nowMs()));
    const placed = decision.kind === "serve" || decision.kind === "hold" ? this.#placeOf(decision.baseId) : null;
    if (placed !== null) {
      placed.feed.join(session, statusLine, nowMs);
      seat.current = placed;
      seat.lastBaseId = placed.baseId;
    } else {
      session.start(Buffer.concat([Buffer.from(statusLine, "latin1"), this.#words(noticeOf(decision))]));
    }
  }

  leave(session: RoverSession): void {
    const seat = this.#seats.get(session);
    if (seat === undefined) return;
    seat.current?.feed.leave(session);
    seat.coming?.feed.leave(session);
    this.#seats.delete(session);
    this.#o.services.keep(this.#o.kind, session, seat.chooser, this.#o.nowMs());
  }

  *served(): Generator<Served, void, undefined> {
    for (const { session, current, chooser, decision, switches } of this.#seats.values()) {
      const notice = decision.kind === "serve" || decision.kind === "hold" ? null : decision.notice;
      const stream = current?.stream ?? null;
      yield { session, mount: this.name, stream, datum: datumText(stream?.base.datum ?? null), choosesBase: true, plotId: chooser.plotId, switches, notice };
    }
  }

  /** Once a second, behind `follow`. */
  tick(nowMs: number): void {
    const sinceLookMs = this.#lastLookMs === null ? null : nowMs - this.#lastLookMs;
    this.#lastLookMs = nowMs;
    for (const seat of this.#seats.values()) {
      this.#bridge(seat, nowMs, sinceLookMs);
      if (nowMs - seat.rememberedAtMs >= REMEMBER_EVERY_MS) this.#remember(seat, nowMs);
      seat.session.tick(nowMs);
    }
  }

  /** Once a second, when a base is stopped, and when one has been silent for too long. */
  follow(nowMs: number): void {
    for (const seat of this.#seats.values()) this.#followOne(seat, nowMs);
  }

  #followOne(seat: Seat, nowMs: number): void {
    this.#listen(seat);
    this.#follow(seat, seat.chooser.decide(nowMs), nowMs);
    for (const alarm of seat.chooser.takeAlarms()) this.#alarm(seat, alarm, nowMs);
  }

  #listen(seat: Seat): void {
    const heard = seat.session.lastGga;
    if (heard === null || heard === seat.heard) return;
    seat.heard = heard;
    seat.chooser.heard(heard.gga, heard.atMs);
  }

  #follow(seat: Seat, decision: Decision, nowMs: number): void {
    const before = seat.decision;
    seat.decision = decision;
    this.#renew(seat);
    switch (decision.kind) {
      case "hold":
        return;
      case "serve":
        this.#serve(seat, decision);
        return;
      case "end":
      case "none":
        if (before.kind === decision.kind) return;
        this.#detach(seat);
        seat.session.say(this.#words(decision.notice));
        this.#note(seat, null, decision.notice, nowMs);
    }
  }

  #serve(seat: Seat, decision: Extract<Decision, { kind: "serve" }>): void {
    const { current } = seat;
    if (current?.baseId === decision.baseId) {
      this.#detachComing(seat);
      return;
    }
    // A faulty base ends at once, and one of which nothing was sent yet; a sound one goes on until the first whole epoch of the next one.
    const { lastDataAtMs, connectedAtMs } = seat.session;
    if (current !== null && (!current.stream.truth.mayRelay || lastDataAtMs === connectedAtMs)) this.#detachCurrent(seat);
    if (seat.coming?.baseId === decision.baseId) return;
    const placed = this.#placeOf(decision.baseId);
    if (placed === null) {
      this.#detachComing(seat);
      seat.decision = { kind: "none", notice: WORDS.noBase };
    } else this.#come(seat, placed, decision.reason);
  }

  /** `reason`: of a change of base; null: it is the same one. */
  #come(seat: Seat, placed: Placed, reason: Sentence | null): void {
    this.#detachComing(seat);
    seat.coming = placed;
    placed.feed.comeWithNextEpoch(seat.session, () => {
      this.#detachCurrent(seat);
      seat.current = placed;
      seat.coming = null;
      if (reason !== null) this.#note(seat, placed.baseId, reason, this.#o.nowMs());
    });
  }

  /** Staff have changed how a base comes in: its stream is another one, its rovers stay. */
  #renew(seat: Seat): void {
    const { current, coming } = seat;
    const isOld = (placed: Placed | null): placed is Placed => placed !== null && this.#o.services.stream(placed.baseId) !== placed.stream;
    if (isOld(coming)) this.#detachComing(seat);
    if (!isOld(current)) return;
    this.#detachCurrent(seat);
    const again = seat.coming === null ? this.#placeOf(current.baseId) : null;
    if (again !== null) this.#come(seat, again, null);
  }

  #detachCurrent(seat: Seat): void {
    seat.current?.feed.leave(seat.session);
    seat.current = null;
  }

  #detachComing(seat: Seat): void {
    seat.coming?.feed.leave(seat.session);
    seat.coming = null;
  }

  #detach(seat: Seat): void {
    this.#detachCurrent(seat);
    this.#detachComing(seat);
  }

  #alarm({ session, current }: Seat, { code, ja, en }: Sentence, nowMs: number): void {
    const at = new Date(nowMs).toISOString();
    this.#o.services.event({ code, ja, en, at, baseId: current?.baseId ?? null, roverId: session.rover.id, severity: "alarm" });
  }

  /** Each switch is told once: to staff and the rover's owner. */
  #note(seat: Seat, to: string | null, reason: Sentence, nowMs: number): void {
    const from = seat.lastBaseId;
    if (to !== null) seat.lastBaseId = to;
    this.#remember(seat, nowMs);
    const at = new Date(nowMs).toISOString();
    seat.switches = [{ at, from, to, reason }, ...seat.switches].slice(0, SWITCHES_SHOWN);
    const { code, ja, en } = reason;
    this.#o.services.event({ code, ja, en, at, baseId: to ?? from, roverId: seat.session.rover.id, severity: to === null ? "alarm" : "warning" });
  }

  #remember(seat: Seat, nowMs: number): void {
    seat.rememberedAtMs = nowMs;
    this.#o.services.remember(seat.session.rover.id, seat.chooser.lastService);
  }

  #placeOf(baseId: string): Placed | null {
    const stream = this.#o.services.stream(baseId);
    return stream === null ? null : { baseId, stream, feed: stream.feed(this.#o.form) };
  }

  /** While a base is held though silent, and after corrections have ended, the console hears why. */
  #bridge(seat: Seat, nowMs: number, sinceLookMs: number | null): void {
    const { session, current } = seat;
    const silentForMs = nowMs - session.lastDataAtMs;
    const before = sinceLookMs === null || silentForMs < sinceLookMs ? null : silentForMs - sinceLookMs;
    const step = bridgeStep(silentForMs, before);
    if (step === "nothing") return;
    if (step === "close") session.end(`no data: ${noticeOf(seat.decision).code}`);
    else if (current === null) session.say(this.#words(noticeOf(seat.decision)));
    else session.say(current.stream.spoken(current.feed, spoken(noticeOf(seat.decision))));
  }

  #words(notice: Sentence): Uint8Array {
    return notice1029(spoken(notice), { stationId: 0, nowMs: this.#o.nowMs() });
  }

  close(reason: string): void {
    for (const { session } of this.#seats.values()) session.end(reason);
  }
}

const noticeOf = (decision: Decision): Sentence => (decision.kind === "serve" || decision.kind === "hold" ? WORDS.baseSilent : decision.notice);
