import type { Socket } from "node:net";
import cookie from "@fastify/cookie";
import type { FastifyError, FastifyInstance, FastifyRequest } from "fastify";
import Fastify, { errorCodes } from "fastify";
import { foreignChange, viewerOf } from "./caller.ts";
import { compressed } from "./compression.ts";
import type { ApiContext } from "./context.ts";
import type { DocumentedEndpoint } from "./openapi.ts";
import { openApi } from "./openapi.ts";
import type { Problem } from "./problem.ts";
import { PROBLEM_TYPE, problemJson, sendProblem } from "./problem.ts";
import { archiveRoutes } from "./routes/archive.ts";
import { baseOrderRoutes } from "./routes/base-orders.ts";
import { codecRoutes } from "./routes/codecs.ts";
import { deviceRoutes } from "./routes/devices.ts";
import { diagnosisRoutes } from "./routes/diagnosis.ts";
import { entryRoutes } from "./routes/entries.ts";
import { exportRoutes } from "./routes/export.ts";
import { historyRoutes } from "./routes/history.ts";
import { hookRoutes } from "./routes/hooks.ts";
import { liveRoutes } from "./routes/live.ts";
import { operationRoutes } from "./routes/operations.ts";
import { readingRoutes } from "./routes/readings.ts";
import { codecRedecodeRoutes, deviceRedecodeRoutes } from "./routes/redecode.ts";
import { sessionRoutes } from "./routes/session.ts";
import { siteRoutes } from "./routes/site.ts";
import { sourceRoutes } from "./routes/sources.ts";
import { thingRoutes } from "./routes/things.ts";
import { uplinkRoutes } from "./routes/uplinks.ts";
import { API_HEADERS } from "./security-headers.ts";
import { staticSite } from "./static-site.ts";

export const PREFIX = "/api/v1";
/** Limits of every connection, the HTTPS listener's too. */
export const HTTP_LIMITS = { headerBytes: 16_384, requestMs: 120_000, headersMs: 10_000, keepAliveMs: 65_000, connections: 4000 } as const;
const BODY_BYTES_MAX = 1_000_000;
const ROUTES = [
  sessionRoutes,
  siteRoutes,
  liveRoutes,
  thingRoutes,
  deviceRoutes,
  deviceRedecodeRoutes,
  entryRoutes,
  uplinkRoutes,
  baseOrderRoutes,
  historyRoutes,
  archiveRoutes,
  diagnosisRoutes,
  readingRoutes,
  exportRoutes,
  codecRoutes,
  codecRedecodeRoutes,
  sourceRoutes,
];

/** The whole HTTP side, ready to listen or to be asked by a test; `close()` ends every connection. */
export async function createServer(api: ApiContext): Promise<FastifyInstance> {
  const app = Fastify({
    logger: false,
    bodyLimit: BODY_BYTES_MAX,
    trustProxy: api.settings.trustProxy ?? false,
    requestTimeout: HTTP_LIMITS.requestMs,
    keepAliveTimeout: HTTP_LIMITS.keepAliveMs,
    http: { maxHeaderSize: HTTP_LIMITS.headerBytes, headersTimeout: HTTP_LIMITS.headersMs },
    forceCloseConnections: true,
    // numbers in a query are text; nothing else is bent, dropped or added in silence
    ajv: { customOptions: { coerceTypes: true, removeAdditional: false, useDefaults: true, allErrors: false } },
    routerOptions: { maxParamLength: 128 },
    frameworkErrors: (error, _request, reply) => void sendProblem(reply as never, problemOf(error)),
    clientErrorHandler: answerBrokenRequest,
  });
  app.server.maxConnections = HTTP_LIMITS.connections;
  acceptEmptyBodies(app);
  app.removeContentTypeParser("text/plain"); // else such a body passes as a string, and its sender is told of a wrong body
  await app.register(cookie);

  app.decorateRequest("viewer");
  app.addHook("onRequest", async (request, reply) => {
    reply.headers(API_HEADERS);
    request.viewer = viewerOf(request, api);
    const foreign = foreignChange(request, api.settings.publicUrl);
    if (foreign) {
      api.metrics.count("azemichi_web_foreign_changes_refused_total");
      return sendProblem(reply, foreign);
    }
  });
  app.addHook("onSend", async (request, reply, payload) => {
    if (!reply.hasHeader("cache-control")) reply.header("cache-control", "private, no-store");
    return compressed(request, reply, payload);
  });
  app.addHook("onResponse", async (_request, reply) => {
    api.metrics.count("azemichi_web_responses_total", { status: `${Math.floor(reply.statusCode / 100)}xx` });
  });
  app.setNotFoundHandler((request, reply) => {
    const allowed = otherMethodsAt(app, request);
    if (allowed.length === 0) return sendProblem(reply, { status: 404, detail: "There is nothing at this address." });
    return sendProblem(reply.header("allow", allowed.join(", ")), { status: 405, detail: `This address takes ${allowed.join(", ")} only.` });
  });
  app.setErrorHandler<FastifyError>((error, request, reply) => {
    if (reply.raw.headersSent) {
      // half an answer is out: its end is cut off, and a client that left has nothing to be told
      api.log.info("answer broken off", { method: request.method, url: request.url.split("?")[0], error });
      reply.hijack();
      reply.raw.destroy();
      return reply;
    }
    const problem = problemOf(error);
    if (problem.status >= 500) api.log.error("request failed", { method: request.method, url: request.url.split("?")[0], error });
    return sendProblem(reply, problem);
  });

  const endpoints: DocumentedEndpoint[] = [];
  app.addHook("onRoute", ({ method, url, config }) => {
    if (config?.endpoint) endpoints.push({ method: String(method), url, doc: config.endpoint });
  });
  hookRoutes(app, api);
  await app.register(
    async (v1) => {
      for (const routes of ROUTES) routes(v1, api);
      const document = JSON.stringify(openApi({ version: api.settings.version, endpoints }));
      v1.get("/openapi.json", (_request, reply) => reply.type("application/json; charset=utf-8").header("cache-control", "no-cache").send(document));
    },
    { prefix: PREFIX },
  );
  operationRoutes(app, api);
  await staticSite(app, api);
  await app.ready();
  return app;
}

const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"] as const;

/** Other methods that this address takes (RFC 9110 §15.5.6). The map's files hang on one wildcard, which knows of every name: it does not count. */
function otherMethodsAt(app: FastifyInstance, request: FastifyRequest): readonly string[] {
  const path = request.url.split("?")[0] ?? "/";
  const allowed = METHODS.filter((method) => {
    const route = app.findRoute({ url: path, method });
    return route !== null && !("*" in route.params);
  });
  return (allowed as readonly string[]).includes(request.method) ? [] : allowed;
}

/** Statuses that fastify itself gives, with what a caller can do about it; faults of ours say nothing of our insides. */
function problemOf(error: FastifyError): Problem {
  if (error.validation) {
    const place = error.validationContext === "querystring" ? "query" : (error.validationContext ?? "request");
    const issues = error.validation.map((v) => ({
      path: `${place}${v.instancePath.replaceAll("/", ".")}${extraKey(v.params)}`,
      message: v.message ?? "is not valid",
    }));
    return { status: 400, detail: issues.map((i) => `${i.path} ${i.message}`).join("; "), issues };
  }
  const status = error.statusCode ?? 500;
  if (status >= 400 && status < 500) return { status, detail: error.message };
  return error.code === "STORE_UNAVAILABLE"
    ? { status: 503, detail: "What is stored cannot be read or written right now.", retryAfterS: 5 }
    : { status: 500, detail: "Something went wrong here. It has been written down." };
}

function extraKey(params: Record<string, unknown>): string {
  const key = params["additionalProperty"];
  return typeof key === "string" ? `.${key.slice(0, 64)}` : "";
}

/** What is not even HTTP is answered on the bare socket, and the socket closed. */
export function answerBrokenRequest(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const status = error.code === "HPE_HEADER_OVERFLOW" ? 431 : error.code === "ERR_HTTP_REQUEST_TIMEOUT" ? 408 : 400;
  const problem = problemJson({ status });
  const body = JSON.stringify(problem);
  socket.end(
    `HTTP/1.1 ${status} ${problem.title}\r\ncontent-type: ${PROBLEM_TYPE}\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}

/** Clients send the header with every request, also with those that have nothing to say: an endpoint that needs a body asks for it itself. */
function acceptEmptyBodies(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser("error", "error");
  app.removeContentTypeParser("application/json");
  app.addContentTypeParser("application/json", { parseAs: "string" }, (request, body, done) => {
    if (body.length === 0) done(null, undefined);
    else void parse(request, body as string, done);
  });
  app.addContentTypeParser("application/x-www-form-urlencoded", { parseAs: "string" }, (_request, body, done) => {
    if (body.length === 0)
      done(null, undefined); // curl -X POST -d ''
    else done(new errorCodes.FST_ERR_CTP_INVALID_MEDIA_TYPE("application/x-www-form-urlencoded"));
  });
}
