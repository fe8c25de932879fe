import type { FastifyInstance } from "fastify";
import { z } from "zod";
import type { RedecodeOrder } from "../../core/domain/codec.ts";
import { type RedecodeJson, RedecodeSchema, RedecodesSchema, redecodeJson } from "../codec-schemas.ts";
import type { ApiContext } from "../context.ts";
import { addEndpoint } from "../endpoint.ts";
import { sendProblem } from "../problem.ts";
import { NO_DEVICE, Period, periodOf } from "../reading-queries.ts";
import { IdSchema } from "../schemas.ts";
import { ENDED, isOfDevice } from "../zeros.ts";
import { nameOf } from "./entries.ts";

const OPEN_MAX = 20; // orders of one device that have not ended
const Params = z.strictObject({ id: IdSchema });

/** Orders to read a device's uplinks again from the raw journal: after its profile, channels or placements were put right, and for each zero. */
export function deviceRedecodeRoutes(app: FastifyInstance, api: ApiContext): void {
  const isKnown = (id: string): boolean => api.catalog.current().devices.some((device) => device.id === id);
  addEndpoint(app, api, {
    method: "POST",
    url: "/devices/:id/redecode",
    summary: "Reads the device's uplinks again from the raw journal, by event time: readings, rollups and states are replaced",
    access: "staff",
    params: Params,
    query: z.strictObject(Period),
    body: z.strictObject({}).nullish(),
    ok: { status: 202, description: "the order; its progress is at the same address", schema: RedecodeSchema },
    handle: ({ params: { id }, query, viewer }, reply) => {
      if (!isKnown(id)) return sendProblem(reply, { status: 404, detail: NO_DEVICE });
      const period = periodOf(api, query);
      if ("detail" in period) return sendProblem(reply, { status: 400, detail: period.detail });
      const { fromMs = null, toMs = null } = period;
      if (fromMs !== null && toMs !== null && fromMs >= toMs) return sendProblem(reply, { status: 400, detail: "from: must be before to." });
      const open = ordersOf(api, id).filter(({ state }) => !ENDED.has(state));
      if (open.length >= OPEN_MAX) return sendProblem(reply, { status: 409, detail: `${open.length} orders of this device wait already; cancel one.` });
      const order = api.codecs.orderRedecode({
        atMs: api.nowMs(),
        what: { kind: "device", deviceId: id },
        fromMs,
        toMs,
        username: nameOf(viewer),
        reason: "staff",
      });
      api.catalog.refresh?.();
      api.log.info("re-decoding ordered", { order: order.id, device: id, username: order.username });
      return jsonOf(api, order);
    },
  });
  addEndpoint(app, api, {
    method: "GET",
    url: "/devices/:id/redecode",
    summary: "Orders to read the device's uplinks again, those of its zeros too, and how far they are",
    access: "operator",
    params: Params,
    ok: { description: "orders", schema: RedecodesSchema },
    handle: ({ params: { id } }, reply) => (isKnown(id) ? { orders: ordersOf(api, id) } : sendProblem(reply, { status: 404, detail: NO_DEVICE })),
  });
  addEndpoint(app, api, {
    method: "DELETE",
    url: "/devices/:id/redecode/:order",
    summary: "Cancels an order: what it has not reached stays as it is",
    access: "staff",
    params: Params.extend({ order: z.int().min(1) }),
    ok: { description: "the order; it ends within 2 s", schema: RedecodeSchema },
    handle: ({ params: { id, order: number }, viewer }, reply) => {
      const order = api.catalog.current().redecodes.find((one) => one.id === number && isOfDevice(one, id));
      if (order === undefined) return sendProblem(reply, { status: 404, detail: "There is no such order." });
      const { state } = api.codecs.progress(order);
      if (ENDED.has(state)) return sendProblem(reply, { status: 409, detail: `It has ended: ${state}.` });
      const cancelled = api.codecs.cancelRedecode(order.id, api.nowMs()) ?? order;
      api.catalog.refresh?.();
      api.log.info("re-decoding cancelled", { order: order.id, device: id, username: nameOf(viewer) });
      return jsonOf(api, cancelled);
    },
  });
}

const jsonOf = (api: ApiContext, order: RedecodeOrder): RedecodeJson => redecodeJson(order, api.codecs.progress(order));

/** Newest first. */
function ordersOf(api: ApiContext, deviceId: string): RedecodeJson[] {
  return api.catalog
    .current()
    .redecodes.filter((order) => isOfDevice(order, deviceId))
    .toReversed()
    .map((order) => jsonOf(api, order));
}
