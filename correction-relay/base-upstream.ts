import type { Socket } from "node:net";
import type { Sentence } from "../core/domain/live.ts";
import type { Log } from "../core/runtime/log.ts";
import type { Metrics } from "../core/runtime/metrics.ts";
import { PlainBody } from "../core/wire/chunked-body.ts";
import type { BaseStream } from "./base-stream.ts";
import type { RelayLimits } from "./limits.ts";
import { cut } from "./socket.ts";
import { SourceSession } from "./source.ts";
import { TcpListener } from "./sources/tcp-listener.ts";
import { Upstream } from "./sources/upstream.ts";
import { parseUpstreamUrl } from "./sources/upstream-url.ts";

export interface BaseUpstreamOptions {
  readonly stream: BaseStream;
  /** Some rover may be given to this base, if only it were there. */
  readonly mayBeChosen: () => boolean;
  readonly limits: RelayLimits;
  readonly nowMs: () => number;
  readonly random: () => number;
  readonly log: Log;
  readonly metrics: Metrics;
}

const LINGER_MS = 30_000; // a rover that reconnects finds the stream still there
const MALFORMED: Sentence = { code: "malformed-url", ja: "取り込み先の書き方が正しくありません", en: "the address in `pull` or `listen` is malformed" };

/** The one session towards a physical base that does not come to us by NTRIP: all its rovers share it. */
export class BaseUpstream {
  readonly #o: BaseUpstreamOptions;
  readonly #upstream: Upstream | null;
  readonly #listener: TcpListener | null;
  readonly #malformed: boolean;
  #wantedAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: BaseUpstreamOptions) {
    this.#o = options;
    const { base } = options.stream;
    const pull = base.pull === null ? null : parseUpstreamUrl(base.pull);
    const listen = base.listen === null ? null : parseUpstreamUrl(base.listen);
    this.#malformed = (base.pull !== null && pull === null) || (base.listen !== null && listen?.kind !== "tcp");
    this.#upstream =
      pull &&
      new Upstream({
        ...options,
        name: base.mount,
        url: pull,
        kind: kindOf(pull.kind),
        needsGga: false,
        attach: (s, rest) => options.stream.attach(s, "", rest),
      });
    this.#listener =
      listen?.kind === "tcp"
        ? new TcpListener({
            name: base.mount,
            host: listen.host,
            port: listen.port,
            accept: (socket) => this.#accept(socket),
            log: options.log,
            metrics: options.metrics,
          })
        : null;
    this.#listener?.open();
    if (base.pullMode === "always") this.#upstream?.want(true);
  }

  get note(): Sentence | null {
    return this.#malformed ? MALFORMED : (this.#upstream?.note ?? this.#listener?.note ?? null);
  }

  #accept(socket: Socket): void {
    const { limits, nowMs, stream } = this.#o;
    const session = new SourceSession({ socket, kind: "listen", body: new PlainBody(), agent: null, passwordHash: null, limits, nowMs });
    if (stream.attach(session, "", new Uint8Array(0)) === "taken") cut(socket);
  }

  /** Once a second. */
  tick(nowMs: number): void {
    if (this.#upstream === null) return;
    const { stream, mayBeChosen } = this.#o;
    if (stream.wanted || mayBeChosen()) this.#wantedAtMs = nowMs;
    if (stream.base.pullMode === "demand") this.#upstream.want(nowMs - this.#wantedAtMs < LINGER_MS);
    this.#upstream.tick(nowMs);
  }

  close(): void {
    this.#upstream?.close();
    this.#listener?.close();
  }
}

const kindOf = (kind: "ntrip" | "tcp" | "serial"): "pull" | "tcp" | "serial" => (kind === "ntrip" ? "pull" : kind);
