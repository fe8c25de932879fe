import type { FastifyInstance } from "fastify";
import { z } from "zod";
import type { RedecodeOrder } from "../../core/domain/codec.ts";
import { CodecIdSchema, type RedecodeJson, RedecodeSchema, RedecodesSchema, redecodeJson } from "../codec-schemas.ts";
import type { ApiContext } from "../context.ts";
import { addEndpoint } from "../endpoint.ts";
import { sendProblem } from "../problem.ts";
import { NO_DEVICE, Period, periodOf } from "../reading-queries.ts";
import { IdSchema } from "../schemas.ts";
import { ENDED, isOfDevice } from "../zeros.ts";
import { NO_CODEC } from "./codecs.ts";
import { nameOf } from "./entries.ts";

const SHOWN = 100;
const OPEN_MAX = 20; // orders of one codec or device that have not ended

/** Whose uplinks are read again. */
interface Subject {
  readonly noun: "codec" | "device";
  readonly id: z.ZodType<string>;
  readonly summary: { readonly order: string; readonly list: string };
  readonly reason: string;
  readonly unknown: string;
  what(id: string): RedecodeOrder["what"];
  isKnown(api: ApiContext, id: string): boolean;
  /** Newest first. */
  orders(api: ApiContext, id: string): readonly RedecodeOrder[];
}

const CODEC: Subject = {
  noun: "codec",
  id: CodecIdSchema,
  summary: {
    order: "Reads the raw journal of the codec's devices again, by event time: readings, rollups and states are replaced",
    list: "Orders of a codec, and how far they are",
  },
  reason: "codec",
  unknown: NO_CODEC,
  what: (codecId) => ({ kind: "codec", codecId }),
  isKnown: (api, id) => api.codecs.find(id) !== undefined,
  orders: (api, id) => api.codecs.redecodes(id, SHOWN),
};

const DEVICE: Subject = {
  noun: "device",
  id: IdSchema,
  summary: {
    order: "Reads the device's uplinks again from the raw journal, by event time: readings, rollups and states are replaced",
    list: "Orders to read the device's uplinks again, those of its zeros too, and how far they are",
  },
  reason: "staff",
  unknown: NO_DEVICE,
  what: (deviceId) => ({ kind: "device", deviceId }),
  isKnown: (api, id) => api.catalog.current().devices.some((device) => device.id === id),
  orders: (api, id) =>
    api.catalog
      .current()
      .redecodes.filter((order) => isOfDevice(order, id))
      .toReversed(),
};

export const codecRedecodeRoutes = (app: FastifyInstance, api: ApiContext): void => redecodeRoutes(app, api, CODEC);
export const deviceRedecodeRoutes = (app: FastifyInstance, api: ApiContext): void => redecodeRoutes(app, api, DEVICE);

/** Orders to read uplinks again from the raw journal: of a mended codec's devices, or of one device. `field` carries them out beside its daily work. */
function redecodeRoutes(app: FastifyInstance, api: ApiContext, subject: Subject): void {
  const { noun, summary, unknown, reason } = subject;
  const params = z.strictObject({ id: subject.id });
  const url = `/${noun}s/:id/redecode`;
  const jsonOf = (order: RedecodeOrder): RedecodeJson => redecodeJson(order, api.codecs.progress(order));
  addEndpoint(app, api, {
    method: "POST",
    url,
    summary: summary.order,
    access: "staff",
    params,
    query: z.strictObject(Period),
    body: z.strictObject({}).nullish(),
    ok: { status: 202, description: "the order; its progress is at the same address", schema: RedecodeSchema },
    handle: ({ params: { id }, query, viewer }, reply) => {
      if (!subject.isKnown(api, id)) return sendProblem(reply, { status: 404, detail: unknown });
      const period = periodOf(api, query);
      if ("detail" in period) return sendProblem(reply, { status: 400, detail: period.detail });
      const { fromMs = null, toMs = null } = period;
      if (fromMs !== null && toMs !== null && fromMs >= toMs) return sendProblem(reply, { status: 400, detail: "from: must be before to." });
      const open = subject.orders(api, id).filter((order) => !ENDED.has(jsonOf(order).state));
      if (open.length >= OPEN_MAX) return sendProblem(reply, { status: 409, detail: `${open.length} orders of this ${noun} wait already; cancel one.` });
      const order = api.codecs.orderRedecode({ atMs: api.nowMs(), what: subject.what(id), fromMs, toMs, username: nameOf(viewer), reason });
      api.catalog.refresh?.();
      api.log.info("re-decoding ordered", { order: order.id, [noun]: id, username: order.username });
      return jsonOf(order);
    },
  });
  addEndpoint(app, api, {
    method: "GET",
    url,
    summary: summary.list,
    access: "operator",
    params,
    ok: { description: "orders", schema: RedecodesSchema },
    handle: ({ params: { id } }, reply) => {
      const orders = subject.orders(api, id);
      if (orders.length === 0 && !subject.isKnown(api, id)) return sendProblem(reply, { status: 404, detail: unknown });
      return { orders: orders.map(jsonOf) };
    },
  });
  addEndpoint(app, api, {
    method: "DELETE",
    url: `${url}/:order`,
    summary: "Cancels an order: what it has not reached stays as it is",
    access: "staff",
    params: params.extend({ order: z.int().min(1) }),
    ok: { description: "the order; it ends within 2 s", schema: RedecodeSchema },
    handle: ({ params: { id, order: number }, viewer }, reply) => {
      const order = subject.orders(api, id).find((one) => one.id === number);
      if (order === undefined) return sendProblem(reply, { status: 404, detail: "There is no such order." });
      const { state } = jsonOf(order);
      if (ENDED.has(state)) return sendProblem(reply, { status: 409, detail: `It has ended: ${state}.` });
      const cancelled = api.codecs.cancelRedecode(order.id, api.nowMs()) ?? order;
      api.catalog.refresh?.();
      api.log.info("re-decoding cancelled", { order: order.id, [noun]: id, username: nameOf(viewer) });
      return jsonOf(cancelled);
    },
  });
}
