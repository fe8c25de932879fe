import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { Agent, get } from "node:http";

export interface SseMessage {
  readonly id: string | null;
  readonly event: string;
  readonly data: unknown;
}

/** A browser's end of an event stream that can also stop reading. */
export class SseReader {
  readonly messages: SseMessage[] = [];
  readonly comments: string[] = [];
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  ended = false;
  readonly #response: IncomingMessage;
  readonly #waiters = new Set<() => void>();
  #text = "";

  constructor(response: IncomingMessage) {
    this.#response = response;
    this.status = response.statusCode ?? 0;
    this.headers = response.headers;
    response.setEncoding("utf8");
    response.on("data", (chunk: string) => this.#take(chunk));
    const end = () => {
      this.ended = true;
      this.#check();
    };
    response.on("close", end);
    response.on("error", end);
  }

  pause(): void {
    this.#response.pause();
  }
  resume(): void {
    this.#response.resume();
  }
  close(): void {
    this.#response.destroy();
  }

  /** Settles as soon as `condition` holds for what has come. */
  async until(condition: (reader: SseReader) => boolean): Promise<this> {
    if (condition(this)) return this;
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`not within 20 s; came: ${JSON.stringify(this.messages.slice(-5))}`)), 20_000);
      const check = () => {
        if (!condition(this)) return;
        this.#waiters.delete(check);
        clearTimeout(timer);
        resolve();
      };
      this.#waiters.add(check);
    });
    return this;
  }

  events(): string[] {
    return this.messages.map((m) => m.event);
  }

  #take(chunk: string): void {
    this.#text += chunk;
    const parts = this.#text.split("\n\n");
    this.#text = parts.pop() ?? "";
    for (const part of parts) this.#message(part);
    this.#check();
  }

  #check(): void {
    for (const check of [...this.#waiters]) check();
  }

  #message(part: string): void {
    let id: string | null = null;
    let event = "";
    let data = "";
    for (const line of part.split("\n")) {
      if (line.startsWith(":")) this.comments.push(line);
      else if (line.startsWith("id: ")) id = line.slice(4);
      else if (line.startsWith("event: ")) event = line.slice(7);
      else if (line.startsWith("data: ")) data = line.slice(6);
    }
    if (event !== "") this.messages.push({ id, event, data: JSON.parse(data) });
  }
}

export function openSse(url: string, headers: Record<string, string> = {}): Promise<SseReader> {
  return new Promise((resolve, reject) => {
    get(url, { headers, agent: new Agent() }, (response) => resolve(new SseReader(response))).once("error", reject);
  });
}
