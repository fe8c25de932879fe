import { readFileSync, statSync } from "node:fs";
import type { Server } from "node:https";
import { createServer as createHttpsServer } from "node:https";
import type { FastifyInstance } from "fastify";
import type { Log } from "../core/runtime/log.ts";
import type { Metrics } from "../core/runtime/metrics.ts";
import { answerBrokenRequest, HTTP_LIMITS } from "./server.ts";

/** The same routes over TLS. `refresh()` reads the certificate again when its file has changed; a broken one leaves the old in use. */
export function createTlsListener(
  app: FastifyInstance,
  options: { certPath: string; keyPath: string; log: Log; metrics: Metrics },
): { server: Server; refresh: () => void } {
  const { certPath, keyPath, log, metrics } = options;
  const read = () => ({ cert: readFileSync(certPath), key: readFileSync(keyPath) });
  const stamp = () => `${statSync(certPath).mtimeMs} ${statSync(keyPath).mtimeMs}`;
  let current = stamp();
  const server = createHttpsServer({ ...read(), minVersion: "TLSv1.2", maxHeaderSize: HTTP_LIMITS.headerBytes }, (request, response) =>
    app.routing(request, response),
  );
  server.requestTimeout = HTTP_LIMITS.requestMs;
  server.headersTimeout = HTTP_LIMITS.headersMs;
  server.keepAliveTimeout = HTTP_LIMITS.keepAliveMs;
  server.maxConnections = HTTP_LIMITS.connections;
  server.on("clientError", (error, socket) => answerBrokenRequest(error, socket as never));
  return {
    server,
    refresh: () => {
      try {
        const now = stamp();
        if (now === current) return;
        server.setSecureContext({ ...read(), minVersion: "TLSv1.2" });
        current = now;
        log.info("certificate read again");
      } catch (error) {
        metrics.count("azemichi_web_certificate_failures_total");
        log.warn("certificate could not be read again; the old one stays in use", { certPath, error });
      }
    },
  };
}
