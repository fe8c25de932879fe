import { chmodSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { AzemichiError } from "../../core/domain/errors.ts";
import type { HookSourceState } from "../../core/domain/source-state.ts";
import type { Log } from "../../core/runtime/log.ts";
import type { Metrics } from "../../core/runtime/metrics.ts";
import { equalSecrets } from "../../core/runtime/secrets.ts";
import { encodeHookFrame, type HookFrame, HookFrameReader, type HookVerdict } from "../../core/wire/hook-frame.ts";
import type { SourceJournal } from "./external-broker.ts";

export interface HookIntakeOptions {
  readonly path: string;
  readonly credential: string;
  readonly journal: SourceJournal;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly nowMs: () => number;
}

const CONNECTIONS_MAX = 8; // one `web`, and its predecessors that are not gone yet
const IN_FLIGHT_MAX = 2000; // of all connections; `web` stops long before
const HELLO_MS = 2000;
const DRAIN_MS = 500;
const SOURCES_MAX = 1000;

type Submit = Extract<HookFrame, { kind: "submit" }>;

/** The local socket at which `web` hands over what HTTP brought. An answer leaves only after the journal's commit. */
export class HookIntake {
  readonly #options: HookIntakeOptions;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #sources = new Map<string, { uplinks: number; lastMs: number }>();
  #inFlight = 0;
  #closing = false;

  private constructor(options: HookIntakeOptions) {
    this.#options = options;
    this.#server = createServer((socket) => this.#connection(socket));
    this.#server.maxConnections = CONNECTIONS_MAX;
  }

  /** A socket that lies there already is of a process that was killed: the role's lock says that no other lives. Throws `STORE_UNAVAILABLE`. */
  static async open(options: HookIntakeOptions): Promise<HookIntake> {
    const intake = new HookIntake(options);
    rmSync(options.path, { force: true });
    await new Promise<void>((resolve, reject) => {
      intake.#server.once("error", (cause) =>
        reject(new AzemichiError("STORE_UNAVAILABLE", `the socket for HTTP hooks cannot be made at ${options.path}: ${cause.message}`, { cause })),
      );
      intake.#server.listen(options.path, resolve);
    });
    intake.#server.on("error", (error) => options.log.error("socket for HTTP hooks failed", { error }));
    chmodSync(options.path, 0o600);
    return intake;
  }

  /** What came for each network since the start. */
  states(): HookSourceState[] {
    return [...this.#sources].map(([networkId, { uplinks, lastMs }]) => ({ networkId, uplinks, lastMessageAt: new Date(lastMs).toISOString() }));
  }

  /** What is on its way to the disk is still answered, if it does not take long. */
  async close(): Promise<void> {
    this.#closing = true;
    const closed = new Promise((resolve) => this.#server.close(resolve));
    const deadlineMs = performance.now() + DRAIN_MS;
    while (this.#inFlight > 0 && performance.now() < deadlineMs) await new Promise((resolve) => setTimeout(resolve, 5));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #connection(socket: Socket): void {
    const reader = new HookFrameReader();
    let known = false;
    const timer = setTimeout(() => socket.destroy(), HELLO_MS);
    this.#sockets.add(socket);
    socket.on("error", (error) => this.#options.log.debug("hook connection failed", { error }));
    socket.once("close", () => {
      clearTimeout(timer);
      this.#sockets.delete(socket);
    });
    socket.on("data", (chunk) => {
      try {
        for (const frame of reader.push(chunk)) {
          if (socket.destroyed) return;
          if (known && frame.kind === "submit") void this.#submit(socket, frame);
          else if (!known && frame.kind === "hello" && equalSecrets(frame.credential, this.#options.credential)) {
            known = true;
            clearTimeout(timer);
          } else this.#cut(socket, known ? "unexpected-frame" : "credential");
        }
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        this.#cut(socket, "malformed");
      }
    });
  }

  #cut(socket: Socket, reason: string): void {
    this.#options.metrics.count("azemichi_hook_connections_cut_total", { reason });
    socket.destroy();
  }

  async #submit(socket: Socket, { id, source, topic, payload }: Submit): Promise<void> {
    const verdict = await this.#keep({ source, topic, payload });
    this.#options.metrics.count("azemichi_hook_uplinks_total", { source, verdict });
    if (!socket.destroyed) socket.write(encodeHookFrame({ kind: "answer", id, verdict }));
  }

  async #keep({ source, topic, payload }: Pick<Submit, "source" | "topic" | "payload">): Promise<HookVerdict> {
    const { journal, nowMs } = this.#options;
    if (!journal.ready) return "refused";
    if (this.#closing || this.#inFlight >= IN_FLIGHT_MAX) return "busy";
    this.#inFlight += 1;
    const receivedAtMs = nowMs();
    try {
      await journal.append({ receivedAtMs, source, topic, payload, dup: false });
      this.#note(source, receivedAtMs);
      return "journaled";
    } catch (error) {
      this.#options.log.debug("hook not journaled", { source, error });
      return "refused";
    } finally {
      this.#inFlight -= 1;
    }
  }

  #note(source: string, atMs: number): void {
    const before = this.#sources.get(source);
    if (before === undefined && this.#sources.size >= SOURCES_MAX) return; // more than a site has networks; the counters still know
    this.#sources.set(source, { uplinks: (before?.uplinks ?? 0) + 1, lastMs: atMs });
  }
}
