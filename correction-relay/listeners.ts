import { readFileSync, statSync } from "node:fs";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type Server as TlsServer } from "node:tls";
import { AzemichiError } from "../core/domain/errors.ts";
import type { Log } from "../core/runtime/log.ts";

export interface ListenerOptions {
  readonly host: string;
  readonly port: number; // 0 = any free one
  readonly tls: TlsOptions | null;
  readonly connections: number;
  readonly onConnection: (socket: Socket) => void;
  readonly log: Log;
}

export interface TlsOptions {
  readonly port: number;
  readonly certPath: string; // PEM, both read again when they change
  readonly keyPath: string;
  readonly lookEveryMs?: number;
}

export interface Listeners {
  readonly port: number;
  readonly tlsPort: number | null;
  close(): Promise<void>;
}

const BACKLOG = 4096; // all tractors at once after a power cut; the kernel's own limit may be lower
const TLS_HANDSHAKE_MS = 10_000;
const LOOK_EVERY_MS = 10_000;
const SOCKETS = { noDelay: true, keepAlive: true, keepAliveInitialDelay: 10_000 } as const;
// Plain: who asks with a pipe ends its side first, and still wants the answer. Not with TLS: there Node 24 keeps a
// connection for ever that ends in its handshake.
const PLAIN = { ...SOCKETS, allowHalfOpen: true } as const;

/** Opens the plain listener and, when asked, the one with TLS. Throws PORT_TAKEN; then nothing stays open. */
export async function openListeners(options: ListenerOptions): Promise<Listeners> {
  const plain = createServer(PLAIN, options.onConnection);
  plain.maxConnections = options.connections;
  const { tls } = options;
  const secure = tls && openTls(tls, options);
  const close = async (): Promise<void> => {
    secure?.stop();
    await Promise.all([closed(plain), secure && closed(secure.server)]);
  };
  try {
    await listening(plain, { host: options.host, port: options.port, key: "AZEMICHI_NTRIP_PORT" });
    if (secure && tls) await listening(secure.server, { host: options.host, port: tls.port, key: "AZEMICHI_NTRIPS_PORT" });
  } catch (error) {
    await close();
    throw error;
  }
  return { port: portOf(plain), tlsPort: secure ? portOf(secure.server) : null, close };
}

function openTls(tls: TlsOptions, { onConnection, connections, log }: ListenerOptions): { server: TlsServer; stop: () => void } {
  const read = (): { cert: Buffer; key: Buffer } => ({ cert: readFileSync(tls.certPath), key: readFileSync(tls.keyPath) });
  const stamp = (): string => [tls.certPath, tls.keyPath].map((path) => statSync(path).mtimeMs).join("|");
  let known = stamp();
  const server = createTlsServer({ ...SOCKETS, ...read(), handshakeTimeout: TLS_HANDSHAKE_MS }, onConnection);
  server.maxConnections = connections;
  // Those that have not finished their handshake are known to nobody else: a close would wait for them.
  const raw = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    raw.add(socket);
    socket.once("close", () => raw.delete(socket));
  });
  server.on("tlsClientError", (error: NodeJS.ErrnoException) => log.debug("TLS refused", { code: error.code }));
  // Polled, because renewals replace the file, and a watch would stay on the old one.
  const timer = setInterval(() => {
    try {
      const now = stamp();
      if (now === known) return;
      server.setSecureContext(read());
      known = now;
      log.info("certificate read again");
    } catch (error) {
      log.warn("certificate could not be read; the one in use stays", { error });
    }
  }, tls.lookEveryMs ?? LOOK_EVERY_MS);
  timer.unref();
  const stop = (): void => {
    clearInterval(timer);
    for (const socket of raw) socket.destroy();
  };
  return { server, stop };
}

function listening(server: Server, { host, port, key }: { host: string; port: number; key: string }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      if (cause.code !== "EADDRINUSE") reject(cause);
      else
        reject(
          new AzemichiError("PORT_TAKEN", `NTRIP port ${port} on ${host} belongs to another program. Stop it, or set ${key} to another port.`, {
            cause,
            context: { host, port },
          }),
        );
    });
    server.listen({ host, port, backlog: BACKLOG }, () => resolve());
  });
}

const closed = (server: Server): Promise<void> => new Promise((resolve) => server.close(() => resolve()));
const portOf = (server: Server): number => (server.address() as AddressInfo).port;
