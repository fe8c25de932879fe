import type { FastifyInstance } from "fastify";
import { z } from "zod";
import type { ApiContext } from "../context.ts";
import { OutcomeSchema, UplinkDetailSchema, UplinkPageSchema, UplinkSummarySchema } from "../device-schemas.ts";
import { addEndpoint } from "../endpoint.ts";
import { sendProblem } from "../problem.ts";
import { Period, periodOf } from "../reading-queries.ts";
import { IdSchema, InstantSchema } from "../schemas.ts";

const DAY_MS = 86_400_000;

/** Every uplink that was acknowledged can be found again: as a reading, a duplicate, or a rejected or quarantined message with its reason. */
export function uplinkRoutes(app: FastifyInstance, api: ApiContext): void {
  addEndpoint(app, api, {
    method: "GET",
    url: "/uplinks",
    summary: "What came in and where it ended up, newest first",
    access: "operator",
    query: z.strictObject({
      outcome: OutcomeSchema.optional(),
      reason: z.string().max(500).optional(),
      device: z.string().min(1).max(128).optional().describe("our id, or the name that came"),
      source: IdSchema.optional().describe("network id, or direct"),
      ...Period,
      before: z.int().min(1).optional().describe("number of an uplink: those that came before it"),
      max: z.int().min(1).max(1000).default(100),
    }),
    ok: { description: "uplinks; the period is that of receipt", schema: UplinkPageSchema },
    handle: async ({ query }, reply) => {
      const period = periodOf(api, query);
      if ("detail" in period) return sendProblem(reply, { status: 400, detail: period.detail });
      const { outcome, reason, device, source, before, max } = query;
      return api.uplinks.list({
        ...period,
        max,
        ...(outcome === undefined ? {} : { outcome }),
        ...(reason === undefined ? {} : { reason }),
        ...(device === undefined ? {} : { device }),
        ...(source === undefined ? {} : { source }),
        ...(before === undefined ? {} : { beforeSeq: before }),
      });
    },
  });
  addEndpoint(app, api, {
    method: "GET",
    url: "/uplinks/summary",
    summary: "How many of each source, outcome and reason; without `from`, of the last day",
    access: "operator",
    query: z.strictObject({ from: InstantSchema.optional() }),
    ok: { description: "counts, the most frequent first", schema: UplinkSummarySchema },
    handle: async ({ query }, reply) => {
      const period = periodOf(api, query);
      if ("detail" in period) return sendProblem(reply, { status: 400, detail: period.detail });
      return api.uplinks.summary(period.fromMs ?? api.nowMs() - DAY_MS);
    },
  });
  addEndpoint(app, api, {
    method: "GET",
    url: "/uplinks/:seq",
    summary: "One uplink: as it came, where it ended up, and what it gave",
    access: "operator",
    params: z.strictObject({ seq: z.int().min(1).max(Number.MAX_SAFE_INTEGER) }),
    ok: { description: "the uplink", schema: UplinkDetailSchema },
    handle: async ({ params }, reply) =>
      (await api.uplinks.one(params.seq)) ?? sendProblem(reply, { status: 404, detail: "There is no such uplink, or it is older than what is kept." }),
  });
}
