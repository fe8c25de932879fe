import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { CodecIdSchema, type RedecodeJson, RedecodeSchema, RedecodesSchema, redecodeJson } from "../codec-schemas.ts";
import type { ApiContext } from "../context.ts";
import { addEndpoint } from "../endpoint.ts";
import { sendProblem } from "../problem.ts";
import { Period, periodOf } from "../reading-queries.ts";
import { NO_CODEC, nameOf } from "./codecs.ts";

const SHOWN = 100;
const OPEN_MAX = 20; // orders of one codec that have not ended
const ENDED: ReadonlySet<string> = new Set(["done", "cancelled", "failed"]);
const Params = z.strictObject({ id: CodecIdSchema });

/** Orders to read the uplinks of a codec's devices again from the raw journal. `field` carries them out beside its daily work. */
export function redecodeRoutes(app: FastifyInstance, api: ApiContext): void {
  addEndpoint(app, api, {
    method: "POST",
    url: "/codecs/:id/redecode",
    summary: "Reads the raw journal of the codec's devices again, by event time: readings, rollups and states are replaced",
    access: "staff",
    params: Params,
    query: z.strictObject(Period),
    body: z.strictObject({}).nullish(),
    ok: { status: 202, description: "the order; its progress is at the same address", schema: RedecodeSchema },
    handle: ({ params: { id }, query, viewer }, reply) => {
      if (api.codecs.find(id) === undefined) return sendProblem(reply, { status: 404, detail: NO_CODEC });
      const period = periodOf(api, query);
      if ("detail" in period) return sendProblem(reply, { status: 400, detail: period.detail });
      const { fromMs = null, toMs = null } = period;
      if (fromMs !== null && toMs !== null && fromMs >= toMs) return sendProblem(reply, { status: 400, detail: "from: must be before to." });
      const open = ordersOf(api, id).filter(({ state }) => !ENDED.has(state));
      if (open.length >= OPEN_MAX) return sendProblem(reply, { status: 409, detail: `${open.length} orders of this codec wait already; cancel one.` });
      const order = api.codecs.orderRedecode({
        atMs: api.nowMs(),
        what: { kind: "codec", codecId: id },
        fromMs,
        toMs,
        username: nameOf(viewer),
        reason: "codec",
      });
      api.catalog.refresh?.();
      api.log.info("re-decoding ordered", { order: order.id, codec: id, username: order.username });
      return redecodeJson(order, api.codecs.progress(order));
    },
  });
  addEndpoint(app, api, {
    method: "GET",
    url: "/codecs/:id/redecode",
    summary: "Orders of a codec, and how far they are",
    access: "operator",
    params: Params,
    ok: { description: "orders", schema: RedecodesSchema },
    handle: ({ params: { id } }, reply) => {
      const orders = ordersOf(api, id);
      if (orders.length === 0 && api.codecs.find(id) === undefined) return sendProblem(reply, { status: 404, detail: NO_CODEC });
      return { orders };
    },
  });
  addEndpoint(app, api, {
    method: "DELETE",
    url: "/codecs/:id/redecode/:order",
    summary: "Cancels an order: what it has not reached stays as it is",
    access: "staff",
    params: Params.extend({ order: z.coerce.number().int().min(1) }),
    ok: { description: "the order; it ends within 2 s", schema: RedecodeSchema },
    handle: ({ params: { id, order: number }, viewer }, reply) => {
      const order = api.codecs.redecodes(id, SHOWN).find((one) => one.id === number);
      if (order === undefined) return sendProblem(reply, { status: 404, detail: "There is no such order." });
      const progress = api.codecs.progress(order);
      if (ENDED.has(progress.state)) return sendProblem(reply, { status: 409, detail: `It has ended: ${progress.state}.` });
      const cancelled = api.codecs.cancelRedecode(order.id, api.nowMs()) ?? order;
      api.catalog.refresh?.();
      api.log.info("re-decoding cancelled", { order: order.id, codec: id, username: nameOf(viewer) });
      return redecodeJson(cancelled, api.codecs.progress(cancelled));
    },
  });
}

function ordersOf(api: ApiContext, codecId: string): RedecodeJson[] {
  return api.codecs.redecodes(codecId, SHOWN).map((order) => redecodeJson(order, api.codecs.progress(order)));
}
