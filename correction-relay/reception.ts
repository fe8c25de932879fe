import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Base, CatalogView, Rover } from "../core/domain/site.ts";
import type { Log } from "../core/runtime/log.ts";
import type { Metrics } from "../core/runtime/metrics.ts";
import { type Body, ChunkedBody, PlainBody } from "../core/wire/chunked-body.ts";
import type { Credentials, GetRequest, NtripRequest, PostRequest, SourceRequest } from "../core/wire/ntrip-request.ts";
import { httpRefusal, ICY_OK, postOk, type Refusal, sourceRefusal, sourcetableAnswer, streamOk } from "../core/wire/ntrip-response.ts";
import { type Accounts, mayJoin, type Peer, roverNamed, type Verdict } from "./accounts.ts";
import { tableDialectFor, versionFor } from "./agents.ts";
import type { KernelQueue } from "./kernel-queue.ts";
import type { RelayLimits } from "./limits.ts";
import { LogBudget } from "./log-budget.ts";
import type { MountDirectory, MountPoint } from "./mount-point.ts";
import { type RefusalReason, RefusalReports, type RefusedLogin } from "./refusals.ts";
import { RoverSession } from "./rover.ts";
import { RoverSessions } from "./rover-sessions.ts";
import { sessionCap } from "./session-cap.ts";
import { finish } from "./socket.ts";
import { SourceSession } from "./source.ts";
import { gunzipped } from "./sources/gzip-link.ts";
import { sourcetable } from "./sourcetable.ts";
import { parseTableQuery, type TableQuery } from "./sourcetable-filter.ts";

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
  readonly refused?: (refusal: RefusedLogin) => void; // of accounts that exist, for their diagnosis
  readonly kernelQueue?: KernelQueue;
  readonly simServe: boolean;
  readonly limits: RelayLimits;
  readonly nowMs: () => number;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** Decides what a request gets: the table, a mount's stream, a mount to feed, or a refusal in the words its kind understands. */
export class Reception {
  readonly #o: ReceptionOptions;
  readonly #reports: RefusalReports;
  readonly #sessions = new RoverSessions();
  readonly #lines = new LogBudget();

  constructor(options: ReceptionOptions) {
    this.#o = options;
    this.#reports = new RefusalReports(options.refused ?? (() => {}));
  }

  /** Connections of an account now. */
  sessionsOf(roverId: string): number {
    return this.#sessions.count(roverId);
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

  async #table(visitor: Visitor, request: GetRequest): Promise<void> {
    const { socket, peer } = visitor;
    const parsed = parseTableQuery(request.query ?? "");
    if (parsed.kind === "error") {
      this.#count("table-query", request);
      finish(socket, this.#httpRefusal("malformed", request));
      return;
    }
    if (!parsed.query.auth) return this.#tell(visitor, request, { query: parsed.query, rover: null });
    const verdict = await this.#verdictOn(request.credentials, peer);
    if (socket.destroyed) return;
    if (verdict.kind === "accepted") return this.#tell(visitor, request, { query: parsed.query, rover: verdict.account });
    this.#count(verdict.reason, request);
    finish(socket, this.#httpRefusal(refusalOf(verdict), request));
  }

  /** The table, or of it what the query and the account leave. */
  #tell({ socket, peer }: Visitor, request: GetRequest, { query, rover }: { query: TableQuery; rover: Rover | null }): void {
    const nowMs = this.#o.nowMs();
    const entries = [...this.#o.mounts.all()]
      .filter((mount) => isVisible(mount, peer, this.#o) && (rover === null || mayJoin(rover, mount)))
      .map((mount) => mount.entry(nowMs));
    const host = request.host ?? (socket.localAddress ?? "").replace(/^::ffff:/, "");
    const table = sourcetable({ site: this.#o.catalog.current().site, host, port: socket.localPort ?? 0, entries, query });
    this.#o.metrics.count("azemichi_relay_sourcetables_total");
    finish(socket, sourcetableAnswer(table, tableDialectFor(request), nowMs));
  }

  async #rover(visitor: Visitor, request: GetRequest): Promise<void> {
    const { socket, peer } = visitor;
    if (this.#mountFor(visitor) === undefined) {
      this.#refused(visitor, "unknown-mount", accountOf(request, this.#o.catalog));
      // To NTRIP 1.0 the table is the answer to a wrong mount.
      if (tableDialectFor(request) === "v1") this.#tell(visitor, request, WHOLE_TABLE);
      else finish(socket, this.#httpRefusal("unknown-mount", request));
      return;
    }
    const verdict = await this.#verdictOn(request.credentials, peer);
    if (socket.destroyed) return;
    const mount = this.#mountFor(visitor); // the catalog may have changed while the password was verified
    if (verdict.kind === "refused") {
      this.#refused(visitor, REASON[verdict.reason], accountOf(request, this.#o.catalog));
      finish(socket, this.#httpRefusal(refusalOf(verdict), request));
    } else if (mount === undefined || !mayJoin(verdict.account, mount)) {
      this.#refused(visitor, "not-this-mount", verdict.account);
      finish(socket, this.#httpRefusal("unauthorized", request));
    } else this.#join(visitor, request, { rover: verdict.account, mount });
  }

  #join(visitor: Visitor, request: GetRequest, { rover, mount }: { rover: Rover; mount: MountPoint }): void {
    const { socket, peer, rest } = visitor;
    const { limits, nowMs, kernelQueue } = this.#o;
    const { maxSessions, staffTest } = rover;
    const cap = sessionCap({ maxSessions, staffTest, sessions: this.#sessions.of(rover.id), nowMs: nowMs() });
    if (cap.kind === "refuse") {
      this.#refused(visitor, "sessions", rover);
      finish(socket, this.#httpRefusal("sessions", request));
      return;
    }
    for (const ghost of cap.replaces) {
      this.#sessions.remove(ghost); // its end is told later, and the next one may already ask
      ghost.cut("replaced by a new session of its account");
    }
    const session = new RoverSession({
      socket,
      rover,
      agent: request.agent,
      gga: request.gga,
      limits,
      nowMs,
      ...(kernelQueue ? { kernelQueue } : {}),
      onClosed: (closed, reason) => {
        this.#sessions.remove(closed);
        mount.leave(closed);
        this.#o.metrics.count("azemichi_relay_rover_ends_total", { mount: mount.name });
        this.#log("rover left", { mount: mount.name, rover: rover.id, reason, skippedEpochs: closed.skippedEpochs });
      },
    });
    this.#sessions.add(session);
    const version = versionFor(request);
    this.#log("rover connected", { mount: mount.name, rover: rover.id, agent: request.agent, address: peer.address, version, replaced: cap.replaces.length });
    mount.join(session, version === 2 ? streamOk(nowMs()) : ICY_OK);
    session.receive(rest);
    socket.resume();
  }

  async #source(visitor: Visitor, request: PostRequest | SourceRequest): Promise<void> {
    const { socket, peer } = visitor;
    const refuse = (refusal: Refusal, reason: string): void => {
      this.#count(reason, request);
      this.#log("base refused", { mount: request.mount, reason, address: peer.address, agent: request.agent });
      // A POST wants HTTP/1.1 whatever it says of its version: BKG's ntripserver refuses anything else.
      finish(socket, request.kind === "source" ? sourceRefusal(refusal) : httpRefusal(refusal, { mount: request.mount, version: 2 }, this.#o.nowMs()));
    };
    const base = this.#mountFor(visitor)?.takesSource ?? null;
    if (base === null) return refuse("unknown-mount", "unknown-mount");
    if (request.kind === "post" && !UNDERSTOOD_ENCODINGS.includes(request.contentEncoding)) return refuse("unsupported-encoding", "encoding");
    const verdict = await this.#verdictOnBase(base, request, peer);
    if (socket.destroyed) return;
    if (verdict.kind === "refused") return refuse(refusalOf(verdict), verdict.reason);
    const mount = this.#mountFor(visitor);
    if (!mount?.takesSource || mount.takesSource.sourcePassword?.hash !== base.sourcePassword?.hash) return refuse("unauthorized", "revoked");
    const { body, rest, stream } = bodyOf(visitor, request);
    const session = new SourceSession({
      socket: stream,
      address: socket.remoteAddress ?? "",
      body,
      agent: request.agent,
      passwordHash: base.sourcePassword?.hash ?? null,
      limits: this.#o.limits,
      nowMs: this.#o.nowMs,
    });
    if (mount.attach(session, request.kind === "source" ? ICY_OK : postOk(this.#o.nowMs()), rest) === "taken") refuse("mount-taken", "mount-taken");
  }

  /** Some receivers send a user name before the password of `SOURCE`, which NTRIP 1.0 does not know. */
  async #verdictOnBase(base: Base, request: PostRequest | SourceRequest, peer: Peer): Promise<Verdict<Base>> {
    const password = request.kind === "source" ? request.password : (request.credentials?.password ?? "");
    const verdict = await this.#o.accounts.base(base, password, peer);
    const space = request.kind === "source" ? password.lastIndexOf(" ") : -1;
    if (space === -1 || verdict.kind === "accepted" || verdict.reason !== "wrong") return verdict;
    return this.#o.accounts.base(base, password.slice(space + 1), peer);
  }

  async #verdictOn(credentials: Credentials | null, peer: Peer): Promise<Verdict<Rover>> {
    return credentials === null ? REFUSED_UNASKED : this.#o.accounts.rover(this.#o.catalog.current(), credentials, peer);
  }

  #httpRefusal(refusal: Refusal, request: GetRequest): string {
    return httpRefusal(refusal, { mount: request.mount, version: versionFor(request) }, this.#o.nowMs());
  }

  /** Counted, and told where it is an account's own. */
  #refused({ peer, request }: Visitor, reason: RefusalReason, rover: Rover | undefined): void {
    this.#count(reason, request);
    if (rover === undefined) return;
    this.#reports.tell({ atMs: this.#o.nowMs(), username: rover.username, roverId: rover.id, mount: request.mount, reason, address: peer.address });
  }

  /** A line, unless there are many in this second: then it is one of a number. */
  #log(event: string, fields: Record<string, unknown>): void {
    if (this.#lines.allows(this.#o.nowMs())) this.#o.log.info(event, fields);
    else this.#o.metrics.count("azemichi_relay_unlogged_lines_total");
  }

  #count(reason: string, { kind }: NtripRequest): void {
    this.#o.metrics.count("azemichi_relay_refused_total", { reason, kind });
  }
}

/** Simulated corrections must never steer a tractor: DESIGN §3. */
export function isVisible(mount: { readonly sim: boolean }, peer: Peer, { simServe }: { readonly simServe: boolean }): boolean {
  return !mount.sim || simServe || peer.loopback;
}

const WHOLE_TABLE = { query: { auth: false, strict: false, conditions: [] }, rover: null };
const UNDERSTOOD_ENCODINGS: readonly (string | null)[] = [null, "identity", "gzip", "x-gzip"];
const REFUSED_UNASKED: Verdict<never> = { kind: "refused", reason: "wrong" };
const REASON = { wrong: "wrong-password", expired: "expired", "back-off": "back-off", busy: "busy" } as const;
const refusalOf = (verdict: Verdict<unknown>): Refusal => (verdict.kind === "refused" && verdict.reason === "busy" ? "busy" : "unauthorized");

const accountOf = ({ credentials }: GetRequest, catalog: CatalogView): Rover | undefined =>
  credentials === null ? undefined : roverNamed(catalog.current(), credentials.username);

function bodyOf({ socket, rest }: Visitor, request: PostRequest | SourceRequest): { body: Body; rest: Uint8Array; stream: Duplex } {
  const body = request.kind === "post" && request.chunked ? new ChunkedBody() : new PlainBody();
  const packed = request.kind === "post" && (request.contentEncoding === "gzip" || request.contentEncoding === "x-gzip");
  return packed ? { body: new PlainBody(), rest: new Uint8Array(0), stream: gunzipped(socket, body, rest) } : { body, rest, stream: socket };
}
