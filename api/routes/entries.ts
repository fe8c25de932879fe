import type { FastifyInstance, FastifyReply } from "fastify";
import { z } from "zod";
import type { ApiContext } from "../context.ts";
import { EditedSchema, EntrySchema } from "../device-schemas.ts";
import { type Ask, addEndpoint } from "../endpoint.ts";
import type { EditRefusal, EntryKind } from "../entry-admin.ts";
import { type Problem, sendProblem } from "../problem.ts";
import { BaseSchema, DeviceSchema, GatewaySchema, IdSchema, PlotsSchema, RoverSchema } from "../schemas.ts";
import { basesView, devicesView, gatewaysView, latestReadings, plotsView, roversView } from "../views.ts";
import { type Access, allows, type Viewer, type Visibility } from "../visibility.ts";

/** A kind of the site file with addresses for its single entries. */
interface Kind {
  readonly kind: EntryKind;
  readonly noun: string;
  readonly edits: Access;
  /** Who may ask for one; the view says what they see of it. Null: nothing but the entry. */
  readonly reads: Access;
  readonly schema: z.ZodObject | null;
  readonly view: ((api: ApiContext, visibility: Visibility, id: string) => Promise<object | undefined> | object | undefined) | null;
}

const KINDS: readonly Kind[] = [
  {
    kind: "plots",
    noun: "plot",
    edits: "staff",
    reads: "reader",
    schema: PlotsSchema.shape.features.element,
    view: (api, visibility, id) => plotsView(api, visibility, null).features.find((plot) => plot.id === id),
  },
  {
    kind: "devices",
    noun: "device",
    edits: "staff",
    reads: "reader",
    schema: DeviceSchema,
    view: async (api, visibility, id) => {
      const known = api.catalog.current().devices.some((device) => device.id === id);
      return known ? devicesView(api, visibility, await latestReadings(api, visibility, { deviceIds: [id] })).find((device) => device.id === id) : undefined;
    },
  },
  {
    kind: "gateways",
    noun: "gateway",
    edits: "staff",
    reads: "reader",
    schema: GatewaySchema,
    view: (api, visibility, id) => gatewaysView(api, visibility).find((gateway) => gateway.id === id),
  },
  {
    kind: "bases",
    noun: "base",
    edits: "admin",
    reads: "reader",
    schema: BaseSchema,
    view: (api, visibility, id) => basesView(api, visibility).find((base) => base.id === id),
  },
  {
    kind: "rovers",
    noun: "rover",
    edits: "admin",
    reads: "reader",
    schema: RoverSchema,
    view: (api, visibility, id) => roversView(api, visibility).find((rover) => rover.id === id),
  },
  { kind: "networks", noun: "network", edits: "admin", reads: "staff", schema: null, view: null },
  { kind: "users", noun: "user", edits: "admin", reads: "admin", schema: null, view: null },
];

const Params = z.strictObject({ id: IdSchema });
const ADMIN_ENTRIES: Access = "siteReader"; // an entry holds what only those may see who may export the site

/** GET, PUT, PATCH and DELETE of single entries: bodies are those of the site file. */
export function entryRoutes(app: FastifyInstance, api: ApiContext): void {
  app.addContentTypeParser("application/merge-patch+json", { parseAs: "string" }, app.getDefaultJsonParser("error", "error"));
  for (const kind of KINDS) {
    addRead(app, api, kind);
    addChanges(app, api, kind);
  }
}

function addRead(app: FastifyInstance, api: ApiContext, { kind, noun, reads, schema, view }: Kind): void {
  addEndpoint(app, api, {
    method: "GET",
    url: `/${kind}/:id`,
    summary: `One ${noun}${view === null ? "" : "; for staff with its entry in the site file"}`,
    access: reads,
    params: Params,
    ok: { description: `the ${noun}`, schema: schema === null ? EntrySchema : z.looseObject({ ...schema.shape, entry: EntrySchema.optional() }) },
    handle: async ({ params: { id }, viewer, visibility }, reply) => {
      const seen = view === null ? {} : await view(api, visibility, id);
      const entry = seen === undefined || !allows(ADMIN_ENTRIES, viewer) ? undefined : api.entries.shown(kind, id);
      if (seen === undefined || (view === null && entry === undefined)) return sendProblem(reply, { status: 404, detail: `There is no such ${noun}.` });
      return view === null ? entry : { ...seen, ...(entry === undefined ? {} : { entry }) };
    },
  });
}

function addChanges(app: FastifyInstance, api: ApiContext, { kind, noun, edits }: Kind): void {
  const put = async (ask: Ask<typeof Params, z.ZodObject, z.ZodObject>, reply: FastifyReply, how: "put" | "patch"): Promise<FastifyReply> => {
    const common = { kind, id: ask.params.id, by: nameOf(ask.viewer), atMs: api.nowMs() };
    const result = await api.entries.edit(how === "put" ? { ...common, how, entry: ask.body } : { ...common, how, patch: ask.body });
    if (result.kind !== "done") return sendProblem(reply, refusalOf(result, noun));
    noted(api, ask.viewer, { kind, id: ask.params.id, how });
    return reply.code(result.isNew ? 201 : 200).send({ entry: result.entry, warnings: result.warnings });
  };
  const common = {
    url: `/${kind}/:id`,
    access: edits,
    params: Params,
    body: z.looseObject({}),
    ok: { description: "the entry as it is now, and what may not be meant so", schema: EditedSchema },
  } as const;
  addEndpoint(app, api, {
    ...common,
    method: "PUT",
    summary: `Adds or replaces a ${noun}: its entry in the site file. A secret left out stays what it was`,
    handle: (ask, reply) => put(ask, reply, "put"),
  });
  addEndpoint(app, api, {
    ...common,
    method: "PATCH",
    summary: `Changes a ${noun}: JSON merge patch (RFC 7396) on its entry in the site file`,
    handle: (ask, reply) => put(ask, reply, "patch"),
  });
  addEndpoint(app, api, {
    method: "DELETE",
    url: `/${kind}/:id`,
    summary: `Removes a ${noun} that nothing else names. What was measured stays`,
    access: edits,
    params: Params,
    ok: { status: 204, description: "removed", type: null },
    handle: async ({ params: { id }, viewer }, reply) => {
      const result = await api.entries.edit({ kind, id, how: "remove", by: nameOf(viewer), atMs: api.nowMs() });
      if (result.kind !== "done") return sendProblem(reply, refusalOf(result, noun));
      noted(api, viewer, { kind, id, how: "remove" });
      return reply.code(204).send();
    },
  });
}

export const nameOf = (viewer: Viewer): string => (viewer.kind === "user" ? viewer.user.username : "");

/** Who changed what: the words of it stand in the catalog, never its secrets in the log. */
export function noted(api: ApiContext, viewer: Viewer, edit: { readonly kind: EntryKind; readonly id: string; readonly how: string }): void {
  api.log.info("site edited", { ...edit, username: nameOf(viewer) });
  api.metrics.count("azemichi_web_edits_total", { kind: edit.kind, how: edit.how });
}

const PLACES_SHOWN = 5;

export function refusalOf(refusal: EditRefusal, noun: string): Problem {
  switch (refusal.kind) {
    case "missing":
      return { status: 404, detail: `There is no such ${noun}.` };
    case "in-use": {
      const more = refusal.by.length - PLACES_SHOWN;
      return {
        status: 409,
        detail: `It is still named by ${refusal.by.slice(0, PLACES_SHOWN).join(", ")}${more > 0 ? ` and ${more} more` : ""}. Nothing was changed.`,
      };
    }
    case "last-admin":
      return { status: 409, detail: "No administrator who can log in would be left. Nothing was changed." };
    case "refused": {
      const [first] = refusal.issues;
      return { status: 422, detail: `Nothing was changed. ${first ? `${first.path}: ${first.message}` : ""}`.trim(), issues: refusal.issues };
    }
  }
}
