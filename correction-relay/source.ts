import type { Socket } from "node:net";
import { type Epoch, epochOf, type FrameCounters, FrameSplitter, withStationId } from "rtcm-parser";
import type { Body } from "./chunked-body.ts";
import type { RelayLimits } from "./limits.ts";
import { cut, finish } from "./socket.ts";

/** What a source session hands on; the mount. */
export interface SourceSink {
  /** A whole frame with a good CRC, its station id as it leaves. It is a view: copy it to keep it. */
  frame(frame: Uint8Array, epoch: Epoch | null, atMs: number): void;
  chunk(bytes: number, framing: FrameCounters, atMs: number): void;
  sourceEnded(session: SourceSession, reason: string): void;
}

export interface SourceSessionOptions {
  readonly socket: Socket;
  readonly body: Body;
  readonly agent: string | null;
  readonly stationId: number | null; // null: frames pass as sent
  readonly passwordHash: string | null; // what let it in: it goes when this changes
  readonly limits: RelayLimits;
  readonly nowMs: () => number;
}

/** One base's connection, from its log-in to its end. Only whole frames leave it. */
export class SourceSession {
  readonly agent: string | null;
  readonly remoteAddress: string;
  readonly passwordHash: string | null;
  readonly connectedAtMs: number;
  readonly #socket: Socket;
  readonly #body: Body;
  readonly #stationId: number | null;
  readonly #limits: RelayLimits;
  readonly #nowMs: () => number;
  readonly #splitter = new FrameSplitter();
  #sink: SourceSink | null = null;
  #lastByteAtMs: number;
  #lastFrameAtMs: number;

  constructor({ socket, body, agent, stationId, passwordHash, limits, nowMs }: SourceSessionOptions) {
    this.agent = agent;
    this.remoteAddress = socket.remoteAddress ?? "";
    this.passwordHash = passwordHash;
    this.connectedAtMs = nowMs();
    this.#lastByteAtMs = this.connectedAtMs;
    this.#lastFrameAtMs = this.connectedAtMs;
    this.#socket = socket;
    this.#body = body;
    this.#stationId = stationId;
    this.#limits = limits;
    this.#nowMs = nowMs;
  }

  /** No frame for so long that another base may take its place. Noise is no sign of life. */
  isSilent(nowMs: number): boolean {
    return nowMs - this.#lastFrameAtMs >= this.#limits.sourceSilentMs;
  }

  /** Begins to hand on; `rest` came in the segment of the request. */
  start(sink: SourceSink, answer: string, rest: Uint8Array): void {
    this.#sink = sink;
    this.#socket.write(answer);
    this.#socket.on("data", (chunk: Buffer) => this.#receive(chunk));
    this.#socket.once("end", () => this.end("closed by the base"));
    this.#socket.once("close", () => this.end("connection lost"));
    if (rest.length > 0) this.#receive(rest);
  }

  #receive(chunk: Uint8Array): void {
    if (this.#sink === null) return;
    const atMs = this.#nowMs();
    this.#lastByteAtMs = atMs;
    for (const part of this.#body.push(chunk)) {
      for (const frame of this.#splitter.push(part)) this.#hand(frame, atMs);
    }
    this.#sink?.chunk(chunk.length, this.#splitter.counters, atMs);
    if (this.#body.ended !== "no") this.end(this.#body.ended === "whole" ? "closed by the base" : "damaged chunks");
  }

  #hand(frame: Uint8Array, atMs: number): void {
    this.#lastFrameAtMs = atMs;
    this.#sink?.frame(this.#stationId === null ? frame : withStationId(frame, this.#stationId), epochOf(frame), atMs);
  }

  /** Once a second. */
  tick(nowMs: number): void {
    const idleMs = nowMs - this.#lastByteAtMs;
    if (idleMs >= this.#limits.sourceIdleMs) this.cut("silent for too long");
    else if (idleMs >= 1000 && this.#splitter.heldBytes > 0) {
      // a damaged length may hold whole frames back while the base is quiet
      for (const frame of this.#splitter.resync()) this.#hand(frame, nowMs);
      this.#sink?.chunk(0, this.#splitter.counters, nowMs);
    }
  }

  /** What is whole still leaves. Idempotent. */
  end(reason: string): void {
    if (!this.#release(reason)) return;
    finish(this.#socket);
  }

  /** At once. */
  cut(reason: string): void {
    this.#release(reason);
    cut(this.#socket);
  }

  #release(reason: string): boolean {
    const sink = this.#sink;
    if (sink === null) return false;
    const atMs = this.#nowMs();
    for (const frame of this.#splitter.end()) this.#hand(frame, atMs);
    sink.chunk(0, this.#splitter.counters, atMs);
    this.#sink = null;
    sink.sourceEnded(this, reason);
    return true;
  }
}
