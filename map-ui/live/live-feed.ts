import type { LiveEvents, SnapshotJson } from "../../core/domain/api.ts";
import type { FieldEvent } from "../state/field.ts";
import type { Answer } from "./api-client.ts";
import { SseParser } from "./sse-parser.ts";

export type LiveStatus = "starting" | "live" | "polling" | "lost";

/** How a stream ended: the server closed it, wants a log-in, could not be reached, or we gave it up. */
export type StreamEnd = "ended" | "log-in" | "failed" | "aborted";

/** What the feed needs from outside: the API, and somebody who takes what it brings. */
export interface LiveFeedPorts {
  fetchSnapshot(since: string | null): Promise<Answer<SnapshotJson>>;
  readEvents(options: { lastId: string | null; signal: AbortSignal; onText: (text: string) => void }): Promise<StreamEnd>;
  nowMs(): number;
  onSnapshot(snapshot: SnapshotJson): void;
  onEvents(events: readonly FieldEvent[], id: string | null): void;
  onStatus(status: LiveStatus): void;
  /** Something was heard from the server: what is on the screen is current as of now. */
  onHeard(): void;
  onLogIn(): void;
}

const WATCHDOG_MS = 40_000; // the server sends at least a comment every 15 s
const MUTE_RESTARTS_MAX = 3; // proxies that swallow streams: then polling
const POLL_MS = 15_000;
const STREAM_RETRY_MS = 600_000; // while polling, the stream is tried again
const BATCH_MS = 200; // events are applied together: at most five repaints a second
const BATCH_EVENTS_MAX = 5000; // a burst is applied at once rather than kept
const BACKOFF_MS = [1000, 2000, 4000, 8000, 15_000] as const;

/** Snapshot first, then the event stream; polling where streams do not get through. Ends with `stop()`. */
export class LiveFeed {
  readonly #ports: LiveFeedPorts;
  #stopped = false;
  #lastId: string | null = null;
  #stream: AbortController | null = null;
  #wakeUp: (() => void) | null = null;
  #heardAtMs = 0;
  #muteRestarts = 0;
  #failures = 0;
  #batch: FieldEvent[] = [];
  #batchTimer: ReturnType<typeof setTimeout> | null = null;

  constructor(ports: LiveFeedPorts) {
    this.#ports = ports;
  }

  /** Runs until stopped or logged out. */
  async run(): Promise<void> {
    this.#ports.onStatus("starting");
    let last: "spoke" | "silent" = "spoke";
    while (!this.#stopped) {
      if (!(await this.#refresh())) continue; // whatever was missed; and is the server there at all?
      if (last === "silent") {
        this.#muteRestarts += 1;
        this.#ports.onStatus("starting"); // it does answer
      }
      if (this.#muteRestarts >= MUTE_RESTARTS_MAX) await this.#poll();
      if (this.#stopped) return;
      last = await this.#follow();
    }
  }

  stop(): void {
    this.#stopped = true;
    this.#stream?.abort();
    this.#wakeUp?.();
    if (this.#batchTimer !== null) clearTimeout(this.#batchTimer);
  }

  /** The page is in sight again, or the network is back: do not wait for time-outs. */
  nudge(): void {
    this.#wakeUp?.();
    if (this.#ports.nowMs() - this.#heardAtMs > WATCHDOG_MS) this.#stream?.abort();
  }

  /** Fetches what changed since the last id. False: it did not come, and a pause has passed. */
  async #refresh(): Promise<boolean> {
    const answer = await this.#ports.fetchSnapshot(this.#lastId);
    if (this.#stopped) return false;
    if (answer.kind === "ok") {
      this.#flush();
      this.#lastId = answer.value.id;
      this.#ports.onSnapshot(answer.value);
    }
    if (answer.kind === "ok" || answer.kind === "unchanged") {
      this.#heard();
      return true;
    }
    if (answer.kind === "log-in") {
      this.#leave();
      return false;
    }
    await this.#backOff();
    return false;
  }

  /** One life of the stream. "silent": nothing came, or it fell mute, though it was open. */
  async #follow(): Promise<"spoke" | "silent"> {
    const stream = new AbortController();
    const parser = new SseParser();
    const openedAtMs = this.#ports.nowMs();
    const heard = { state: "nothing" as "nothing" | "words" | "mute" };
    let watchdog: ReturnType<typeof setTimeout> | undefined;
    const feedWatchdog = () => {
      clearTimeout(watchdog);
      watchdog = setTimeout(() => {
        heard.state = "mute";
        this.#ports.onStatus("lost"); // what comes next may take its time: a server that hangs answers nothing else either
        stream.abort();
      }, WATCHDOG_MS);
    };
    feedWatchdog();
    this.#stream = stream;
    const outcome = await this.#ports.readEvents({
      lastId: this.#lastId,
      signal: stream.signal,
      onText: (text) => {
        feedWatchdog();
        heard.state = "words";
        this.#heard();
        this.#ports.onStatus("live");
        if (this.#ports.nowMs() - openedAtMs > WATCHDOG_MS) this.#muteRestarts = 0; // a stream that lives on is not muted
        for (const item of parser.push(text)) if (item.kind === "message") this.#take(item.event, item.data, item.id);
      },
    });
    clearTimeout(watchdog);
    stream.abort(); // also when a message could not be read: nobody listens to this stream any more
    this.#stream = null;
    if (outcome === "log-in") this.#leave();
    if (this.#stopped) return "spoke";
    if (outcome !== "aborted") await this.#backOff();
    return heard.state === "words" ? "spoke" : "silent";
  }

  async #poll(): Promise<void> {
    const untilMs = this.#ports.nowMs() + STREAM_RETRY_MS;
    while (!this.#stopped && this.#ports.nowMs() < untilMs) {
      if (await this.#refresh()) {
        this.#ports.onStatus("polling");
        await this.#pause(POLL_MS);
      }
    }
    this.#muteRestarts = MUTE_RESTARTS_MAX - 1; // one try, then polling again
  }

  #leave(): void {
    this.stop();
    this.#ports.onLogIn();
  }

  #take(event: string, data: string, id: string | null): void {
    if (id !== null) this.#lastId = id;
    switch (event) {
      case "reset":
        this.#lastId = null;
        this.#stream?.abort(); // run() fetches the whole snapshot
        return;
      case "reading":
        this.#queue({ kind: "reading", data: JSON.parse(data) as LiveEvents["reading"] });
        return;
      case "base":
        this.#queue({ kind: "base", data: JSON.parse(data) as LiveEvents["base"] });
        return;
      case "rover":
        this.#queue({ kind: "rover", data: JSON.parse(data) as LiveEvents["rover"] });
        return;
      case "gateway":
        this.#queue({ kind: "gateway", data: JSON.parse(data) as LiveEvents["gateway"] });
        return;
      case "device":
        this.#queue({ kind: "device", data: JSON.parse(data) as LiveEvents["device"] });
        return;
      default: // hello, and kinds that a newer server knows
        return;
    }
  }

  #queue(event: FieldEvent): void {
    this.#batch.push(event);
    if (this.#batch.length >= BATCH_EVENTS_MAX) this.#flush();
    else this.#batchTimer ??= setTimeout(() => this.#flush(), BATCH_MS);
  }

  #flush(): void {
    if (this.#batchTimer !== null) clearTimeout(this.#batchTimer);
    this.#batchTimer = null;
    const events = this.#batch;
    this.#batch = [];
    if (events.length > 0) this.#ports.onEvents(events, this.#lastId);
  }

  #heard(): void {
    this.#failures = 0;
    this.#heardAtMs = this.#ports.nowMs();
    this.#ports.onHeard();
  }

  async #backOff(): Promise<void> {
    if (this.#failures > 0) this.#ports.onStatus("lost"); // one quick reconnection is not worth a word
    const waitMs = BACKOFF_MS[Math.min(this.#failures, BACKOFF_MS.length - 1)] ?? POLL_MS;
    this.#failures += 1;
    await this.#pause(waitMs);
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wakeUp = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
