import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { diagnose, type RoverDiagnosis } from "../../core/domain/rover-diagnosis.ts";
import type { Rover } from "../../core/domain/site.ts";
import type { ApiContext } from "../context.ts";
import { DiagnosisSchema } from "../correction-schemas.ts";
import { addEndpoint } from "../endpoint.ts";
import { sendProblem } from "../problem.ts";
import { IdSchema } from "../schemas.ts";
import { NO_ROVER } from "./history.ts";

const EVENTS_MS = 3_600_000;
const EVENTS_MAX = 50;

export function diagnosisRoutes(app: FastifyInstance, api: ApiContext): void {
  addEndpoint(app, api, {
    method: "GET",
    url: "/rovers/:id/diagnosis",
    summary: "What ails a rover, in one sentence: to staff and its owner",
    access: "reader",
    params: z.strictObject({ id: IdSchema }),
    ok: { description: "code, sentence in both languages, and the evidence", schema: DiagnosisSchema },
    handle: ({ params, visibility }, reply) => {
      const rover = api.catalog.current().rovers.find((r) => r.id === params.id);
      if (!rover || !visibility.seesRover(rover)) return sendProblem(reply, { status: 404, detail: NO_ROVER });
      return diagnosisOf(api, rover);
    },
  });
}

async function diagnosisOf(api: ApiContext, rover: Rover): Promise<RoverDiagnosis> {
  const nowMs = api.nowMs();
  const { bases, rovers } = api.catalog.current();
  const localText = (atMs: number): string => api.zone().localText(atMs);
  return diagnose({
    nowMs,
    rover,
    expired: rover.expiresOn !== null && localText(nowMs).slice(0, 10) > rover.expiresOn,
    state: api.feed.roverState(rover.id),
    bases: bases.map((base) => ({ base, health: api.feed.baseHealth(base.id) })),
    others: rovers.flatMap(({ id }) => (id === rover.id ? [] : (api.feed.roverState(id) ?? []))),
    refusal: api.refusals.of(rover.id),
    events: await recentEvents(api, rover.id, nowMs),
    localTime: (atMs) => (nowMs - atMs < 86_400_000 ? localText(atMs).slice(11, 16) : localText(atMs).slice(0, 16)),
  });
}

/** Without the store the rest of the evidence still speaks. */
async function recentEvents(api: ApiContext, id: string, nowMs: number): ReturnType<ApiContext["history"]["events"]> {
  try {
    return await api.history.events({ kind: "rover", id, fromMs: nowMs - EVENTS_MS, toMs: nowMs + EVENTS_MS, max: EVENTS_MAX });
  } catch (error) {
    api.log.warn("events of a rover cannot be read for its diagnosis", { error });
    return [];
  }
}
