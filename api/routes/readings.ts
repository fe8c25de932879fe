import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { readingToJson } from "../../core/domain/reading.ts";
import type { ApiContext } from "../context.ts";
import { addEndpoint } from "../endpoint.ts";
import { sendProblem } from "../problem.ts";
import { filterOf, NO_DEVICE, Period, periodOf, unknown } from "../reading-queries.ts";
import { IdSchema, QuantitySchema, ReadingSchema, SeriesSchema } from "../schemas.ts";
import { visibleSeries } from "../series.ts";
import { latestReadings } from "../views.ts";

export function readingRoutes(app: FastifyInstance, api: ApiContext): void {
  addEndpoint(app, api, {
    method: "GET",
    url: "/readings/latest",
    summary: "The newest reading per device, quantity and depth, whatever its flag",
    access: "reader",
    query: z.strictObject({ plot: IdSchema.optional(), device: IdSchema.optional() }),
    ok: { description: "readings", schema: z.strictObject({ readings: z.array(ReadingSchema) }) },
    handle: async ({ query, visibility }, reply) => {
      const missing = unknown(api, visibility, query);
      if (missing) return sendProblem(reply, { status: 404, detail: missing });
      const readings = await latestReadings(api, visibility, filterOf(query));
      return { readings: readings.map(readingToJson) };
    },
  });

  addEndpoint(app, api, {
    method: "GET",
    url: "/series",
    summary: "A chart's worth of one quantity; flags 4 and 9 left out, gaps as empty buckets",
    access: "reader",
    query: z.strictObject({
      device: IdSchema,
      quantity: QuantitySchema,
      depthCm: z.number().min(0).max(1000).optional(),
      ...Period,
      max: z.int().min(1).max(5000).default(800).describe("buckets at most"),
    }),
    ok: { description: "buckets [tMs, n, min, mean, max]", schema: SeriesSchema },
    handle: async ({ query, visibility }, reply) => {
      const device = api.catalog.current().devices.find((d) => d.id === query.device);
      const windows = device ? visibility.deviceWindows(device) : [];
      if (!device || windows.length === 0) return sendProblem(reply, { status: 404, detail: NO_DEVICE });
      const period = periodOf(api, query);
      if ("detail" in period) return sendProblem(reply, { status: 400, detail: period.detail });
      return visibleSeries(api.telemetry, windows, {
        deviceId: device.id,
        quantity: query.quantity,
        ...(query.depthCm === undefined ? {} : { depthCm: query.depthCm }),
        ...period,
        max: query.max,
      });
    },
  });
}
