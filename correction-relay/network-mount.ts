import type { Sentence } from "../core/domain/live.ts";
import type { Base } from "../core/domain/site.ts";
import type { Log } from "../core/runtime/log.ts";
import type { Metrics } from "../core/runtime/metrics.ts";
import { BaseStream, type BaseStreamOptions } from "./base-stream.ts";
import type { FeedForm } from "./feed-forms.ts";
import { notice1029 } from "./notice-text.ts";
import { spoken, WORDS } from "./relay-words.ts";
import type { RoverSession } from "./rover.ts";
import type { LivingMount, Served } from "./served.ts";
import { Upstream } from "./sources/upstream.ts";
import type { UpstreamUrl } from "./sources/upstream-url.ts";
import type { TableEntry } from "./sourcetable.ts";
import { StreamMount } from "./stream-mount.ts";

export interface NetworkMountOptions {
  readonly name: string;
  readonly variantOf: string | null;
  readonly form: FeedForm;
  readonly base: () => Base;
  readonly url: UpstreamUrl;
  readonly seats: NetworkSeats;
  readonly streamOptions: Omit<BaseStreamOptions, "base">;
  readonly random: () => number;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** What all forms of its mount share of an upstream's account. */
export interface NetworkSeats {
  taken: number; // sessions in use
  refusal: Sentence | null; // for good: asking again for each rover that comes would get us banned
}

/** What one rover has of a network: a virtual station of its own. */
interface Seat {
  readonly own: StreamMount;
  readonly upstream: Upstream;
}

/**
 * A mount whose upstream computes a station for whoever asks (VRS): each rover gets a session of its own there, with its own
 * GGA, up to the account's limit; what one gets is never another's.
 */
export class NetworkMount implements LivingMount {
  readonly name: string;
  readonly variantOf: string | null;
  readonly takesSource = null;
  readonly #o: NetworkMountOptions;
  readonly #seats = new Map<RoverSession, Seat>();

  constructor(options: NetworkMountOptions) {
    this.name = options.name;
    this.variantOf = options.variantOf;
    this.#o = options;
  }

  get sim(): boolean {
    return this.#o.base().sim;
  }

  /** Of the newest session, for staff. */
  get newest(): BaseStream | null {
    return [...this.#seats.values()].at(-1)?.own.stream ?? null;
  }

  entry(nowMs: number): TableEntry {
    const base = this.#o.base();
    const form = this.newest?.truth.tableEntry({ mount: this.name, form: this.#o.form, nowMs }).form ?? {
      types: [],
      constellations: [],
      carriers: 2,
      bytesPerS: 0,
    };
    return { mount: this.name, name: base.name, id: base.id, form, position: null, nmea: true, solution: "network", generator: null, sim: base.sim };
  }

  join(rover: RoverSession, statusLine: string): void {
    const { seats, streamOptions, url, random, log, metrics } = this.#o;
    const base = this.#o.base();
    if (seats.taken >= base.pullSessions) {
      metrics.count("azemichi_relay_network_full_total", { mount: base.mount });
      log.warn("no session left at the network", { mount: base.mount, sessions: seats.taken });
    }
    const without = seats.refusal ?? (seats.taken >= base.pullSessions ? WORDS.networkFull : null);
    if (without !== null) {
      const notice = notice1029(spoken(without), { stationId: 0, nowMs: streamOptions.nowMs() });
      rover.start(Buffer.concat([Buffer.from(statusLine, "latin1"), notice]));
      rover.end(`network: ${without.code}`);
      return;
    }
    const stream = new BaseStream({ ...streamOptions, base });
    const own = new StreamMount({ name: this.name, variantOf: this.variantOf, stream, form: this.#o.form, arpOffset: null, nowMs: streamOptions.nowMs });
    const upstream = new Upstream({
      name: base.mount,
      url,
      kind: "network",
      limits: streamOptions.limits,
      attach: (session, rest) => stream.attach(session, "", rest),
      needsGga: true,
      nowMs: streamOptions.nowMs,
      random,
      log,
      metrics,
    });
    seats.taken += 1;
    this.#seats.set(rover, { own, upstream });
    stream.truth.servesRover(() => rover.position);
    stream.truth.reachedBy(() => upstream.note);
    own.join(rover, statusLine);
    upstream.want(true);
  }

  leave(rover: RoverSession): void {
    const seat = this.#seats.get(rover);
    if (seat === undefined) return;
    this.#seats.delete(rover);
    this.#o.seats.taken -= 1;
    seat.own.leave(rover);
    seat.upstream.close();
    seat.own.stream.close("its rover left");
  }

  attach(): "taken" {
    return "taken";
  }

  *served(): Generator<Served, void, undefined> {
    for (const { own, upstream } of this.#seats.values()) for (const served of own.served()) yield { ...served, notice: served.notice ?? upstream.note };
  }

  tick(nowMs: number): void {
    for (const [rover, { own, upstream }] of this.#seats) {
      const line = rover.ggaSentence;
      if (line !== null) upstream.heard(line);
      upstream.tick(nowMs);
      this.#o.seats.refusal ??= upstream.refusal;
      own.stream.tick(nowMs);
      own.tick(nowMs);
    }
  }

  close(reason: string): void {
    for (const rover of this.#seats.keys()) rover.end(reason);
  }
}
