import { Readable } from "node:stream";
import type { FastifyInstance } from "fastify";
import { z } from "zod";
import type { Reading } from "../../core/domain/reading.ts";
import { readingToJson } from "../../core/domain/reading.ts";
import type { ApiContext } from "../context.ts";
import { readingsCsv } from "../csv.ts";
import { addEndpoint } from "../endpoint.ts";
import { sendProblem } from "../problem.ts";
import { IdSchema, InstantSchema, QuantitySchema, ReadingSchema, SeriesSchema } from "../schemas.ts";
import { visibleSeries } from "../series.ts";
import { latestReadings, readableDevices } from "../views.ts";
import type { Visibility } from "../visibility.ts";

const EXPORTS_MAX = 4; // at once; each holds a reader of the database

const Period = { from: InstantSchema.optional(), to: InstantSchema.optional() };

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

  let exporting = 0;
  addEndpoint(app, api, {
    method: "GET",
    url: "/export/readings.csv",
    summary: "Readings of any period as CSV, one row each: UTF-8 with BOM, CRLF",
    access: "reader",
    query: z.strictObject({
      device: IdSchema.optional(),
      plot: IdSchema.optional(),
      quantity: QuantitySchema.optional(),
      ...Period,
      header: z.enum(["machine", "ja"]).default("machine"),
    }),
    ok: { description: "CSV", type: "text/csv; charset=utf-8" },
    handle: ({ query, visibility }, reply) => {
      const missing = unknown(api, visibility, query);
      if (missing) return sendProblem(reply, { status: 404, detail: missing });
      const period = periodOf(api, query);
      if ("detail" in period) return sendProblem(reply, { status: 400, detail: period.detail });
      if (exporting >= EXPORTS_MAX) {
        api.metrics.count("azemichi_web_exports_refused_total");
        return sendProblem(reply, { status: 503, detail: "Several exports are running. Try again in a moment.", retryAfterS: 10 });
      }
      const { site, devices } = api.catalog.current();
      const names = new Map(devices.map((d) => [d.id, d.name]));
      const deviceIds = query.device === undefined && !visibility.everything ? readableDevices(api, visibility) : undefined;
      const rows = api.telemetry.rows({
        ...filterOf(query),
        ...(deviceIds ? { deviceIds } : {}),
        ...(query.quantity === undefined ? {} : { quantity: query.quantity }),
        ...period,
      });
      const csv = readingsCsv(visible(rows, visibility), { header: query.header, zone: api.zone(), deviceName: (id) => names.get(id) ?? "" });
      const stream = Readable.from(csv, { objectMode: false, highWaterMark: 131_072 });
      exporting += 1;
      stream.once("close", () => {
        exporting -= 1;
      });
      stream.once("error", (error) => api.log.warn("export broken off", { error }));
      const name = ["azemichi", site.id, query.device ?? query.plot ?? "readings", api.zone().localText(api.nowMs()).slice(0, 10)].join("_");
      return reply.type("text/csv; charset=utf-8").header("content-disposition", `attachment; filename="${name}.csv"`).send(stream);
    },
  });
}

const NO_DEVICE = "There is no such device, or you may not see it.";
const NO_PLOT = "There is no such plot, or you may not see it.";

/** What is not there and what one may not see are answered alike. */
function unknown(api: ApiContext, visibility: Visibility, query: { device?: string | undefined; plot?: string | undefined }): string | undefined {
  const { devices, plots } = api.catalog.current();
  if (query.device !== undefined) {
    const device = devices.find((d) => d.id === query.device);
    if (!device || visibility.deviceWindows(device).length === 0) return NO_DEVICE;
  }
  if (query.plot === undefined) return undefined;
  const known = plots.some((p) => p.id === query.plot) && visibility.everHeld(query.plot);
  return known ? undefined : NO_PLOT;
}

function filterOf(query: { device?: string | undefined; plot?: string | undefined }): { deviceIds?: readonly string[]; plotId?: string } {
  return { ...(query.device === undefined ? {} : { deviceIds: [query.device] }), ...(query.plot === undefined ? {} : { plotId: query.plot }) };
}

function periodOf(
  api: ApiContext,
  query: { from?: string | undefined; to?: string | undefined },
): { readonly fromMs?: number; readonly toMs?: number } | { readonly detail: string } {
  const fromMs = query.from === undefined ? undefined : api.zone().instantMs(query.from.replace(/ (\d\d:?\d\d)$/, plusOffset));
  const toMs = query.to === undefined ? undefined : api.zone().instantMs(query.to.replace(/ (\d\d:?\d\d)$/, plusOffset));
  if (fromMs === null || toMs === null) return { detail: `${fromMs === null ? "from" : "to"}: no such day or time.` };
  return { ...(fromMs === undefined ? {} : { fromMs }), ...(toMs === undefined ? {} : { toMs }) };
}

/** `…T06:00:00 09:00` was `+09:00`; `2026-06-01 06:00` is a time of day and stays. */
function plusOffset(match: string, offset: string, at: number): string {
  return at > 10 ? `+${offset}` : match;
}

async function* visible(rows: AsyncIterable<Reading>, visibility: Visibility): AsyncGenerator<Reading, void, undefined> {
  for await (const reading of rows) if (visibility.everything || visibility.seesReading(reading)) yield reading;
}
