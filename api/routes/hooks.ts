import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { HOOK_BODY_BYTES_MAX } from "../../core/wire/hook-frame.ts";
import type { ApiContext } from "../context.ts";
import { HookGuard } from "../hook-guard.ts";
import { sendProblem } from "../problem.ts";

type Sent = { readonly topic: string } | { readonly problem: string };

interface HookKind {
  readonly types: ReadonlySet<string>;
  /** The journal's topic of what was sent (`hooks/{kind}/{event}`). */
  readonly topic: (request: FastifyRequest) => Sent;
}

const JSON_TYPE = "application/json";
/** JSON under the names that senders give it who were not told: `curl -d` says that it is a form. */
const JSON_TYPES: ReadonlySet<string> = new Set([JSON_TYPE, "text/plain", "application/x-www-form-urlencoded"]);
const ANY_TYPES: ReadonlySet<string> = new Set([...JSON_TYPES, "application/octet-stream"]);

/** One row per sender that we know; what their bodies mean is decided where the journal is read. */
const KINDS: Readonly<Record<string, HookKind>> = {
  chirpstack: { types: JSON_TYPES, topic: (request) => eventTopic("chirpstack", request) },
  tts: { types: JSON_TYPES, topic: () => ({ topic: "hooks/tts/up" }) },
  helium: { types: JSON_TYPES, topic: (request) => eventTopic("helium", request) }, // many of its providers run ChirpStack
  sigfox: { types: ANY_TYPES, topic: () => ({ topic: "hooks/sigfox/up" }) },
  soracom: { types: ANY_TYPES, topic: (request) => soracomTopic(request) },
};

const TOKEN_CHARS_MAX = 256; // of a site file
const RETRY_S = { refused: 10, busy: 1, unavailable: 2 } as const;
const WHY = {
  refused: "Uplinks cannot be written to disk right now. Send it again.",
  busy: "Too many uplinks are on their way to the disk. Send it again.",
  unavailable: "The part that keeps uplinks did not answer. Send it again.",
} as const;

const Params = z.strictObject({ kind: z.string(), networkId: z.string() });

/** `POST /hooks/{kind}/{networkId}`: what network servers send by HTTP. 204 means that it is on disk. */
export function hookRoutes(app: FastifyInstance, api: ApiContext): void {
  const guard = new HookGuard({ nowMs: api.nowMs, metrics: api.metrics });
  void app.register(async (hooks) => {
    hooks.removeAllContentTypeParsers();
    hooks.addContentTypeParser("*", { parseAs: "buffer", bodyLimit: HOOK_BODY_BYTES_MAX }, (_request, body, done) => done(null, body)); // kept as it came
    hooks.route<{ Params: z.infer<typeof Params> }>({
      method: "POST",
      url: "/hooks/:kind/:networkId",
      bodyLimit: HOOK_BODY_BYTES_MAX,
      config: {
        endpoint: {
          summary: `An uplink from a network server (${Object.keys(KINDS).join(", ")}), with the network's hook token as bearer`,
          access: "public",
          params: Params,
          query: undefined,
          body: z.looseObject({}),
          ok: { status: 204, description: "it is on disk; any other answer: send it again", type: null, schema: undefined },
        },
      },
      onRequest: async (request, reply) => admit(request, reply, api, guard),
      handler: async (request, reply) => take(request, reply, api),
    });
  });
}

/** Before a byte of the body is read. An unknown network takes the same path and time as a wrong token. */
function admit(request: FastifyRequest<{ Params: z.infer<typeof Params> }>, reply: FastifyReply, api: ApiContext, guard: HookGuard): FastifyReply | undefined {
  const { kind, networkId } = request.params;
  if (!Object.hasOwn(KINDS, kind)) return sendProblem(reply, { status: 404, detail: `There are hooks for ${Object.keys(KINDS).join(", ")}.` });
  const who = { address: request.ip, networkId };
  const waitMs = guard.waitMs(who);
  if (waitMs > 0) return sendProblem(reply, { status: 429, detail: "Too many wrong tokens from this address.", retryAfterS: waitMs / 1000 });
  const token = /^Bearer +([^\s]+) *$/i.exec(request.headers.authorization ?? "")?.[1] ?? "";
  const known = api.catalog.current().networks.find(({ id }) => id === networkId)?.hookTokenHash ?? null;
  const right = api.hooks.isToken(token.length > TOKEN_CHARS_MAX ? "" : token, known);
  if (!right) {
    guard.wrong(who);
    return sendProblem(reply.header("www-authenticate", 'Bearer realm="hooks"'), {
      status: 401,
      detail: "Send the network's hook token as `Authorization: Bearer TOKEN`.",
    });
  }
  guard.right(who);
  const type = (request.headers["content-type"] ?? JSON_TYPE).split(";")[0]?.trim().toLowerCase() ?? "";
  const { types } = KINDS[kind] as HookKind;
  if (types.has(type)) return undefined;
  return sendProblem(reply, { status: 415, detail: `The body must be ${[...types].join(" or ")}; set the sender to it.` });
}

async function take(request: FastifyRequest<{ Params: z.infer<typeof Params> }>, reply: FastifyReply, api: ApiContext): Promise<FastifyReply> {
  const { kind, networkId } = request.params;
  const sent = (KINDS[kind] as HookKind).topic(request);
  if ("problem" in sent) return sendProblem(reply, { status: 400, detail: sent.problem });
  const payload = request.body;
  if (!(payload instanceof Uint8Array) || payload.byteLength === 0) return sendProblem(reply, { status: 400, detail: "The body is empty." });
  const outcome = await api.hooks.submit({ source: networkId, topic: sent.topic, payload });
  api.metrics.count("azemichi_web_hooks_total", { kind, outcome });
  if (outcome === "journaled") return reply.code(204).header("cache-control", "no-store").send();
  return sendProblem(reply, { status: 503, detail: WHY[outcome], retryAfterS: RETRY_S[outcome] });
}

/** ChirpStack v4 names the event in the query: up, join, status, log, ack, txack, location, integration. */
function eventTopic(kind: string, request: FastifyRequest): Sent {
  const event = (request.query as Record<string, unknown>)["event"] ?? "up";
  if (typeof event !== "string" || !/^[a-z]{1,20}$/.test(event)) return { problem: "event: one of ChirpStack's event names, in lower case" };
  return { topic: `hooks/${kind}/${event}` };
}

/** The SIM is known by the header that SORACOM adds, never by what the device says of itself; without it the body may be SORACOM's own envelope. */
function soracomTopic(request: FastifyRequest): Sent {
  const imsi = request.headers["x-soracom-imsi"];
  if (imsi === undefined) return { topic: "hooks/soracom/up" };
  if (typeof imsi !== "string" || !/^\d{6,15}$/.test(imsi)) return { problem: "x-soracom-imsi: 6 to 15 digits" };
  return { topic: `hooks/soracom/${imsi}` };
}
