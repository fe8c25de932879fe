import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { type Epoch, epochOf, type FrameCounters, FrameSplitter } from "rtcm-parser";
import type { Body } from "../core/wire/chunked-body.ts";
import type { RelayLimits } from "./limits.ts";
import { cut, finish } from "./socket.ts";
import { type SourceWork, WorkBudget, workOf } from "./work-budget.ts";

/** What a source session hands on; the mount. */
export interface SourceSink {
  /** A whole frame with a good CRC. It is a view: copy it to keep it. */
  frame(frame: Uint8Array, epoch: Epoch | null, atMs: number): void;
  chunk(bytes: number, framing: FrameCounters, atMs: number): void;
  /** The source costs more than it may, and is read no faster than that. */
  heldBack(): void;
  sourceEnded(session: SourceSession, reason: string): void;
}

export type SourceKind = "push" | "pull" | "tcp" | "listen" | "serial" | "network";

export interface SourceSessionOptions {
  readonly socket: Duplex; // a connection, a serial port, or what unpacks one
  readonly kind?: SourceKind;
  readonly address?: string; // for people, where the socket does not know it
  readonly body: Body;
  readonly agent: string | null;
  readonly passwordHash: string | null; // what let it in: it goes when this changes
  readonly limits: RelayLimits;
  readonly nowMs: () => number;
}

const SLICE_BYTES = 4096; // the worst of them is under a CRC for two or three ms

/** One base's connection, from its log-in to its end. Only whole frames leave it. */
export class SourceSession {
  readonly agent: string | null;
  readonly remoteAddress: string;
  readonly passwordHash: string | null;
  readonly connectedAtMs: number;
  readonly kind: SourceKind;
  readonly #socket: Duplex;
  readonly #body: Body;
  readonly #limits: RelayLimits;
  readonly #nowMs: () => number;
  readonly #splitter = new FrameSplitter();
  #sink: SourceSink | null = null;
  #lastByteAtMs: number;
  #lastFrameAtMs: number;
  readonly #budget: WorkBudget;
  #waiting = false; // with bytes that have been read, for their turn
  #stopWaiting: () => void = () => {};
  #endsWith: string | null = null; // the reason, when the end came while bytes waited

  constructor({ socket, kind = "push", address, body, agent, passwordHash, limits, nowMs }: SourceSessionOptions) {
    this.agent = agent;
    this.kind = kind;
    this.remoteAddress = address ?? (socket instanceof Socket ? socket.remoteAddress : undefined) ?? "";
    this.passwordHash = passwordHash;
    this.connectedAtMs = nowMs();
    this.#lastByteAtMs = this.connectedAtMs;
    this.#lastFrameAtMs = this.connectedAtMs;
    this.#socket = socket;
    this.#body = body;
    this.#limits = limits;
    this.#nowMs = nowMs;
    this.#budget = new WorkBudget({ perS: limits.sourceWorkPerS, burst: limits.sourceWorkBurst }, this.connectedAtMs);
  }

  /** No frame for so long that another base may take its place. Noise is no sign of life. */
  isSilent(nowMs: number): boolean {
    return nowMs - this.#lastFrameAtMs >= this.#limits.sourceSilentMs;
  }

  /** Since the last byte, ms. */
  idleMs(nowMs: number): number {
    return nowMs - this.#lastByteAtMs;
  }

  /** Begins to hand on; `rest` came in the segment of the request. */
  start(sink: SourceSink, answer: string, rest: Uint8Array): void {
    this.#sink = sink;
    if (answer !== "") this.#socket.write(answer);
    this.#socket.on("data", (chunk: Buffer) => this.#receive(chunk));
    this.#socket.once("end", () => this.#ended("closed by the base"));
    this.#socket.once("close", () => this.#ended("connection lost"));
    this.#readOn(rest);
  }

  /** A paused socket tells its end all the same; what was read before comes first. */
  #ended(reason: string): void {
    if (this.#waiting) this.#endsWith ??= reason;
    else this.end(reason);
  }

  #readOn(waited: Uint8Array): void {
    this.#waiting = false;
    this.#receive(waited);
    if (this.#waiting) return;
    if (this.#endsWith !== null) this.end(this.#endsWith);
    else this.#socket.resume();
  }

  /** Frames as much as one turn allows; what is left over waits, and the socket with it. */
  #receive(chunk: Uint8Array): void {
    const workMax = workOf(this.#work()) + this.#limits.sourceWorkPerTurn;
    for (let at = 0; at < chunk.length && this.#sink !== null; at += SLICE_BYTES) {
      this.#frame(chunk.subarray(at, at + SLICE_BYTES));
      const waitMs = this.#budget.spend(this.#work(), this.#nowMs());
      if (waitMs === 0 && workOf(this.#work()) < workMax) continue;
      if (this.#sink === null) break;
      if (waitMs > 0) this.#sink.heldBack();
      this.#waiting = true;
      this.#socket.pause();
      const timer = setTimeout(() => this.#readOn(chunk.subarray(at + SLICE_BYTES)), waitMs);
      this.#stopWaiting = () => clearTimeout(timer);
      return;
    }
  }

  #frame(bytes: Uint8Array): void {
    const atMs = this.#nowMs();
    this.#lastByteAtMs = atMs;
    for (const part of this.#body.push(bytes)) {
      for (const frame of this.#splitter.push(part)) this.#hand(frame, atMs);
    }
    this.#sink?.chunk(bytes.length, this.#splitter.counters, atMs);
    if (this.#body.ended !== "no") this.end(this.#body.ended === "whole" ? "closed by the base" : "damaged chunks");
  }

  #work(): SourceWork {
    return { checkedBytes: this.#splitter.checkedBytes, frames: this.#splitter.counters.frames };
  }

  #hand(frame: Uint8Array, atMs: number): void {
    this.#lastFrameAtMs = atMs;
    this.#sink?.frame(frame, epochOf(frame), atMs);
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
    if (this.#socket instanceof Socket) finish(this.#socket);
    else this.#socket.destroy();
  }

  /** At once. */
  cut(reason: string): void {
    this.#release(reason);
    if (this.#socket instanceof Socket) cut(this.#socket);
    else this.#socket.destroy();
  }

  #release(reason: string): boolean {
    const sink = this.#sink;
    if (sink === null) return false;
    this.#stopWaiting();
    const atMs = this.#nowMs();
    for (const frame of this.#splitter.end()) this.#hand(frame, atMs);
    sink.chunk(0, this.#splitter.counters, atMs);
    this.#sink = null;
    sink.sourceEnded(this, reason);
    return true;
  }
}
