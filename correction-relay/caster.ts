import type { Socket } from "node:net";
import type { Log } from "../core/runtime/log.ts";
import type { Metrics } from "../core/runtime/metrics.ts";
import { NtripRequestParser, type Parsed, type RequestError } from "../core/wire/ntrip-request.ts";
import { httpRefusal } from "../core/wire/ntrip-response.ts";
import type { RelayLimits } from "./limits.ts";
import type { Visitor } from "./reception.ts";
import { cut, finish, isLoopback } from "./socket.ts";

export interface CasterOptions {
  readonly limits: RelayLimits;
  readonly nowMs: () => number;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly receive: (visitor: Visitor) => Promise<void>;
}

interface Pending {
  readonly socket: Socket;
  readonly sinceMs: number;
}

/** Takes connections, within limits, and reads each one's request; what comes of it is the reception's. */
export class Caster {
  readonly #o: CasterOptions;
  readonly #sockets = new Set<Socket>();
  readonly #pending = new Set<Pending>();
  readonly #perAddress = new Map<string, number>();
  readonly #onError: (error: NodeJS.ErrnoException) => void;
  readonly #onClose: (this: Socket) => void;

  constructor(options: CasterOptions) {
    this.#o = options;
    // One of each for all sockets: with 10,000 of them, one each are megabytes.
    this.#onError = (error) => options.metrics.count("azemichi_relay_socket_errors_total", { code: error.code ?? "unknown" });
    const left = (socket: Socket): void => this.#left(socket);
    this.#onClose = function () {
      left(this);
    };
  }

  get connections(): number {
    return this.#sockets.size;
  }

  /** A connection of a listener, with TLS already spoken where there is any. */
  accept(socket: Socket): void {
    const { limits, metrics } = this.#o;
    const address = addressOf(socket);
    const loopback = isLoopback(socket.remoteAddress);
    socket.on("error", this.#onError);
    const fromAddress = this.#perAddress.get(address) ?? 0;
    const over =
      this.#sockets.size >= limits.connections
        ? "connections"
        : this.#pending.size >= limits.pending
          ? "pending"
          : !loopback && fromAddress >= limits.connectionsPerAddress
            ? "address"
            : null;
    if (over !== null) {
      metrics.count("azemichi_relay_turned_away_total", { limit: over });
      socket.destroy();
      return;
    }
    this.#sockets.add(socket);
    this.#perAddress.set(address, fromAddress + 1);
    socket.on("close", this.#onClose);
    this.#readRequest(socket, { address, loopback });
  }

  #left(socket: Socket): void {
    const address = addressOf(socket); // a closed socket still knows what it was once asked
    this.#sockets.delete(socket);
    const left = (this.#perAddress.get(address) ?? 1) - 1;
    if (left > 0) this.#perAddress.set(address, left);
    else this.#perAddress.delete(address);
  }

  #readRequest(socket: Socket, peer: Visitor["peer"]): void {
    const { limits } = this.#o;
    const parser = new NtripRequestParser(limits.headBytes);
    const pending: Pending = { socket, sinceMs: this.#o.nowMs() };
    let idle: NodeJS.Timeout | undefined;
    const step = (parsed: Parsed): void => {
      clearTimeout(idle);
      if (parsed.kind === "need-more") {
        idle = setTimeout(() => step(parser.idle()), parser.atLineEnd ? limits.idleAtLineEndMs : limits.idleInLineMs);
        return;
      }
      stop();
      if (parsed.kind === "error") this.#refuse(socket, parsed.reason);
      else this.#hand({ socket, peer, request: parsed.request, rest: parsed.rest });
    };
    const onData = (chunk: Buffer): void => step(parser.push(chunk));
    const onEnd = (): void => step(parser.idle());
    const stop = (): void => {
      clearTimeout(idle);
      this.#pending.delete(pending);
      socket.pause();
      socket.off("data", onData).off("end", onEnd).off("close", stop);
    };
    this.#pending.add(pending);
    socket.on("data", onData).on("end", onEnd).on("close", stop);
  }

  #refuse(socket: Socket, reason: RequestError): void {
    this.#o.metrics.count("azemichi_relay_refused_total", { reason, kind: "unknown" });
    // To garbage nothing is said: it may be anything but HTTP.
    if (reason === "not-ntrip") socket.destroy();
    else finish(socket, httpRefusal(reason, { mount: "", version: 1 }, this.#o.nowMs()));
  }

  #hand(visitor: Visitor): void {
    this.#o.receive(visitor).catch((error: unknown) => {
      this.#o.log.error("request failed", { error, mount: visitor.request.mount });
      this.#o.metrics.count("azemichi_relay_request_failures_total");
      visitor.socket.destroy();
    });
  }

  /** Once a second: who has not said what it wants by now is closed. */
  tick(nowMs: number): void {
    for (const { socket, sinceMs } of this.#pending) {
      if (nowMs - sinceMs < this.#o.limits.headTimeoutMs) continue;
      this.#o.metrics.count("azemichi_relay_refused_total", { reason: "head-timeout", kind: "unknown" });
      cut(socket);
    }
    this.#o.metrics.gauge("azemichi_relay_connections", this.#sockets.size);
  }

  /** Closes what is left after the sessions have ended. */
  close(): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}

/** IPv4 as such, also on a socket of both families. */
const addressOf = (socket: Socket): string => (socket.remoteAddress ?? "").replace(/^::ffff:/, "");
