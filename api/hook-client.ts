import { connect, type Socket } from "node:net";
import { BackOff } from "../core/runtime/back-off.ts";
import type { Metrics } from "../core/runtime/metrics.ts";
import { encodeHookFrame, HookFrameReader, type HookVerdict } from "../core/wire/hook-frame.ts";

/** What an HTTP hook brought. `source` is the network's id. */
export interface Hook {
  readonly source: string;
  readonly topic: string;
  readonly payload: Uint8Array;
}
/** `unavailable`: `field` is away, or was lost or silent before it answered: whether it was kept is not known. */
export type HookOutcome = HookVerdict | "unavailable";

export interface HookClientOptions {
  /** Where the socket is now; asked at each connection, undefined as long as `field` has not made it. */
  readonly path: () => string | undefined;
  readonly credential: string;
  readonly metrics: Metrics;
  readonly random: () => number;
  readonly answerMs?: number;
}

const IN_FLIGHT_MAX = 1000; // with bodies of 64 KiB at most
const ANSWER_MS = 5000;
const RECONNECT_MS = { firstMs: 50, mostMs: 1000 } as const;

interface Waiting {
  readonly hook: Hook;
  readonly resolve: (outcome: HookOutcome) => void;
  readonly timer: NodeJS.Timeout;
  sent: boolean;
}

/**
 * `web`'s end of the local socket to `field`: one connection, many hooks under way. A hook that comes while `field` starts again waits for
 * it within its time; one that was sent is never sent again from here, since its answer alone may be what was lost.
 */
export class HookClient {
  readonly #options: HookClientOptions;
  readonly #backOff: BackOff;
  readonly #waiting = new Map<number, Waiting>();
  #socket: Socket | undefined;
  #timer: NodeJS.Timeout | undefined;
  #lastId = 0;
  #closed = false;

  constructor(options: HookClientOptions) {
    this.#options = options;
    this.#backOff = new BackOff({ ...RECONNECT_MS, random: options.random });
  }

  start(): void {
    this.#connect();
  }

  /** Resolves when the hook is on disk, or is not and will not be by this call. Never rejects. */
  submit(hook: Hook): Promise<HookOutcome> {
    if (this.#closed) return Promise.resolve("unavailable");
    if (this.#waiting.size >= IN_FLIGHT_MAX) return Promise.resolve("busy");
    return new Promise((resolve) => {
      this.#lastId = (this.#lastId + 1) >>> 0;
      const id = this.#lastId;
      const timer = setTimeout(() => this.#settle(id, "unavailable"), this.#options.answerMs ?? ANSWER_MS);
      const waiting: Waiting = { hook, resolve, timer, sent: false };
      this.#waiting.set(id, waiting);
      this.#send(id, waiting);
    });
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#socket?.destroy();
    for (const id of [...this.#waiting.keys()]) this.#settle(id, "unavailable");
  }

  #connect(): void {
    if (this.#closed) return;
    const path = this.#options.path();
    if (path === undefined) {
      this.#again();
      return;
    }
    const socket = connect(path);
    const reader = new HookFrameReader();
    socket.on("error", () => {}); // `close` follows
    socket.once("connect", () => {
      this.#socket = socket;
      socket.write(encodeHookFrame({ kind: "hello", credential: this.#options.credential }));
      for (const [id, waiting] of this.#waiting) this.#send(id, waiting);
    });
    socket.on("data", (chunk) => {
      try {
        for (const frame of reader.push(chunk)) if (frame.kind === "answer") this.#settle(frame.id, frame.verdict);
        this.#backOff.reset();
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        socket.destroy();
      }
    });
    socket.once("close", () => {
      if (this.#socket === socket) this.#lost();
      this.#again();
    });
  }

  #again(): void {
    if (!this.#closed) this.#timer = setTimeout(() => this.#connect(), this.#backOff.nextMs());
  }

  #send(id: number, waiting: Waiting): void {
    if (this.#socket === undefined || waiting.sent) return;
    waiting.sent = true;
    this.#socket.write(encodeHookFrame({ kind: "submit", id, ...waiting.hook }));
  }

  #lost(): void {
    this.#socket = undefined;
    this.#options.metrics.count("azemichi_web_hook_connections_lost_total");
    for (const [id, { sent }] of this.#waiting) if (sent) this.#settle(id, "unavailable");
  }

  #settle(id: number, outcome: HookOutcome): void {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return; // an answer after its time
    this.#waiting.delete(id);
    clearTimeout(waiting.timer);
    waiting.resolve(outcome);
  }
}
