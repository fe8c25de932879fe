import { readFileSync, unwatchFile, watchFile } from "node:fs";
import { createServer as createHttpServer, type Server as HttpServer } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { createServer as createTlsServer, type Server as TlsServer } from "node:tls";
import { createWebSocketStream, WebSocketServer } from "ws";
import { AzemichiError } from "../core/domain/errors.ts";
import type { Log } from "../core/runtime/log.ts";

export interface ListenOptions {
  readonly bind: string;
  readonly port: number;
  readonly tlsPort: number | null;
  readonly wsPort: number | null;
  readonly tls: { readonly certPath: string; readonly keyPath: string } | null;
  readonly handshakeTimeoutMs: number;
  readonly packetBytesMax: number;
}

/** What the listeners need of the broker. */
export interface ConnectionSink {
  /** Called for each TCP connection before anything is read; false = it is cut. */
  admit(socket: Socket): boolean;
  connection(conn: Duplex, socket: Socket): void;
  failure(reason: "tls" | "websocket"): void;
}

export interface Listeners {
  readonly ports: { readonly mqtt: number; readonly mqtts: number | null; readonly mqttWs: number | null };
  close(): void;
}

const TCP_KEEPALIVE_MS = 60_000; // notices a peer that lost its power before its MQTT keep-alive is over
const CERT_POLL_MS = 5000;

/** TCP always; TLS and WebSocket where a port is given. Throws `PORT_TAKEN`. */
export async function listen(options: ListenOptions, sink: ConnectionSink, log: Log): Promise<Listeners> {
  const closers: (() => void)[] = [];
  const open = async (server: Server, port: number): Promise<number> => {
    server.on("connection", (socket: Socket) => prepare(socket, sink));
    closers.push(() => server.close());
    return await listening(server, { bind: options.bind, port });
  };
  try {
    const tcp = createTcpServer((socket) => {
      if (!socket.destroyed) sink.connection(socket, socket);
    });
    const mqtt = await open(tcp, options.port);
    let mqtts: number | null = null;
    if (options.tlsPort !== null && options.tls !== null) {
      const server = tlsServer(options.tls, options.handshakeTimeoutMs, sink);
      closers.push(followCertificate(server, options.tls, log));
      mqtts = await open(server, options.tlsPort);
    }
    const mqttWs = options.wsPort === null ? null : await open(webSocketServer(options, sink, closers), options.wsPort);
    return { ports: { mqtt, mqtts, mqttWs }, close: () => closers.forEach((close) => void close()) };
  } catch (error) {
    for (const close of closers) close();
    throw error;
  }
}

function prepare(socket: Socket, sink: ConnectionSink): void {
  socket.setNoDelay(true);
  socket.setKeepAlive(true, TCP_KEEPALIVE_MS);
  if (!sink.admit(socket)) socket.destroy();
}

function listening(server: Server, at: { bind: string; port: number }): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      const taken = cause.code === "EADDRINUSE";
      const why = taken ? "is taken by another program; stop it, or set another AZEMICHI_MQTT…_PORT" : `cannot be opened: ${cause.message}`;
      reject(new AzemichiError(taken ? "PORT_TAKEN" : "CONFIG_INVALID", `MQTT port ${at.port} on ${at.bind} ${why}`, { cause, context: { port: at.port } }));
    });
    server.listen(at.port, at.bind, () => resolve((server.address() as AddressInfo).port));
  });
}

function readCertificate(tls: { certPath: string; keyPath: string }): { cert: Buffer; key: Buffer } {
  return { cert: readFileSync(tls.certPath), key: readFileSync(tls.keyPath) };
}

function tlsServer(tls: { certPath: string; keyPath: string }, handshakeTimeout: number, sink: ConnectionSink): TlsServer {
  const server = createTlsServer({ ...readCertificate(tls), minVersion: "TLSv1.2", handshakeTimeout });
  server.on("tlsClientError", () => sink.failure("tls"));
  server.on("secureConnection", (socket) => sink.connection(socket, socket));
  return server;
}

/** A renewed certificate is used for new connections within seconds; one that cannot be read leaves the old one in force. */
function followCertificate(server: TlsServer, tls: { certPath: string; keyPath: string }, log: Log): () => void {
  const reload = (): void => {
    try {
      server.setSecureContext({ ...readCertificate(tls), minVersion: "TLSv1.2" });
      log.info("mqtt certificate read again");
    } catch (error) {
      log.error("mqtt certificate cannot be read; the former one stays in force", { error });
    }
  };
  for (const path of [tls.certPath, tls.keyPath]) watchFile(path, { interval: CERT_POLL_MS, persistent: false }, reload);
  return () => {
    for (const path of [tls.certPath, tls.keyPath]) unwatchFile(path, reload);
  };
}

function webSocketServer(options: ListenOptions, sink: ConnectionSink, closers: (() => void)[]): HttpServer {
  const http = createHttpServer({ headersTimeout: options.handshakeTimeoutMs, requestTimeout: options.handshakeTimeoutMs }, (_request, response) => {
    response.writeHead(426, { connection: "close", upgrade: "websocket" }).end();
  });
  http.setTimeout(options.handshakeTimeoutMs); // until the upgrade, which takes it off the socket
  const sockets = new WebSocketServer({
    server: http,
    maxPayload: 4 * options.packetBytesMax, // a WebSocket message may hold several packets [MQTT-6.0.0-2]; the packets have their own limit
    perMessageDeflate: false,
    handleProtocols: (protocols) => (protocols.has("mqtt") ? "mqtt" : false), // [MQTT-6.0.0-4]
  });
  sockets.on("connection", (ws, request) => {
    const stream = createWebSocketStream(ws);
    ws.on("error", () => sink.failure("websocket"));
    sink.connection(stream, request.socket);
  });
  closers.push(() => sockets.close());
  return http;
}
