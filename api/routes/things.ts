import type { FastifyInstance } from "fastify";
import { z } from "zod";
import type { ApiContext } from "../context.ts";
import { addEndpoint } from "../endpoint.ts";
import { sendProblem } from "../problem.ts";
import { BaseHealthSchema, BaseSchema, DeviceSchema, GatewaySchema, IdSchema, LedgerSchema, PlotsSchema, RoverSchema } from "../schemas.ts";
import type { Box } from "../views.ts";
import { basesView, devicesView, gatewaysView, latestReadings, plotsView, roversView } from "../views.ts";

const BoxQuery = z.strictObject({
  bbox: z
    .string()
    .regex(/^-?\d{1,3}(\.\d{1,12})?(,-?\d{1,3}(\.\d{1,12})?){3}$/)
    .describe("minLon,minLat,maxLon,maxLat in degrees (RFC 7946 §5)")
    .optional(),
});

/** plots, devices, gateways, bases, rovers, and the ledger. */
export function thingRoutes(app: FastifyInstance, api: ApiContext): void {
  addEndpoint(app, api, {
    method: "GET",
    url: "/plots",
    summary: "The plots that the caller may see now",
    access: "reader",
    query: BoxQuery,
    ok: { description: "GeoJSON", schema: PlotsSchema },
    handle: ({ query, visibility }, reply) => {
      const box = query.bbox === undefined ? null : boxOf(query.bbox);
      if (box === undefined) return sendProblem(reply, { status: 400, detail: "bbox: minLon,minLat,maxLon,maxLat, the smaller first." });
      return plotsView(api, visibility, box);
    },
  });
  addEndpoint(app, api, {
    method: "GET",
    url: "/devices",
    summary: "Sensors, with the plot where they stand now",
    access: "reader",
    ok: { description: "devices", schema: z.array(DeviceSchema) },
    handle: async ({ visibility }) => devicesView(api, visibility, await latestReadings(api, visibility, {})),
  });
  addEndpoint(app, api, {
    method: "GET",
    url: "/gateways",
    summary: "Radio gateways",
    access: "reader",
    ok: { description: "gateways", schema: z.array(GatewaySchema) },
    handle: ({ visibility }) => gatewaysView(api, visibility),
  });
  correctionRoutes(app, api);
}

function correctionRoutes(app: FastifyInstance, api: ApiContext): void {
  addEndpoint(app, api, {
    method: "GET",
    url: "/bases",
    summary: "RTK base stations with their health",
    access: "reader",
    ok: { description: "bases", schema: z.array(BaseSchema) },
    handle: ({ visibility }) => basesView(api, visibility),
  });
  addEndpoint(app, api, {
    method: "GET",
    url: "/bases/:id/health",
    summary: "What the relay says about a base; null as long as it has said nothing",
    access: "reader",
    params: z.strictObject({ id: IdSchema }),
    ok: { description: "health, or null", schema: BaseHealthSchema.nullable() },
    handle: ({ params }, reply) => {
      if (!api.catalog.current().bases.some((b) => b.id === params.id)) return sendProblem(reply, { status: 404, detail: "There is no such base." });
      // as text: fastify would send nothing at all for null
      return reply.type("application/json; charset=utf-8").send(JSON.stringify(api.feed.baseHealth(params.id)));
    },
  });
  addEndpoint(app, api, {
    method: "GET",
    url: "/rovers",
    summary: "Rovers with their state; a farmer's own",
    access: "reader",
    ok: { description: "rovers", schema: z.array(RoverSchema) },
    handle: ({ visibility }) => roversView(api, visibility),
  });
  addEndpoint(app, api, {
    method: "GET",
    url: "/ledger",
    summary: "Where every uplink ended up",
    access: "operator",
    ok: { description: "received = stored + duplicate + rejected + quarantined + pending", schema: LedgerSchema },
    handle: () => api.ledger(),
  });
}

function boxOf(text: string): Box | undefined {
  const [minLon = 0, minLat = 0, maxLon = 0, maxLat = 0] = text.split(",").map(Number);
  return minLon <= maxLon && minLat <= maxLat ? { minLon, minLat, maxLon, maxLat } : undefined;
}
