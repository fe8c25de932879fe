import type { Sentence } from "../../core/domain/live.ts";
import type { Place } from "../../core/domain/plot-geometry.ts";
import type { PlotIndex } from "../../core/domain/plot-index.ts";
import type { Plot } from "../../core/domain/site.ts";
import type { Gga } from "../../core/wire/nmea-gga.ts";
import { alignedBase, type BaseView, type BaseViews, bestBase, rankOf } from "./base-view.ts";
import { CHOICE_WORDS } from "./choice-words.ts";
import type { DatumMemory } from "./datums.ts";
import { type Decision, decisionFor, END, NO_BASE, sameDecision, TOO_FAR } from "./decision.ts";
import { type Anchor, failureOf, whatThen } from "./failover.ts";
import { PlotPresence, type Stay, usablePlace } from "./field.ts";
import { datumOf, firstBase, isRecent, type LastService } from "./first-base.ts";
import { NearRule } from "./near.ts";
import { onEntering } from "./plot-entry.ts";

export type { BaseView, BaseViews } from "./base-view.ts";
export type { Decision } from "./decision.ts";

export interface ChooserOptions {
  readonly mode: "NEAR" | "FIELD";
  readonly plots: () => PlotIndex<Plot>;
  readonly bases: () => BaseViews;
  readonly configuredBase: () => string | null; // of the rover on file
  readonly siteCentre: () => Place | null;
  readonly last: LastService | null;
  readonly datums: DatumMemory;
  readonly nowMs: number;
}

/** Corrections have ended and nobody knows where the rover is: by then a receiver has lost RTK, and its driver has seen it. */
const UNKNOWN_PLACE_FOR_MS = 60_000;
const ALARMS_MAX = 8; // not taken: the oldest is dropped

/** Which base one rover gets on NEAR or FIELD. Pure choice: who asks it moves the rover. */
export class RoverChooser {
  readonly #o: ChooserOptions;
  readonly #presence: PlotPresence;
  readonly #near = new NearRule();
  #baseId: string | null = null;
  #reason: Sentence = CHOICE_WORDS.noBase;
  #chosenAtMs = 0;
  #come = false; // data of the chosen base
  #flowing: string | null = null; // the base before, until then
  #provisional = false;
  #known: Anchor | null = null; // the chosen base as last seen in the pool
  #last: LastService | null;
  #ended: { readonly anchor: Anchor; readonly stay: Stay | null; readonly sinceMs: number } | null = null;
  #stay: Stay | null = null; // the one that was decided for
  #moved = false; // a position since the last decision
  #tooFar = false;
  #datumSeen: string | null = null; // plot and base
  #alarms: Sentence[] = [];
  #decision: Decision = NO_BASE;

  constructor(options: ChooserOptions) {
    const { plots, last, nowMs } = options;
    this.#o = options;
    this.#presence = new PlotPresence(plots);
    this.#last = last;
    if (last?.plotId && isRecent(last, nowMs)) this.#presence.resume(last.plotId, last.baseId);
  }

  /** The plot that the rover works in. */
  get plotId(): string | null {
    return this.#presence.stay?.plotId ?? null;
  }

  /** To begin with next time; null before any data. */
  get lastService(): LastService | null {
    return this.#last;
  }

  /** Alarms for the rover's owner and staff that came up since the last call: another datum than last time in this plot. */
  takeAlarms(): readonly Sentence[] {
    const alarms = this.#alarms;
    if (alarms.length > 0) this.#alarms = [];
    return alarms;
  }

  /** Each GGA of the rover, at its arrival. Without a position, or with fix 0, it says nothing. */
  heard(gga: Pick<Gga, "position" | "fix">, nowMs: number): void {
    const place = usablePlace(gga);
    if (place === null) return;
    this.#presence.heard(place, nowMs);
    this.#moved = true;
  }

  /** Once a second, when a base is stopped, and at `BasePool.dueAtMs`. The same object as before when nothing has changed. */
  decide(nowMs: number): Decision {
    const views = this.#o.bases();
    this.#settle(views, nowMs);
    if (this.#o.mode === "FIELD") this.#followPlots(views, nowMs);
    if (this.#ended !== null) this.#resume(views, nowMs);
    if (this.#ended === null) this.#choose(views, nowMs);
    this.#moved = false;
    const next = this.#told(views);
    if (!sameDecision(next, this.#decision)) this.#decision = next;
    return this.#decision;
  }

  /** What has happened since: has the chosen base come, is its predecessor still there, what is served where. */
  #settle(views: BaseViews, nowMs: number): void {
    if (this.#baseId === null || this.#ended !== null) return;
    const view = views.byId.get(this.#baseId);
    if (view !== undefined) this.#known = view;
    if (this.#flowing !== null && failureOf(views.byId.get(this.#flowing)) !== null) this.#flowing = null;
    if (view === undefined || view.health.lastDataAtMs <= this.#chosenAtMs) return;
    this.#come = true;
    this.#flowing = null;
    const { stay, plot } = this.#presence;
    const isField = this.#o.mode === "FIELD";
    if (isField && stay !== this.#stay) return; // entered or left just now: not decided yet
    if (isField && stay !== null) stay.baseId = view.id;
    this.#last = { baseId: view.id, plotId: isField ? (stay?.plotId ?? null) : null, atMs: Math.min(nowMs, view.health.lastDataAtMs) };
    const seen = plot === null ? null : `${plot.id} ${view.id}`;
    if (seen === this.#datumSeen) return;
    this.#datumSeen = seen;
    const alarm = plot === null ? null : this.#o.datums.served(plot, view.datum);
    if (alarm !== null) this.#alarms = [...this.#alarms, alarm].slice(-ALARMS_MAX);
  }

  /** Entering decides for the whole stay; leaving decides nothing. */
  #followPlots(views: BaseViews, nowMs: number): void {
    const { stay, plot, place } = this.#presence;
    if (stay === this.#stay && !(stay !== null && this.#baseId === null && this.#ended === null)) return;
    // Ended without knowing where: it may well have been here.
    if (stay !== null && this.#ended !== null && this.#ended.stay === null) stay.baseId ??= this.#ended.anchor.id;
    this.#stay = stay;
    this.#near.reset();
    if (stay === null || plot === null) return;
    // A base that was chosen without a position is nothing to hold on to.
    const current = this.#baseId === null || this.#ended !== null || this.#provisional ? null : (views.byId.get(this.#baseId) ?? null);
    const anchor = stay.baseId === null ? null : this.#anchorOf(views, stay.baseId);
    const step = onEntering(views, { plot, anchor, current, place, datum: this.#datum(views) });
    this.#provisional = false;
    if (step.kind === "end" && anchor !== null) this.#end(anchor, stay, nowMs);
    if (step.kind !== "use") return;
    this.#restart();
    stay.ended = false;
    this.#take(step.view, step.reason, { views, nowMs });
  }

  /** After the end: the base itself once it is well again, one that is aligned with it, or any when the plot is left. */
  #resume(views: BaseViews, nowMs: number): void {
    const ended = this.#ended;
    if (ended === null) return;
    const own = views.byId.get(ended.anchor.id);
    const { place } = this.#presence;
    if (own !== undefined && rankOf(own) === 0) {
      this.#restart();
      this.#take(own, CHOICE_WORDS.baseIsBack(own.name), { views, nowMs });
      return;
    }
    const beside = alignedBase(views, ended.anchor, place);
    if (beside !== null) {
      this.#restart();
      this.#take(beside, CHOICE_WORDS.failover(beside.name, failureOf(own) ?? CHOICE_WORDS.noBase), { views, nowMs });
      return;
    }
    const gone = ended.stay === null ? this.#presence.isOutside || nowMs - ended.sinceMs >= UNKNOWN_PLACE_FOR_MS : this.#presence.stay !== ended.stay;
    if (gone) this.#restart();
  }

  #choose(views: BaseViews, nowMs: number): void {
    if (this.#baseId === null) {
      this.#begin(views, nowMs);
      return;
    }
    const view = views.byId.get(this.#baseId);
    const failure = failureOf(view);
    if (failure !== null || view === undefined) {
      this.#failOver(views, failure ?? CHOICE_WORDS.gone, nowMs);
      return;
    }
    if (this.#provisional && !this.#come && this.#beginInPlot(views, nowMs)) return;
    const { place } = this.#presence;
    if (place === null || !this.#moved || (this.#o.mode === "FIELD" && !this.#presence.isOutside)) return;
    if (this.#provisional) {
      const nearest = bestBase(views, { near: place, limited: true, datum: view.datum, rankMax: 0 })?.view;
      this.#provisional = false;
      if (nearest !== undefined && nearest.id !== view.id) this.#take(nearest, CHOICE_WORDS.nearest(nearest.name), { views, nowMs });
      return;
    }
    const step = this.#near.look(views, { current: view, place, nowMs });
    if (step.kind === "stay") return;
    this.#tooFar = step.view === null;
    if (step.view !== null) this.#take(step.view, CHOICE_WORDS.nearer(step.view.name), { views, nowMs });
    else this.#baseId = null;
  }

  /** Seen in a plot before anything was sent: to begin with another base than the plot's would be a jump in it a second later. */
  #beginInPlot(views: BaseViews, nowMs: number): boolean {
    const { stay, entering, place } = this.#presence;
    if (this.#o.mode !== "FIELD" || stay !== null || entering === null) return false;
    const step = onEntering(views, { plot: entering, anchor: null, current: null, place, datum: this.#datum(views) });
    if (step.kind !== "use" || rankOf(step.view) !== 0) return false;
    this.#provisional = false;
    this.#tooFar = false;
    this.#take(step.view, step.reason, { views, nowMs });
    return true;
  }

  #begin(views: BaseViews, nowMs: number): void {
    if (this.#beginInPlot(views, nowMs)) return;
    const { place } = this.#presence;
    // Back from too far away, it has had no corrections for a while: the nearest base, of the same datum as before.
    const last = this.#tooFar && this.#last !== null ? { ...this.#last, atMs: 0 } : this.#last;
    const first = firstBase(views, { last, configured: this.#o.configuredBase(), place, centre: this.#o.siteCentre(), nowMs });
    if (first === null) {
      this.#tooFar = place !== null && bestBase(views, { near: null, limited: false, datum: this.#datum(views), rankMax: 2 }) !== null;
      return;
    }
    this.#tooFar = false;
    this.#provisional = first.provisional;
    this.#take(first.view, first.reason, { views, nowMs });
  }

  #failOver(views: BaseViews, why: Sentence, nowMs: number): void {
    const baseId = this.#baseId as string;
    const anchor = this.#drivenWith(views);
    const flowing = this.#flowing === null ? null : (views.byId.get(this.#flowing) ?? null);
    const { place, stay } = this.#presence;
    const step = whatThen(views, { baseId, flowing, anchor, place, centre: this.#o.siteCentre(), datum: this.#datum(views) });
    if (step.kind === "switch") this.#take(step.view, CHOICE_WORDS.failover(step.view.name, why), { views, nowMs });
    else if (step.kind === "end" && anchor !== null) this.#end(anchor, stay, nowMs);
  }

  /** The base that rows may have been driven with, here; null where a change of base does no harm. */
  #drivenWith(views: BaseViews): Anchor | null {
    if (this.#o.mode === "NEAR" || this.#presence.isOutside) return null;
    const { stay } = this.#presence;
    if (stay !== null) return stay.baseId === null ? null : this.#anchorOf(views, stay.baseId);
    const id = this.#come ? this.#baseId : this.#flowing;
    return id === null ? null : this.#anchorOf(views, id);
  }

  /** A base that has left the pool is aligned with nothing but what others say of it. */
  #anchorOf(views: BaseViews, id: string): Anchor {
    return views.byId.get(id) ?? (this.#known?.id === id ? this.#known : { id, datum: null, alignedWith: [] });
  }

  #datum(views: BaseViews): string | null {
    if (this.#baseId !== null && this.#known?.id === this.#baseId) return this.#known.datum;
    return datumOf(views, { last: this.#last?.baseId ?? null, configured: this.#o.configuredBase() });
  }

  #end(anchor: Anchor, stay: Stay | null, nowMs: number): void {
    if (stay !== null) stay.ended = true;
    this.#ended = { anchor, stay, sinceMs: nowMs };
    this.#flowing = null;
  }

  /** Nothing flows after an end: the next choice is made as for a rover that has just come. */
  #restart(): void {
    if (this.#ended === null) return;
    if (this.#ended.stay !== null) this.#ended.stay.ended = false;
    this.#ended = null;
    this.#baseId = null;
  }

  #take(view: BaseView, reason: Sentence, { views, nowMs }: { readonly views: BaseViews; readonly nowMs: number }): void {
    if (view.id === this.#baseId) return;
    const before = this.#baseId === null ? undefined : views.byId.get(this.#baseId);
    const isBack = view.id === this.#flowing;
    // A base that was chosen and has not come does not flow on.
    if (isBack || before === undefined || failureOf(before) !== null) this.#flowing = null;
    else if (this.#come) this.#flowing = before.id;
    this.#chosenAtMs = nowMs;
    this.#come = isBack;
    this.#baseId = view.id;
    this.#known = view;
    this.#reason = reason;
    this.#near.reset();
  }

  #told(views: BaseViews): Decision {
    if (this.#ended !== null) return END;
    if (this.#baseId === null) return this.#tooFar ? TOO_FAR : NO_BASE;
    return decisionFor({ baseId: this.#baseId, view: views.byId.get(this.#baseId), flows: this.#flowing !== null, reason: this.#reason });
  }
}
