import type { ServerResponse } from "node:http";

/** What came of an event for one browser. */
export type PushOutcome = "sent" | "queued" | "overflowed" | "closed";

export interface SseLimits {
  readonly queueBytes: number; // beyond it the queue is dropped and the browser told to start over
  readonly stuckMs: number; // a browser that reads nothing for so long is cut
}

/**
 * One browser's event stream. What its socket does not take waits in a bounded queue; when that overflows everything
 * waiting is dropped and a `reset` takes its place, so that a slow browser costs only itself.
 */
export class SseClient {
  readonly #response: ServerResponse;
  readonly #limits: SseLimits;
  readonly #nowMs: () => number;
  #queue: string[] = [];
  #queuedBytes = 0;
  #blockedSinceMs: number | null = null;
  #lost = false;
  readonly #resetText: () => string;

  constructor(response: ServerResponse, options: { limits: SseLimits; nowMs: () => number; resetText: () => string }) {
    this.#response = response;
    this.#limits = options.limits;
    this.#nowMs = options.nowMs;
    this.#resetText = options.resetText;
    response.on("drain", () => this.#drain());
    response.on("error", () => response.destroy()); // a browser that is gone is told by close; unheard, the error would end the process
  }

  get open(): boolean {
    return !this.#response.destroyed && !this.#response.writableEnded;
  }

  /** `text` is one or more whole SSE messages, blank line included (WHATWG HTML §9.2.5). */
  push(text: string): PushOutcome {
    if (!this.open) return "closed";
    if (this.#blockedSinceMs === null) {
      this.#write(text);
      return "sent";
    }
    if (this.#lost) return "overflowed";
    this.#queue.push(text);
    this.#queuedBytes += Buffer.byteLength(text);
    if (this.#queuedBytes <= this.#limits.queueBytes) return "queued";
    this.#queue = [];
    this.#queuedBytes = 0;
    this.#lost = true;
    return "overflowed";
  }

  /** Heartbeat, so that proxies and the browser's watchdog see life; true when the browser is stuck and was cut. */
  beat(): boolean {
    if (!this.open) return false;
    if (this.#blockedSinceMs === null) {
      this.#write(":\n\n");
      return false;
    }
    if (this.#nowMs() - this.#blockedSinceMs < this.#limits.stuckMs) return false;
    this.#response.destroy();
    return true;
  }

  end(): void {
    if (this.open) this.#response.end();
  }

  #write(text: string): void {
    if (!this.#response.write(text)) this.#blockedSinceMs = this.#nowMs();
  }

  #drain(): void {
    this.#blockedSinceMs = null;
    if (this.#lost) {
      this.#lost = false;
      this.#write(this.#resetText());
      return;
    }
    const waiting = this.#queue.join("");
    this.#queue = [];
    this.#queuedBytes = 0;
    if (waiting !== "") this.#write(waiting);
  }
}
