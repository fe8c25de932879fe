import type { Ecef } from "rtcm-parser";
import { datumText } from "../core/domain/pool-base.ts";
import type { Base } from "../core/domain/site.ts";
import type { BaseStream } from "./base-stream.ts";
import { bridgeStep } from "./bridge.ts";
import type { Feed } from "./feed.ts";
import type { FeedForm } from "./feed-forms.ts";
import { spoken, WORDS } from "./relay-words.ts";
import type { RoverSession } from "./rover.ts";
import type { LivingMount, Served } from "./served.ts";
import type { SourceSession } from "./source.ts";
import type { TableEntry } from "./sourcetable.ts";

export interface StreamMountOptions {
  readonly name: string;
  readonly variantOf: string | null;
  readonly stream: BaseStream;
  readonly form: FeedForm;
  readonly arpOffset: Ecef | null;
  readonly nowMs: () => number;
}

/** A real mount, or a form of it: one base's data, and never another's. */
export class StreamMount implements LivingMount {
  readonly name: string;
  readonly variantOf: string | null;
  readonly stream: BaseStream;
  readonly #o: StreamMountOptions;
  readonly #feed: Feed;
  readonly #rovers = new Set<RoverSession>();
  #lastLookMs: number | null = null;

  constructor(options: StreamMountOptions) {
    this.name = options.name;
    this.variantOf = options.variantOf;
    this.stream = options.stream;
    this.#o = options;
    this.#feed = options.stream.feed(options.form, options.arpOffset === null ? null : { mount: options.name, ecef: options.arpOffset });
  }

  get sim(): boolean {
    return this.stream.base.sim;
  }

  get takesSource(): Base | null {
    return this.variantOf === null && this.#o.arpOffset === null ? this.stream.base : null;
  }

  *served(): Generator<Served, void, undefined> {
    const notice = this.stream.truth.stop;
    const datum = datumText(this.#o.arpOffset === null ? this.stream.base.datum : (this.stream.base.arpOffset?.datum ?? null));
    for (const session of this.#rovers) yield { session, mount: this.name, stream: this.stream, datum, choosesBase: false, plotId: null, switches: [], notice };
  }

  entry(nowMs: number): TableEntry {
    return this.stream.truth.tableEntry({ mount: this.name, form: this.#o.form, nowMs });
  }

  join(rover: RoverSession, statusLine: string): void {
    this.#feed.join(rover, statusLine, this.#o.nowMs());
    this.#rovers.add(rover);
    if (this.stream.truth.stop !== null) this.#letGo(rover);
  }

  leave(rover: RoverSession): void {
    this.#feed.leave(rover);
    this.#rovers.delete(rover);
  }

  attach(source: SourceSession, answer: string, rest: Uint8Array): "attached" | "taken" {
    return this.stream.attach(source, answer, rest);
  }

  /** Once a second, and as soon as the guard stops the base. */
  tick(nowMs: number): void {
    const sinceLookMs = this.#lastLookMs === null ? null : nowMs - this.#lastLookMs;
    this.#lastLookMs = nowMs;
    for (const rover of this.#rovers) {
      if (this.stream.truth.stop !== null) this.#letGo(rover);
      else this.#bridge(rover, nowMs, sinceLookMs);
      rover.tick(nowMs);
    }
  }

  /** ntrip.md §3.3: a console must notice that its corrections have ended, and why. */
  #letGo(rover: RoverSession): void {
    const reason = this.stream.truth.stop;
    if (reason === null) return;
    rover.say(this.stream.spoken(this.#feed, spoken(reason)));
    rover.end(`base stopped: ${reason.code}`);
  }

  #bridge(rover: RoverSession, nowMs: number, sinceLookMs: number | null): void {
    const silentForMs = this.stream.silentForMs(nowMs, rover.connectedAtMs);
    const before = sinceLookMs === null || silentForMs < sinceLookMs ? null : silentForMs - sinceLookMs;
    const step = bridgeStep(silentForMs, before);
    if (step === "nothing") return;
    const words = this.stream.source === null ? WORDS.baseAbsent : this.stream.truth.mayRelay ? WORDS.baseSilent : WORDS.awaitsPosition;
    if (step === "say") rover.say(this.stream.spoken(this.#feed, spoken(words)));
    else rover.end(`no data: ${words.code}`);
  }

  close(reason: string): void {
    for (const rover of this.#rovers) rover.end(reason);
  }
}
