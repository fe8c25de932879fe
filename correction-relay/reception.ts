import type { Socket } from "node:net";
import type { CatalogView } from "../core/domain/site.ts";
import type { Log } from "../core/runtime/log.ts";
import type { Metrics } from "../core/runtime/metrics.ts";
import { ChunkedBody, PlainBody } from "../core/wire/chunked-body.ts";
import type { GetRequest, NtripRequest, PostRequest, SourceRequest } from "../core/wire/ntrip-request.ts";
import { httpRefusal, ICY_OK, postOk, type Refusal, sourceRefusal, sourcetableAnswer, streamOk } from "../core/wire/ntrip-response.ts";
import { type Accounts, mayJoin, type Peer, type Verdict } from "./accounts.ts";
import type { RelayLimits } from "./limits.ts";
import type { MountDirectory, MountPoint } from "./mount-point.ts";
import { RoverSession } from "./rover.ts";
import { finish } from "./socket.ts";
import { SourceSession } from "./source.ts";
import { sourcetable } from "./sourcetable.ts";

export interface Visitor {
  readonly socket: Socket; // paused; whoever takes it reads it
  readonly peer: Peer;
  readonly request: NtripRequest;
  readonly rest: Uint8Array;
}

export interface ReceptionOptions {
  readonly catalog: CatalogView;
  readonly accounts: Accounts;
  readonly mounts: MountDirectory;
  readonly simServe: boolean;
  readonly limits: RelayLimits;
  readonly nowMs: () => number;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** Decides what a request gets: the table, a mount's stream, a mount to feed, or a refusal in the words its kind understands. */
export class Reception {
  readonly #o: ReceptionOptions;

  constructor(options: ReceptionOptions) {
    this.#o = options;
  }

  async receive(visitor: Visitor): Promise<void> {
    const { request } = visitor;
    switch (request.kind) {
      case "get":
        return request.mount === "" ? this.#table(visitor, request) : this.#rover(visitor, request);
      case "post":
      case "source":
        return this.#source(visitor, request);
    }
  }

  #mountFor({ request, peer }: Visitor): MountPoint | undefined {
    const mount = this.#o.mounts.find(request.mount);
    return mount && isVisible(mount, peer, this.#o) ? mount : undefined;
  }

  #table({ socket, peer }: Visitor, request: GetRequest): void {
    const nowMs = this.#o.nowMs();
    const entries = [...this.#o.mounts.all()].filter((mount) => isVisible(mount, peer, this.#o)).map((mount) => mount.entry(nowMs));
    const host = (socket.localAddress ?? "").replace(/^::ffff:/, "");
    const table = sourcetable({ site: this.#o.catalog.current().site, host, port: socket.localPort ?? 0, entries });
    this.#o.metrics.count("azemichi_relay_sourcetables_total");
    finish(socket, sourcetableAnswer(table, dialectOf(request), nowMs));
  }

  async #rover(visitor: Visitor, request: GetRequest): Promise<void> {
    const { socket, peer, rest } = visitor;
    if (this.#mountFor(visitor) === undefined) {
      this.#count("unknown-mount", request);
      if (request.version === 1 && dialectOf(request) === "v1") this.#table(visitor, request);
      else finish(socket, httpRefusal("unknown-mount", request, this.#o.nowMs()));
      return;
    }
    const credentials = request.credentials ?? { username: "", password: "" };
    const verdict = request.credentials === null ? REFUSED_UNASKED : await this.#o.accounts.rover(this.#o.catalog.current(), credentials, peer);
    if (socket.destroyed) return;
    const mount = this.#mountFor(visitor); // the catalog may have changed while the password was verified
    if (verdict.kind === "refused" || mount === undefined || !mayJoin(verdict.account, mount)) {
      const refusal = refusalOf(verdict);
      this.#count(verdict.kind === "refused" ? verdict.reason : "not-this-mount", request);
      finish(socket, httpRefusal(refusal, request, this.#o.nowMs()));
      return;
    }
    const { limits, nowMs } = this.#o;
    const log = this.#o.log.child({ mount: request.mount, rover: verdict.account.id });
    const session = new RoverSession({
      socket,
      rover: verdict.account,
      agent: request.agent,
      gga: request.gga,
      limits,
      nowMs,
      onClosed: (closed, reason) => {
        mount.leave(closed);
        this.#o.metrics.count("azemichi_relay_rover_ends_total", { mount: mount.name });
        log.info("rover left", { reason, skippedEpochs: closed.skippedEpochs });
      },
    });
    log.info("rover connected", { agent: request.agent, address: peer.address, version: request.version });
    mount.join(session, request.version === 2 ? streamOk(nowMs()) : ICY_OK);
    session.receive(rest);
    socket.resume();
  }

  async #source(visitor: Visitor, request: PostRequest | SourceRequest): Promise<void> {
    const { socket, peer, rest } = visitor;
    const refuse = (refusal: Refusal, reason: string): void => {
      this.#count(reason, request);
      this.#o.log.info("base refused", { mount: request.mount, reason, address: peer.address, agent: request.agent });
      // A POST wants HTTP/1.1 whatever it says of its version: BKG's ntripserver refuses anything else.
      finish(socket, request.kind === "source" ? sourceRefusal(refusal) : httpRefusal(refusal, { mount: request.mount, version: 2 }, this.#o.nowMs()));
    };
    const base = this.#mountFor(visitor)?.takesSource ?? null;
    if (base === null) return refuse("unknown-mount", "unknown-mount");
    if (request.kind === "post" && request.contentEncoding !== null && request.contentEncoding !== "identity")
      return refuse("unsupported-encoding", "encoding");
    const password = request.kind === "source" ? request.password : (request.credentials?.password ?? "");
    const verdict = await this.#o.accounts.base(base, password, peer);
    if (socket.destroyed) return;
    if (verdict.kind === "refused") return refuse(refusalOf(verdict), verdict.reason);
    const mount = this.#mountFor(visitor);
    if (!mount?.takesSource || mount.takesSource.sourcePassword?.hash !== base.sourcePassword?.hash) return refuse("unauthorized", "revoked");
    const session = new SourceSession({
      socket,
      body: request.kind === "post" && request.chunked ? new ChunkedBody() : new PlainBody(),
      agent: request.agent,
      stationId: mount.takesSource.stationId,
      passwordHash: base.sourcePassword?.hash ?? null,
      limits: this.#o.limits,
      nowMs: this.#o.nowMs,
    });
    if (mount.attach(session, request.kind === "source" ? ICY_OK : postOk(this.#o.nowMs()), rest) === "taken") refuse("mount-taken", "mount-taken");
  }

  #count(reason: string, { kind }: NtripRequest): void {
    this.#o.metrics.count("azemichi_relay_refused_total", { reason, kind });
  }
}

/** Simulated corrections must never steer a tractor: DESIGN §3. */
export function isVisible(mount: { readonly sim: boolean }, peer: Peer, { simServe }: { readonly simServe: boolean }): boolean {
  return !mount.sim || simServe || peer.loopback;
}

const REFUSED_UNASKED: Verdict<never> = { kind: "refused", reason: "wrong" };
const refusalOf = (verdict: Verdict<unknown>): Refusal => (verdict.kind === "refused" && verdict.reason === "busy" ? "busy" : "unauthorized");

/** Not every tractor says NTRIP (Outback says `HGPS/2.0`), so it is the browsers that are told apart. */
function dialectOf({ version, agent }: GetRequest): "v1" | "v2" | "browser" {
  if (version === 2) return "v2";
  return agent !== null && /^(Mozilla|curl|Wget)\//i.test(agent) ? "browser" : "v1";
}
