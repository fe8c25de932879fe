import { z } from "zod";
import type { CodecGate, CodecMapping, CodecVector, RedecodeOrder, RedecodeProgress } from "../core/domain/codec.ts";
import { QuantitySchema } from "./schemas.ts";

/** Vendor codecs and the re-decoding of history, as they are asked for and answered. */
const SCRIPT_CHARS_MAX = 262_144;
const VECTORS_MAX = 200;
const MAPPINGS_MAX = 100;
const FRAME_BYTES_MAX = 255; // more than any data rate carries
const DEPTH_CM_MAX = 1000;

/** Limit of the request: the script, escaped, and the vectors with what they expect. */
export const CODEC_BODY_BYTES_MAX = 2_000_000;

const text = z.string();
const count = z.int().min(0);
const time = z.iso.datetime({ precision: 3 }).describe("RFC 3339, UTC, with milliseconds");
export const CodecIdSchema = z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/);
const fPort = z.int().min(0).max(255).default(1).describe("left out: 1; vendors of codecs that do not look at it leave it out");
const bytesHex = z.string().regex(new RegExp(`^(?:[0-9A-Fa-f]{2}){0,${FRAME_BYTES_MAX}}$`));
/** Said as a union of types and not of schemas: the validator would bend null into the number 0. */
const depthCm = z
  .unknown()
  .meta({ type: ["number", "null"], minimum: 0, maximum: DEPTH_CM_MAX, default: null })
  .pipe(z.number().nullable());

const MappingBody = z.strictObject({
  path: z.string().min(1).max(200).describe('into what the script gives as data: temperature.value, levels[0], history[].temperature, a["b c"]'),
  quantity: QuantitySchema,
  scale: z.number().default(1).describe("value = found × scale + offset, in the quantity's own unit"),
  offset: z.number().default(0),
  depthCm: depthCm.optional(),
});
const VectorBody = z.strictObject({
  name: z.string().min(1).max(100),
  fPort,
  bytesHex,
  expected: z.unknown().describe("what decodeUplink returns, or its data alone"),
});

export const CodecBody = z.strictObject({
  script: z.string().min(1).max(SCRIPT_CHARS_MAX),
  mapping: z.array(MappingBody).max(MAPPINGS_MAX).default([]),
  vectors: z.array(VectorBody).max(VECTORS_MAX).default([]),
});

export const TryBody = z.strictObject({
  fPort,
  bytesHex,
  recvTime: z.string().max(40).optional().describe("RFC 3339; left out: now"),
});

const GateSchema = z.strictObject({
  live: z.boolean(),
  why: text,
  at: time,
  frames: z.strictObject({ planned: count, ran: count, errors: count.describe("refused by the script itself, which is fine") }),
  failures: z.array(z.strictObject({ what: text, bytesHex: text, fPort: z.int(), why: text })).describe("the first few"),
}) satisfies z.ZodType<CodecGate>;

const Verdict = {
  id: text,
  sha256: text.describe("of the version that was put last: script, mapping and engine"),
  live: z.boolean().describe("that version decodes"),
  why: text,
  liveSha256: text.nullable().describe("of the version that decodes, maybe an earlier one; null: none"),
};
export const CodecPutSchema = z.strictObject({
  ...Verdict,
  gate: GateSchema,
  warnings: z.array(text),
});

const Stored = { ...Verdict, at: time, username: text, devices: z.array(text).describe("ids of the devices that use it") };
export const CodecsSchema = z.strictObject({ codecs: z.array(z.strictObject(Stored)) });
export const CodecSchema = z.strictObject({
  ...Stored,
  gate: GateSchema,
  script: text,
  mapping: z.array(
    z.strictObject({
      path: text,
      quantity: QuantitySchema,
      scale: z.number(),
      offset: z.number(),
      depthCm: z.number().nullable(),
    }) satisfies z.ZodType<CodecMapping>,
  ),
  vectors: z.array(z.strictObject({ name: text, fPort: z.int(), bytesHex: text, expected: z.unknown() }) satisfies z.ZodType<CodecVector>),
});

export const TrySchema = z.strictObject({
  data: z.unknown().describe("as the script gave it; what JSON cannot say (NaN, Infinity) is null"),
  warnings: z.array(text),
  errors: z.array(text).describe("any: the frame would be quarantined"),
  readings: z.array(
    z.strictObject({
      quantity: QuantitySchema,
      value: z.number().nullable(),
      unit: text,
      depthCm: z.number().nullable(),
      time: time.nullable().describe("null: that of the uplink"),
    }),
  ),
});

const Progress = {
  id: count,
  state: z.enum(["waiting", "running", "done", "cancelled", "failed"]),
  total: count.describe("uplinks"),
  done: count,
  changed: count.describe("readings that are not what they were"),
  startedAt: time.nullable(),
  endedAt: time.nullable(),
  error: text.nullable(),
};
export const RedecodeSchema = z.strictObject({
  ...Progress,
  at: time,
  from: time.nullable().describe("event time; null: from the beginning"),
  to: time.nullable(),
  username: text,
  reason: text,
  cancelledAt: time.nullable(),
});
export const RedecodesSchema = z.strictObject({ orders: z.array(RedecodeSchema).describe("newest first") });
export type RedecodeJson = z.infer<typeof RedecodeSchema>;

export function redecodeJson(order: RedecodeOrder, progress: RedecodeProgress): RedecodeJson {
  const iso = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());
  const { id, state, total, done, changed, startedAt, endedAt, error } = progress;
  return {
    id,
    state,
    total,
    done,
    changed,
    startedAt,
    endedAt,
    error,
    at: new Date(order.atMs).toISOString(),
    from: iso(order.fromMs),
    to: iso(order.toMs),
    username: order.username,
    reason: order.reason,
    cancelledAt: iso(order.cancelledAtMs),
  };
}
