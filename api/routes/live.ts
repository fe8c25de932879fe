import type { FastifyInstance } from "fastify";
import { z } from "zod";
import type { SnapshotJson } from "../../core/domain/api.ts";
import { readingToJson } from "../../core/domain/reading.ts";
import { viewerOf } from "../caller.ts";
import type { ApiContext } from "../context.ts";
import { addEndpoint } from "../endpoint.ts";
import { sendProblem } from "../problem.ts";
import { SnapshotSchema } from "../schemas.ts";
import { API_HEADERS } from "../security-headers.ts";
import { basesView, devicesView, gatewaysView, latestReadings, plotsView, roversView } from "../views.ts";
import type { Viewer } from "../visibility.ts";
import { allows, visibilityOf } from "../visibility.ts";

const Since = z.strictObject({
  since: z
    .string()
    .regex(/^\d{1,16}$/)
    .describe("id of the last snapshot or event seen")
    .optional(),
});

export function liveRoutes(app: FastifyInstance, api: ApiContext): void {
  addEndpoint(app, api, {
    method: "GET",
    url: "/snapshot",
    summary: "The newest state of everything the caller may see; 304 when nothing happened since",
    access: "reader",
    query: Since,
    ok: { description: "everything, as of event `id`", schema: SnapshotSchema },
    handle: async ({ query, viewer, visibility, request }, reply) => {
      const id = String(api.feed.lastId); // taken first: what happens while we read comes again as an event
      const etag = `W/"${id}.${ownerOf(viewer)}"`;
      reply.header("etag", etag).header("cache-control", "private, no-cache");
      if (query.since === id || request.headers["if-none-match"] === etag) return reply.code(304).send();
      const readings = await latestReadings(api, visibility, {});
      const snapshot: SnapshotJson = {
        id,
        at: new Date(api.nowMs()).toISOString(),
        plots: plotsView(api, visibility, null),
        devices: devicesView(api, visibility, readings),
        bases: basesView(api, visibility),
        rovers: roversView(api, visibility),
        gateways: gatewaysView(api, visibility),
        readings: readings.map(readingToJson),
      };
      return snapshot;
    },
  });

  addEndpoint(app, api, {
    method: "GET",
    url: "/events",
    summary: "What happens, as server-sent events; goes on after `Last-Event-ID`, or after `since` when the browser has none yet",
    access: "reader",
    query: Since,
    ok: { description: "hello, reading, device, base, rover, gateway, reset", type: "text/event-stream" },
    handle: ({ query, viewer, request }, reply) => {
      const owner = ownerOf(viewer);
      if (api.feed.full(owner)) {
        api.metrics.count("azemichi_web_live_refused_total");
        return sendProblem(reply, { status: 503, detail: "Too many open pages. This one goes on by asking every few seconds.", retryAfterS: 30 });
      }
      const last = request.headers["last-event-id"] ?? query.since;
      // an id that is no number of ours cannot be resumed: the feed answers it with a reset
      const since = last === undefined || last === "" ? null : /^\d{1,16}$/.test(String(last)) ? Number(last) : Number.NaN;
      reply.hijack();
      reply.raw.writeHead(200, {
        ...API_HEADERS,
        "content-type": "text/event-stream; charset=utf-8",
        "cache-control": "no-store, no-transform",
        "x-accel-buffering": "no", // nginx would hold the stream back
      });
      api.feed.attach(reply.raw, {
        owner,
        since,
        ask: () => {
          const viewer = viewerOf(request, api);
          return allows("reader", viewer) ? visibilityOf(viewer, api.catalog.current(), api.zone()) : undefined;
        },
      });
      return reply;
    },
  });
}

const ownerOf = (viewer: Viewer): string => (viewer.kind === "user" ? `user:${viewer.user.id}` : viewer.kind);
