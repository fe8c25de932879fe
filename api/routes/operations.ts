import type { FastifyInstance } from "fastify";
import { renderPrometheus } from "../../core/runtime/metrics.ts";
import { fromThisMachine } from "../caller.ts";
import type { ApiContext } from "../context.ts";
import { sendProblem } from "../problem.ts";
import { allows } from "../visibility.ts";

/** For machines that watch over this one; no prefix, no log-in from this machine. */
export function operationRoutes(app: FastifyInstance, api: ApiContext): void {
  app.get("/livez", (_request, reply) => reply.header("cache-control", "no-store").send({ status: "alive" }));

  app.get("/readyz", async (_request, reply) => {
    const { canJournal, store, degraded } = await api.readiness();
    const status = canJournal ? "ready" : "unavailable";
    return reply
      .code(canJournal ? 200 : 503)
      .header("cache-control", "no-store")
      .send({ status, store, degraded });
  });

  app.get("/metrics", (request, reply) => {
    if (!fromThisMachine(request, api.settings.trustProxy) && !allows("operator", request.viewer)) {
      return sendProblem(reply, request.viewer.kind === "user" ? { status: 403, detail: "For staff." } : { status: 401, detail: "Log in first." });
    }
    api.metrics.gauge("azemichi_web_sessions", api.sessions.count());
    const text = renderPrometheus(new Map([...api.roleMetrics(), ["web", api.metrics.samples()]]));
    return reply.type("text/plain; version=0.0.4; charset=utf-8").header("cache-control", "no-store").send(text);
  });
}
