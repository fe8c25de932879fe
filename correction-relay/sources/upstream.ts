import type { Sentence } from "../../core/domain/live.ts";
import { BackOff, pause } from "../../core/runtime/back-off.ts";
import type { Log } from "../../core/runtime/log.ts";
import type { Metrics } from "../../core/runtime/metrics.ts";
import type { RelayLimits } from "../limits.ts";
import { type SourceKind, SourceSession } from "../source.ts";
import { pullFromCaster } from "./caster-pull.ts";
import { connected, whyNot } from "./connect.ts";
import { type Link, type NoLink, noLink, plainLink } from "./link.ts";
import { openSerial } from "./serial-link.ts";
import type { UpstreamUrl } from "./upstream-url.ts";

export interface UpstreamOptions {
  readonly name: string; // of the mount, for logs and counters
  readonly url: UpstreamUrl;
  readonly kind: SourceKind;
  readonly limits: RelayLimits;
  readonly attach: (session: SourceSession, rest: Uint8Array) => "attached" | "taken";
  readonly needsGga: boolean; // a virtual station: no attempt before the rover said where it is
  readonly nowMs: () => number;
  readonly random: () => number;
  readonly log: Log;
  readonly metrics: Metrics;
}

const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 60_000;
const LATE_WAIT_MS = 5 * 60_000; // another caster said no: asking every second would get us banned
const STEADY_AFTER_MS = 60_000; // a stream that lasted this long was a good one: the next wait begins small
const IDLE_MAX_MS = 30_000;
const GGA_EVERY_MS = 1000;

/**
 * Fetches one stream and comes back to it for as long as it is wanted: the name looked up anew at each attempt, waits that
 * double with jitter, and a full stop on a refused password or a ban, which it says.
 */
export class Upstream {
  readonly #o: UpstreamOptions;
  readonly #backOff: BackOff;
  #running: AbortController | null = null;
  #note: Sentence | null = null;
  #gga: string | null = null;
  #ggaSentAtMs = Number.NEGATIVE_INFINITY;
  #session: { readonly session: SourceSession; readonly link: Link } | null = null;
  #version: 1 | 2 = 2;
  #wake: () => void = () => {};
  #refusedForGood = false;

  constructor(options: UpstreamOptions) {
    this.#o = options;
    this.#backOff = new BackOff({ firstMs: FIRST_WAIT_MS, mostMs: LONGEST_WAIT_MS, random: options.random });
    if (options.url.kind === "ntrip") this.#version = options.url.version ?? 2;
  }

  /** Why there is no stream now; null while there is one, or nobody wants one. */
  get note(): Sentence | null {
    return this.#note;
  }

  /** The other caster said no for good, and why: nothing of this entry is to be tried again. */
  get refusal(): Sentence | null {
    return this.#refusedForGood ? this.#note : null;
  }

  want(wanted: boolean): void {
    if (wanted && this.#running === null && !this.#refusedForGood) {
      const running = new AbortController();
      this.#running = running;
      this.#run(running.signal).catch((error: unknown) => this.#o.log.error("upstream failed", { error, mount: this.#o.name }));
    } else if (!wanted && this.#running !== null) {
      this.close();
    }
  }

  /** The rover's position goes upstream, at most once a second. */
  heard(gga: string): void {
    const first = this.#gga === null;
    this.#gga = gga;
    if (first) this.#wake();
    const nowMs = this.#o.nowMs();
    if (this.#session === null || nowMs - this.#ggaSentAtMs < GGA_EVERY_MS || this.#session.link.socket.writableLength > 4096) return;
    this.#ggaSentAtMs = nowMs;
    this.#session.link.socket.write(`${gga}\r\n`);
  }

  /** Once a second: a stream on which nothing comes any more is given up, and fetched anew. */
  tick(nowMs: number): void {
    if (this.#session !== null && this.#session.session.idleMs(nowMs) >= IDLE_MAX_MS) this.#session.session.cut("the upstream fell silent");
  }

  close(): void {
    this.#running?.abort();
    this.#running = null;
    this.#session?.session.cut("not wanted any more");
    this.#session = null;
    this.#note = null;
  }

  async #run(signal: AbortSignal): Promise<void> {
    if (this.#o.needsGga && this.#gga === null) await this.#firstGga(signal);
    while (!signal.aborted) {
      this.#o.metrics.count("azemichi_relay_upstream_attempts_total", { mount: this.#o.name });
      const link = await this.#open(signal);
      if (signal.aborted) {
        if (link.kind === "open") link.socket.destroy();
        return;
      }
      if (link.kind === "open") await this.#serve(link, signal);
      else this.#failed(link);
      if (link.kind === "failed" && link.retry === "never") {
        this.#refusedForGood = true;
        this.#running = null;
        return;
      }
      await pause(link.kind === "failed" && link.retry === "late" ? LATE_WAIT_MS * (0.75 + this.#o.random() / 2) : this.#backOff.nextMs(), signal);
    }
  }

  #firstGga(signal: AbortSignal): Promise<void> {
    this.#note = { code: "awaits-gga", ja: "トラクターの位置（GGA）を待っています", en: "waiting for the tractor's position (GGA)" };
    return new Promise((resolve) => {
      this.#wake = resolve;
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
  }

  async #open(signal: AbortSignal): Promise<Link | NoLink> {
    const { url } = this.#o;
    switch (url.kind) {
      case "ntrip": {
        const link = await pullFromCaster({ url, version: this.#version, gga: this.#gga }, signal);
        // Whoever has no word for version 2 may have one for version 1, and the other way about.
        if (link.kind === "failed" && link.note.code === "other-answer" && url.version === null) this.#version = this.#version === 2 ? 1 : 2;
        return link;
      }
      case "tcp":
        try {
          return plainLink(await connected({ ...url, tls: false }, signal), `${url.host}:${url.port}`, null);
        } catch (error) {
          const { code, ...words } = whyNot(error);
          return noLink("soon", code, words);
        }
      case "serial":
        return openSerial(url);
    }
  }

  /** Until the stream ends. */
  async #serve(link: Link, signal: AbortSignal): Promise<void> {
    const { limits, nowMs, kind } = this.#o;
    const session = new SourceSession({
      socket: link.socket,
      kind,
      address: link.address,
      body: link.body,
      agent: link.agent,
      passwordHash: null,
      limits,
      nowMs,
    });
    const ended = new Promise<void>((resolve) => link.socket.once("close", () => resolve()));
    const startedAtMs = nowMs();
    if (this.#o.attach(session, link.rest) === "taken") {
      link.socket.destroy();
      this.#note = { code: "taken", ja: "この基準局は別の経路で受信中です", en: "this base already sends by another way" };
      return;
    }
    this.#note = null;
    this.#session = { session, link };
    if (this.#gga !== null && this.#o.needsGga) this.heard(this.#gga);
    await ended;
    if (this.#session?.session === session) this.#session = null;
    if (signal.aborted) return; // by our own wish: nothing to complain of
    if (nowMs() - startedAtMs >= STEADY_AFTER_MS) this.#backOff.reset();
    this.#note = { code: "ended", ja: "相手が接続を閉じました。つなぎ直します", en: "the peer closed the connection; connecting again" };
  }

  #failed(failure: NoLink): void {
    this.#note = failure.note;
    this.#o.metrics.count("azemichi_relay_upstream_failures_total", { mount: this.#o.name, reason: failure.note.code });
    this.#o.log.info("upstream not connected", { mount: this.#o.name, reason: failure.note.code, detail: failure.note.en });
  }
}
