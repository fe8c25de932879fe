import type { FastifyInstance, FastifyReply } from "fastify";
import { z } from "zod";
import type { StoredCodec } from "../../core/domain/codec.ts";
import type { NewCodec } from "../codec-admin.ts";
import { CODEC_BODY_BYTES_MAX, CodecBody, CodecIdSchema, CodecPutSchema, CodecSchema, CodecsSchema, TryBody, TrySchema } from "../codec-schemas.ts";
import type { ApiContext } from "../context.ts";
import { addEndpoint } from "../endpoint.ts";
import { type ProblemIssue, sendProblem } from "../problem.ts";
import type { Viewer } from "../visibility.ts";
import { nameOf } from "./entries.ts";

export const NO_CODEC = "There is no such codec.";
const BUSY = { status: 503, detail: "Other codecs are being tried; ask again in a few seconds.", retryAfterS: 5 };
const Params = z.strictObject({ id: CodecIdSchema });

/** Vendor codec scripts (LoRa Alliance TS013), and how they are tried before they may decode. */
export function codecRoutes(app: FastifyInstance, api: ApiContext): void {
  addEndpoint(app, api, {
    method: "GET",
    url: "/codecs",
    summary: "Vendor codecs, with what their gates said",
    access: "operator",
    ok: { description: "codecs by id", schema: CodecsSchema },
    handle: () => ({ codecs: api.codecs.list().map((codec) => summaryOf(api, codec)) }),
  });
  addEndpoint(app, api, {
    method: "GET",
    url: "/codecs/:id",
    summary: "A vendor codec: the version that was put last",
    access: "operator",
    params: Params,
    ok: { description: "script, mapping, vectors and what the gate said", schema: CodecSchema },
    handle: ({ params: { id } }, reply) => {
      const codec = api.codecs.find(id);
      if (codec === undefined) return sendProblem(reply, { status: 404, detail: NO_CODEC });
      const { script, mapping, vectors, gate } = codec.newest;
      return { ...summaryOf(api, codec), gate, script, mapping, vectors };
    },
  });
  addEndpoint(app, api, {
    method: "PUT",
    url: "/codecs/:id",
    summary: "Stores a version of a vendor codec after its gate: it goes live only when all frames ran as they should, else a former version goes on",
    access: "staff",
    params: Params,
    body: CodecBody,
    bodyLimitBytes: CODEC_BODY_BYTES_MAX,
    ok: { description: "stored; what the gate said", schema: CodecPutSchema },
    handle: ({ params: { id }, body, viewer }, reply) => put(api, { codec: newCodec(id, body), viewer, reply }),
  });
  addEndpoint(app, api, {
    method: "DELETE",
    url: "/codecs/:id",
    summary: "Removes a codec that no device uses. Readings that it gave stay",
    access: "staff",
    params: Params,
    ok: { status: 204, description: "there is none any more", type: null },
    handle: async ({ params: { id }, viewer }, reply) => {
      const users = devicesOf(api, id);
      if (users.length > 0) return sendProblem(reply, { status: 409, detail: `It is used by ${users.slice(0, 20).join(", ")}.` });
      if (!(await api.codecs.remove(id))) return sendProblem(reply, { status: 404, detail: NO_CODEC });
      api.catalog.refresh?.();
      api.log.info("codec removed", { codec: id, username: nameOf(viewer) });
      return reply.code(204).send();
    },
  });
  addEndpoint(app, api, {
    method: "POST",
    url: "/codecs/:id/try",
    summary: "What the version that was put last makes of a frame; nothing is stored",
    access: "staff",
    params: Params,
    body: TryBody,
    ok: { description: "the script's answer, and the readings that it would give", schema: TrySchema },
    handle: async ({ params: { id }, body }, reply) => {
      const codec = api.codecs.find(id);
      if (codec === undefined) return sendProblem(reply, { status: 404, detail: NO_CODEC });
      const recvTimeMs = body.recvTime === undefined ? api.nowMs() : api.zone().instantMs(body.recvTime);
      if (recvTimeMs === null) return sendProblem(reply, { status: 400, detail: "body.recvTime: no such time. RFC 3339, like 2026-06-01T09:00:00+09:00." });
      const trial = await api.codecs.try(codec, { bytes: Buffer.from(body.bytesHex, "hex"), fPort: body.fPort, recvTimeMs });
      return trial ?? sendProblem(reply, BUSY);
    },
  });
}

function newCodec(id: string, body: z.output<typeof CodecBody>): NewCodec {
  const mapping = body.mapping.map((row) => ({ ...row, depthCm: row.depthCm ?? null }));
  const vectors = body.vectors.map((vector) => ({ ...vector, bytesHex: vector.bytesHex.toLowerCase() }));
  return { id, script: body.script, mapping, vectors };
}

async function put(api: ApiContext, ask: { codec: NewCodec; viewer: Viewer; reply: FastifyReply }): Promise<unknown> {
  const { codec, viewer, reply } = ask;
  const issues = codec.mapping.flatMap(({ path }, i): ProblemIssue[] =>
    api.codecs.isPath(path) ? [] : [{ path: `body.mapping.${i}.path`, message: "is no path like temperature.value or history[].level" }],
  );
  if (issues.length > 0) return sendProblem(reply, { status: 400, detail: issues.map((i) => `${i.path} ${i.message}`).join("; "), issues });
  const outcome = await api.codecs.put(codec, { username: nameOf(viewer), nowMs: api.nowMs });
  if (outcome.kind === "busy") return sendProblem(reply, BUSY);
  if (outcome.kind === "full") return sendProblem(reply, { status: 409, detail: "There are too many codecs; remove one that no device uses." });
  api.catalog.refresh?.();
  const { gate, unreached } = outcome;
  const { newest, live } = outcome.codec;
  api.log.info("codec stored", { codec: newest.id, sha256: newest.sha256, live: gate.live, why: gate.why, username: nameOf(viewer) });
  api.metrics.count("azemichi_web_codec_gates_total", { live: String(gate.live) });
  const warnings = unreached.map((path) => `mapping ${path}: no vector has a value there`);
  if (codec.mapping.length === 0) warnings.push("there is no mapping: it gives no readings");
  return { id: newest.id, sha256: newest.sha256, live: gate.live, why: gate.why, gate, liveSha256: live?.sha256 ?? null, warnings };
}

function summaryOf(api: ApiContext, { newest, live, at, username }: StoredCodec) {
  const { id, sha256, gate } = newest;
  return { id, sha256, live: gate.live, why: gate.why, liveSha256: live?.sha256 ?? null, at, username, devices: devicesOf(api, id) };
}

function devicesOf(api: ApiContext, id: string): string[] {
  return api.catalog.current().devices.flatMap((device) => (device.profile === `codec:${id}` ? [device.id] : []));
}
