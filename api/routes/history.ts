import type { FastifyInstance, FastifyReply } from "fastify";
import { z } from "zod";
import type { ApiContext, HistoryPeriod } from "../context.ts";
import { BaseHistorySchema, EventsSchema, PlotSharesSchema, TrackSchema } from "../correction-schemas.ts";
import { addEndpoint } from "../endpoint.ts";
import { sendProblem } from "../problem.ts";
import { Period, periodOf } from "../reading-queries.ts";
import { IdSchema } from "../schemas.ts";
import { trackGeoJson } from "../track-geojson.ts";
import type { Visibility } from "../visibility.ts";

const Id = z.strictObject({ id: IdSchema });
const DAY_MS = 86_400_000;
const DAYS = { history: 31, track: 92, events: 400 };
const TRACK_POINTS_MAX = 100_000; // more than a day at 1 Hz

export const NO_BASE = "There is no such base.";
export const NO_ROVER = "There is no such rover, or you may not see it.";

/** What bases and rovers did, as the relay told it. Without `from` and `to`: the last day. */
export function historyRoutes(app: FastifyInstance, api: ApiContext): void {
  addEndpoint(app, api, {
    method: "GET",
    url: "/bases/:id/history",
    summary: "A base minute by minute, for 90 days; at most 31 days at once",
    access: "reader",
    params: Id,
    query: z.strictObject(Period),
    ok: { description: "minutes in order of time; one of which nothing is known is left out", schema: BaseHistorySchema },
    handle: async ({ params, query }, reply) => {
      if (!knownBase(api, params.id)) return sendProblem(reply, { status: 404, detail: NO_BASE });
      const period = lastDayOr(api, query, DAYS.history);
      if ("detail" in period) return sendProblem(reply, { status: 400, detail: period.detail });
      return { baseId: params.id, minutes: await api.history.minutes(params.id, period) };
    },
  });
  addEndpoint(app, api, {
    method: "GET",
    url: "/bases/:id/events",
    summary: "What changed at a base, for 400 days",
    access: "reader",
    params: Id,
    query: z.strictObject({ ...Period, max: z.int().min(1).max(5000).default(500) }),
    ok: { description: "events", schema: EventsSchema },
    handle: async ({ params, query, visibility }, reply) => {
      if (!knownBase(api, params.id)) return sendProblem(reply, { status: 404, detail: NO_BASE });
      const period = lastDayOr(api, query, DAYS.events);
      if ("detail" in period) return sendProblem(reply, { status: 400, detail: period.detail });
      const events = await api.history.events({ kind: "base", id: params.id, ...period, max: query.max });
      // of a rover beside: its owner's business
      return { events: events.filter((e) => e.roverId === null || seesRover(api, visibility, e.roverId)) };
    },
  });
  roverHistory(app, api);
}

function roverHistory(app: FastifyInstance, api: ApiContext): void {
  addEndpoint(app, api, {
    method: "GET",
    url: "/rovers/:id/track",
    summary: "Where a rover was and how it was served, for 90 days: to staff and its owner",
    access: "reader",
    params: Id,
    query: z.strictObject({
      ...Period,
      max: z.int().min(1).max(TRACK_POINTS_MAX).default(TRACK_POINTS_MAX),
      format: z.enum(["rows", "geojson"]).default("rows"),
    }),
    ok: { description: "points by its own GGA, each once", schema: TrackSchema },
    handle: async ({ params, query, visibility }, reply) => {
      const period = roverPeriod(api, reply, { id: params.id, visibility, query, days: DAYS.track });
      if (period === null) return reply;
      const points = await api.history.track(params.id, period, query.max);
      const last = points.at(-1);
      const next = points.length === query.max && last ? new Date(Date.parse(last.at) + 1).toISOString() : null;
      if (query.format === "geojson") return reply.type("application/geo+json; charset=utf-8").send(JSON.stringify(trackGeoJson(params.id, points, next)));
      return { roverId: params.id, points, next };
    },
  });
  addEndpoint(app, api, {
    method: "GET",
    url: "/rovers/:id/events",
    summary: "Switches of base, stops and alarms of a rover: to staff and its owner",
    access: "reader",
    params: Id,
    query: z.strictObject({ ...Period, max: z.int().min(1).max(5000).default(500) }),
    ok: { description: "events", schema: EventsSchema },
    handle: async ({ params, query, visibility }, reply) => {
      const period = roverPeriod(api, reply, { id: params.id, visibility, query, days: DAYS.events });
      return period === null ? reply : { events: await api.history.events({ kind: "rover", id: params.id, ...period, max: query.max }) };
    },
  });
  addEndpoint(app, api, {
    method: "GET",
    url: "/rovers/:id/plots",
    summary: "Share of FIX per plot, with the bases used: to staff and the rover's owner",
    access: "reader",
    params: Id,
    query: z.strictObject(Period),
    ok: { description: "longest first", schema: PlotSharesSchema },
    handle: async ({ params, query, visibility }, reply) => {
      const period = roverPeriod(api, reply, { id: params.id, visibility, query, days: DAYS.track });
      return period === null ? reply : { roverId: params.id, plots: await api.history.plotShares(params.id, period) };
    },
  });
}

const knownBase = (api: ApiContext, id: string): boolean => api.catalog.current().bases.some((b) => b.id === id);

export function seesRover(api: ApiContext, visibility: Visibility, roverId: string): boolean {
  const rover = api.catalog.current().rovers.find((r) => r.id === roverId);
  return rover !== undefined && visibility.seesRover(rover);
}

interface PeriodQuery {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

/** null: the problem has been sent. */
function roverPeriod(
  api: ApiContext,
  reply: FastifyReply,
  ask: { readonly id: string; readonly visibility: Visibility; readonly query: PeriodQuery; readonly days: number },
): HistoryPeriod | null {
  if (!seesRover(api, ask.visibility, ask.id)) {
    sendProblem(reply, { status: 404, detail: NO_ROVER });
    return null;
  }
  const period = lastDayOr(api, ask.query, ask.days);
  if (!("detail" in period)) return period;
  sendProblem(reply, { status: 400, detail: period.detail });
  return null;
}

function lastDayOr(api: ApiContext, query: PeriodQuery, daysMax: number): HistoryPeriod | { readonly detail: string } {
  const asked = periodOf(api, query);
  if ("detail" in asked) return asked;
  const toMs = asked.toMs ?? (asked.fromMs === undefined ? api.nowMs() + 1 : Math.min(api.nowMs() + 1, asked.fromMs + daysMax * DAY_MS));
  const fromMs = asked.fromMs ?? toMs - DAY_MS;
  if (toMs < fromMs && asked.toMs !== undefined) return { detail: "to lies before from." };
  return toMs - fromMs > daysMax * DAY_MS ? { detail: `at most ${daysMax} days at once.` } : { fromMs, toMs };
}
