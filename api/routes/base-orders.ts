import type { FastifyInstance } from "fastify";
import { z } from "zod";
import type { StaffOrder, StaffOrderKind } from "../../core/domain/staff-order.ts";
import type { ApiContext } from "../context.ts";
import { OrderSchema, OrdersSchema } from "../correction-schemas.ts";
import { addEndpoint } from "../endpoint.ts";
import { sendProblem } from "../problem.ts";
import { IdSchema } from "../schemas.ts";
import type { Viewer } from "../visibility.ts";

const Reason = z.strictObject({ reason: z.string().max(200).optional() }).nullish();

/** Of one base; who ordered it and when is kept. */
const ONE_BASE: readonly { readonly kind: Exclude<StaffOrderKind, "recheck">; readonly summary: string }[] = [
  { kind: "confirm", summary: "Somebody has looked: lifts a stop of the guard. The base is relayed again when its next position agrees" },
  { kind: "stop", summary: "Stops a base: real mounts close, virtual ones change to another base" },
  { kind: "start", summary: "Ends a stop by staff. A stop of the guard stays until it is confirmed" },
];

/** What staff order. It is written into the catalog; the relay acts on it within 2 s, also after a restart. */
export function baseOrderRoutes(app: FastifyInstance, api: ApiContext): void {
  for (const { kind, summary } of ONE_BASE) {
    addEndpoint(app, api, {
      method: "POST",
      url: `/bases/:id/${kind}`,
      summary,
      access: "staff",
      params: z.strictObject({ id: IdSchema }),
      body: Reason,
      ok: { description: "the order", schema: OrderSchema },
      handle: ({ params, body, viewer }, reply) => {
        if (!api.catalog.current().bases.some((b) => b.id === params.id)) return sendProblem(reply, { status: 404, detail: "There is no such base." });
        return order(api, viewer, { kind, baseId: params.id, reason: body?.reason });
      },
    });
  }
  addEndpoint(app, api, {
    method: "POST",
    url: "/bases/recheck",
    summary: "全基準局を再確認: after an earthquake. No base serves NEAR or FIELD until it has passed its check again",
    access: "staff",
    body: Reason,
    ok: { description: "the order", schema: OrderSchema },
    handle: ({ body, viewer }) => order(api, viewer, { kind: "recheck", baseId: null, reason: body?.reason }),
  });
  addEndpoint(app, api, {
    method: "GET",
    url: "/bases/orders",
    summary: "What staff ordered, who and when",
    access: "staff",
    query: z.strictObject({ base: IdSchema.optional(), max: z.int().min(1).max(1000).default(100) }),
    ok: { description: "orders", schema: OrdersSchema },
    handle: ({ query }) => ({ orders: api.orders.list({ baseId: query.base ?? null, max: query.max }) }),
  });
}

function order(api: ApiContext, viewer: Viewer, what: { kind: StaffOrderKind; baseId: string | null; reason: string | undefined }): StaffOrder {
  const username = viewer.kind === "user" ? viewer.user.username : "";
  const given = api.orders.add({ kind: what.kind, baseId: what.baseId, username, reason: what.reason?.trim() || null, atMs: api.nowMs() });
  api.log.info("order of staff", { kind: given.kind, base: given.baseId, username });
  api.metrics.count("azemichi_web_orders_total", { kind: given.kind });
  return given;
}
