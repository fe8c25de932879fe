import { Readable } from "node:stream";
import type { FastifyInstance } from "fastify";
import { z } from "zod";
import type { Reading } from "../../core/domain/reading.ts";
import type { ApiContext } from "../context.ts";
import { readingsCsv } from "../csv.ts";
import { addEndpoint } from "../endpoint.ts";
import { sendProblem } from "../problem.ts";
import { filterOf, Period, periodOf, unknown } from "../reading-queries.ts";
import { IdSchema, QuantitySchema } from "../schemas.ts";
import { readableDevices } from "../views.ts";
import type { Visibility } from "../visibility.ts";

const EXPORTS_MAX = 4; // at once: each goes through the store from end to end
const STALL_MS = 300_000; // a client that takes nothing for so long gives its place to others
const STALL_LOOK_MS = 1000;

export function exportRoutes(app: FastifyInstance, api: ApiContext): void {
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
      const client: Client = { waitsSinceMs: null };
      const stream = Readable.from(handedTo(client, csv, api.nowMs), { objectMode: false, highWaterMark: 131_072 });
      exporting += 1;
      const look = setInterval(() => {
        if (client.waitsSinceMs === null || api.nowMs() - client.waitsSinceMs < STALL_MS) return;
        api.metrics.count("azemichi_web_exports_stalled_total");
        stream.destroy(new Error(`the client took nothing for ${STALL_MS / 1000} s`));
      }, STALL_LOOK_MS);
      stream.once("close", () => {
        clearInterval(look);
        exporting -= 1;
      });
      stream.once("error", (error) => api.log.warn("export broken off", { error }));
      const name = ["azemichi", site.id, query.device ?? query.plot ?? "readings", api.zone().localText(api.nowMs()).slice(0, 10)].join("_");
      return reply.type("text/csv; charset=utf-8").header("content-disposition", `attachment; filename="${name}.csv"`).send(stream);
    },
  });
}

interface Client {
  waitsSinceMs: number | null; // since when a piece lies ready for it; null: it waits for us
}

async function* handedTo(client: Client, pieces: AsyncIterable<string>, nowMs: () => number): AsyncGenerator<string, void, undefined> {
  for await (const piece of pieces) {
    client.waitsSinceMs = nowMs();
    yield piece;
    client.waitsSinceMs = null;
  }
}

async function* visible(rows: AsyncIterable<Reading>, visibility: Visibility): AsyncGenerator<Reading, void, undefined> {
  for await (const reading of rows) if (visibility.everything || visibility.seesReading(reading)) yield reading;
}
