import { createServer, type Server, type Socket } from "node:net";
import type { Sentence } from "../../core/domain/live.ts";
import type { Log } from "../../core/runtime/log.ts";
import type { Metrics } from "../../core/runtime/metrics.ts";

export interface TcpListenerOptions {
  readonly name: string; // of the mount
  readonly host: string;
  readonly port: number;
  /** Decides whether this peer becomes the base's source; if not, it closes the socket. */
  readonly accept: (socket: Socket) => void;
  readonly log: Log;
  readonly metrics: Metrics;
}

const CONNECTIONS_MAX = 16;
const AGAIN_AFTER_MS = 10_000;

/** A port that waits for one base's plain RTCM. Who reaches it may speak for the base: open it on a network of one's own only. */
export class TcpListener {
  readonly #o: TcpListenerOptions;
  #server: Server | null = null;
  #again: NodeJS.Timeout | undefined;
  #note: Sentence | null = null;
  #closed = false;

  constructor(options: TcpListenerOptions) {
    this.#o = options;
  }

  get note(): Sentence | null {
    return this.#note;
  }

  open(): void {
    const { host, port, name, log } = this.#o;
    const server = createServer({ noDelay: true, keepAlive: true, keepAliveInitialDelay: 10_000 }, (socket) => {
      socket.on("error", () => this.#o.metrics.count("azemichi_relay_socket_errors_total", { code: "listener" }));
      this.#o.accept(socket);
    });
    server.maxConnections = CONNECTIONS_MAX;
    server.once("error", (error: NodeJS.ErrnoException) => {
      this.#note = {
        code: "listener",
        ja: `${host}:${port} で待ち受けできません（${error.code}）`,
        en: `cannot listen on ${host}:${port} (${error.code})`,
      };
      log.warn("listener of a base not opened", { mount: name, host, port, code: error.code });
      if (!this.#closed) this.#again = setTimeout(() => this.open(), AGAIN_AFTER_MS);
    });
    server.listen({ host, port }, () => {
      this.#note = null;
      log.info("waits for a base", { mount: name, host, port });
    });
    this.#server = server;
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#again);
    this.#server?.close();
  }
}
