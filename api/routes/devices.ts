import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { withoutSecret } from "../../core/wire/upstream-address.ts";
import type { ApiContext } from "../context.ts";
import { KeySchema, NetworksSchema, UnknownDevicesSchema, UsersSchema, ZeroBody, ZeroGivenSchema, ZerosSchema } from "../device-schemas.ts";
import { addEndpoint } from "../endpoint.ts";
import { sendProblem } from "../problem.ts";
import { NO_DEVICE } from "../reading-queries.ts";
import { IdSchema } from "../schemas.ts";
import { measureZero, zerosView } from "../zeros.ts";
import { nameOf, noted, refusalOf } from "./entries.ts";

const Params = z.strictObject({ id: IdSchema });
const AHEAD_MS = 300_000; // as far as clocks may differ (DESIGN.md §6)

/** Strangers, keys, zeros; and who else has an account. */
export function deviceRoutes(app: FastifyInstance, api: ApiContext): void {
  addEndpoint(app, api, {
    method: "GET",
    url: "/devices/unknown",
    summary: "Devices that send and are in no catalog, heard last first. Registering one processes what it sent",
    access: "operator",
    query: z.strictObject({ before: z.int().min(1).optional(), max: z.int().min(1).max(1000).default(100) }),
    ok: { description: "devices, with the newest message of each", schema: UnknownDevicesSchema },
    handle: ({ query }) => api.uplinks.unknownDevices({ beforeSeq: query.before ?? null, max: query.max }),
  });
  for (const key of KEYS) keyRoutes(app, api, key);
  zeroRoutes(app, api);
  accountRoutes(app, api);
}

const KEYS = [
  { kind: "devices", noun: "device", opens: "mqtt", path: "key", what: "MQTT key of a device" },
  { kind: "networks", noun: "network", opens: "mqtt", path: "key", what: "MQTT key of a network" },
  { kind: "networks", noun: "network", opens: "hook", path: "hook-token", what: "token with which a network posts to the hooks" },
] as const;

function keyRoutes(app: FastifyInstance, api: ApiContext, { kind, noun, opens, path, what }: (typeof KEYS)[number]): void {
  addEndpoint(app, api, {
    method: "POST",
    url: `/${kind}/:id/${path}`,
    summary: `Makes a new ${what}: 256 random bits, shown this once and kept as a digest. The former one ends within 2 s`,
    access: "staff",
    params: Params,
    body: z.strictObject({}).nullish(),
    ok: { description: "the key", schema: KeySchema },
    handle: async ({ params: { id }, viewer }, reply) => {
      const made = await api.entries.makeKey({ kind, id, opens, by: nameOf(viewer), atMs: api.nowMs() });
      if (made.kind !== "done") return sendProblem(reply, refusalOf(made, noun));
      noted(api, viewer, { kind, id, how: `new-${path}` });
      return reply.header("cache-control", "no-store").send({ username: made.username, key: made.key, password: made.key, shownOnce: true });
    },
  });
  addEndpoint(app, api, {
    method: "DELETE",
    url: `/${kind}/:id/${path}`,
    summary: `Revokes the ${what}; what is logged in with it is cut within 2 s`,
    access: "staff",
    params: Params,
    ok: { status: 204, description: "there is none any more", type: null },
    handle: async ({ params: { id }, viewer }, reply) => {
      const result = await api.entries.revokeKey({ kind, id, opens, by: nameOf(viewer), atMs: api.nowMs() });
      if (result.kind !== "done") return sendProblem(reply, refusalOf(result, noun));
      noted(api, viewer, { kind, id, how: `revoke-${path}` });
      return reply.code(204).send();
    },
  });
}

function zeroRoutes(app: FastifyInstance, api: ApiContext): void {
  const deviceOf = (id: string) => api.catalog.current().devices.find((device) => device.id === id);
  addEndpoint(app, api, {
    method: "POST",
    url: "/devices/:id/zero",
    summary: "Gives a level sensor another zero from a moment on, to the end of the placement in force then; its levels since are computed again",
    access: "staff",
    params: Params,
    body: ZeroBody,
    ok: { description: "the zeros as they are now, and the order to compute again", schema: ZeroGivenSchema },
    handle: async ({ params: { id }, body, viewer }, reply) => {
      const device = deviceOf(id);
      if (device === undefined) return sendProblem(reply, { status: 404, detail: NO_DEVICE });
      if ((body.zeroMm === undefined) === (body.levelCm === undefined))
        return sendProblem(reply, { status: 422, detail: "Give either zeroMm, or levelCm as measured by hand at that time." });
      const nowMs = api.nowMs();
      const fromMs = body.at === undefined ? nowMs : api.zone().instantMs(body.at);
      if (fromMs === null) return sendProblem(reply, { status: 422, detail: "at: no such time. RFC 3339, like 2026-06-01T09:00:00+09:00." });
      if (fromMs > nowMs + AHEAD_MS) return sendProblem(reply, { status: 422, detail: "at: lies in the future." });
      const found =
        body.zeroMm === undefined ? await measureZero(api, device, { atMs: fromMs, levelCm: body.levelCm ?? 0 }) : { zeroMm: body.zeroMm, from: null };
      if ("problem" in found) return sendProblem(reply, { status: 409, detail: found.problem });
      const { zeroMm } = found;
      const given = await api.entries.giveZero({ deviceId: id, fromMs, zeroMm, by: nameOf(viewer), note: body.note?.trim() || null, atMs: nowMs });
      if (given.kind === "nowhere")
        return sendProblem(reply, { status: 409, detail: "None of the device's placements was in force at that time. Add one first (placements)." });
      if (given.kind !== "done") return sendProblem(reply, refusalOf(given, "device"));
      noted(api, viewer, { kind: "devices", id, how: "zero" });
      return {
        ...zerosView(deviceOf(id) ?? device, api.entries.zeroLog(id)),
        zeroMm,
        formerMm: given.formerMm,
        from: new Date(fromMs).toISOString(),
        to: given.toMs === null ? null : new Date(given.toMs).toISOString(),
        measured: found.from,
        redecode: given.redecodeId,
      };
    },
  });
  addEndpoint(app, api, {
    method: "GET",
    url: "/devices/:id/zeros",
    summary: "The zeros of a level sensor by interval, how far they drift (mud), and who gave them",
    access: "operator",
    params: Params,
    ok: { description: "zeros in order of time; the log newest first", schema: ZerosSchema },
    handle: ({ params: { id } }, reply) => {
      const device = deviceOf(id);
      return device === undefined ? sendProblem(reply, { status: 404, detail: NO_DEVICE }) : zerosView(device, api.entries.zeroLog(id));
    },
  });
}

function accountRoutes(app: FastifyInstance, api: ApiContext): void {
  addEndpoint(app, api, {
    method: "GET",
    url: "/networks",
    summary: "Network servers and their accounts, without secrets",
    access: "staff",
    ok: { description: "networks", schema: NetworksSchema },
    handle: () => ({
      networks: api.catalog.current().networks.map((n) => ({
        id: n.id,
        kind: n.kind,
        mqttUsername: n.mqttUsername,
        hasMqttKey: n.mqttTokenHash !== null,
        hasHookToken: n.hookTokenHash !== null,
        url: n.url === null ? null : withoutSecret(n.url),
      })),
    }),
  });
  addEndpoint(app, api, {
    method: "GET",
    url: "/users",
    summary: "People with an account, without secrets",
    access: "admin",
    ok: { description: "users", schema: UsersSchema },
    handle: () => ({
      users: api.catalog
        .current()
        .users.map(({ id, username, role, party, until, passwordHash }) => ({ id, username, role, party, until, hasPassword: passwordHash !== null })),
    }),
  });
}
