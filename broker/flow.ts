import { TokenBucket } from "./token-bucket.ts";

/** What one connection may have under way. Networks get no rate, only the cap. */
export interface ConnectionPace {
  readonly rate: { readonly perSecond: number; readonly burst: number } | null;
  readonly inFlightMax: number;
}

/**
 * Bounds what all connections together have handed in and not yet been told about. At the bound nobody is read from
 * (the senders' own buffers and TCP hold the rest); below three quarters of it everybody is again.
 */
export class SharedFlow {
  readonly #limits: { messagesMax: number; bytesMax: number };
  readonly #waiting = new Set<() => void>();
  #messages = 0;
  #bytes = 0;
  #full = false;

  constructor(limits: { messagesMax: number; bytesMax: number }) {
    this.#limits = limits;
  }

  get messages(): number {
    return this.#messages;
  }

  /** Calls back once when there is room again. */
  onRoom(wake: () => void): void {
    this.#waiting.add(wake);
  }

  forget(wake: () => void): void {
    this.#waiting.delete(wake);
  }

  get full(): boolean {
    return this.#full;
  }

  started(bytes: number): void {
    this.#messages += 1;
    this.#bytes += bytes;
    if (this.#messages >= this.#limits.messagesMax || this.#bytes >= this.#limits.bytesMax) this.#full = true;
  }

  ended(bytes: number, messages = 1): void {
    this.#messages -= messages;
    this.#bytes -= bytes;
    if (!this.#full || this.#messages > this.#limits.messagesMax * 0.75 || this.#bytes > this.#limits.bytesMax * 0.75) return;
    this.#full = false;
    const woken = [...this.#waiting];
    this.#waiting.clear();
    for (const wake of woken) wake();
  }
}

const TIDY_AFTER = 1000;

/**
 * One connection's share. A PUBLISH is admitted when its first bytes are let through, handed over when the broker has parsed it,
 * and done when its fate is known; `wake` is called when one that had to wait may try again.
 */
export class ConnectionFlow {
  readonly #shared: SharedFlow;
  readonly #nowMs: () => number;
  readonly #wake: () => void;
  #pace: ConnectionPace = { rate: null, inFlightMax: 0 }; // nothing passes before the log-in
  #bucket: TokenBucket | null = null;
  #inFlight = 0;
  #held = false;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;
  readonly #admittedBytes: number[] = []; // admitted, not yet handed over, in order
  #uplinkBytes: number[] = []; // of those handed to the journal, in order
  #uplinksEnded = 0; // so many of the former are done with

  constructor(options: { shared: SharedFlow; nowMs: () => number; wake: () => void }) {
    this.#shared = options.shared;
    this.#nowMs = options.nowMs;
    this.#wake = options.wake;
  }

  /** Called at log-in. */
  open(pace: ConnectionPace): void {
    this.#pace = pace;
    this.#bucket = pace.rate === null ? null : new TokenBucket({ ...pace.rate, nowMs: this.#nowMs() });
  }

  /** Anything but "pass" says why the next PUBLISH has to wait. */
  admit(bytes: number): "pass" | "rate" | "in-flight" | "shared" {
    if (this.#inFlight >= this.#pace.inFlightMax) {
      this.#held = true;
      return "in-flight";
    }
    if (this.#shared.full) {
      this.#shared.onRoom(this.#wake);
      return "shared";
    }
    if (this.#bucket !== null && !this.#bucket.take(this.#nowMs())) {
      this.#timer ??= setTimeout(() => this.#retry(), this.#bucket.waitMs(this.#nowMs()));
      return "rate";
    }
    this.#inFlight += 1;
    this.#shared.started(bytes);
    this.#admittedBytes.push(bytes);
    return "pass";
  }

  /** The broker has parsed the oldest admitted PUBLISH. The returned function, idempotent, says that it is dealt with. */
  handOver(): () => void {
    const bytes = this.#admittedBytes.shift();
    if (bytes === undefined) return () => {}; // a will, or a packet that came through after the close
    let done = false;
    return () => {
      if (done) return;
      done = true;
      this.#end(bytes);
    };
  }

  /** The newest admitted PUBLISH is on its way into the journal. Uplinks end in the order in which they were handed over. */
  handOverUplink(): void {
    this.#uplinkBytes.push(this.#admittedBytes.pop() ?? 0);
  }

  /** The oldest `count` uplinks are dealt with. */
  endUplinks(count: number): void {
    let bytes = 0;
    const end = this.#uplinksEnded + count;
    for (let i = this.#uplinksEnded; i < end; i += 1) bytes += this.#uplinkBytes[i] ?? 0;
    this.#uplinksEnded = end;
    if (end >= this.#uplinkBytes.length || end >= TIDY_AFTER) {
      this.#uplinkBytes = this.#uplinkBytes.slice(end);
      this.#uplinksEnded = 0;
    }
    this.#end(bytes, count);
  }

  /** What was admitted and never parsed is given back; what the broker holds still ends by itself. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#shared.forget(this.#wake);
    for (const bytes of this.#admittedBytes.splice(0)) this.#shared.ended(bytes);
  }

  #retry(): void {
    this.#timer = undefined;
    this.#wake();
  }

  #end(bytes: number, messages = 1): void {
    this.#inFlight -= messages;
    this.#shared.ended(bytes, messages);
    if (!this.#held || this.#closed || this.#inFlight > this.#pace.inFlightMax / 2) return;
    this.#held = false;
    this.#wake();
  }
}
