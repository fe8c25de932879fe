import { z } from "zod";
import type { UnknownDevicesJson, UplinkDetailJson, UplinkJson, UplinkPageJson, UplinkSummaryJson } from "../core/domain/uplink-json.ts";
import { DeviceSchema, ReadingSchema } from "./schemas.ts";

/** What the API tells of devices, their keys and zeros, and of uplinks. */
const time = z.iso.datetime({ precision: 3 }).describe("RFC 3339, UTC, with milliseconds");
const text = z.string();
const count = z.int().min(0);
const STATES = ["stored", "duplicate", "rejected", "quarantined", "pending"] as const;

export const OutcomeSchema = z.enum(STATES).describe("pending: journaled, not yet processed");
/** An entry of the site file, without secrets and hashes. */
export const EntrySchema = z.looseObject({ id: text });

export const EditedSchema = z.strictObject({
  entry: EntrySchema,
  warnings: z.array(z.strictObject({ path: text, message: text })),
});

export const KeySchema = z.strictObject({
  username: text.nullable().describe("MQTT user name; for a device also its client id; null for a hook's token"),
  key: text.describe("256 random bits"),
  password: text.describe("the key, under the name that MQTT has for it"),
  shownOnce: z.literal(true),
});

const frame = z.strictObject({ fCnt: count, fPort: z.int().nullable(), bytesHex: text, gateways: z.array(text) });

export const UnknownDevicesSchema = z.strictObject({
  devices: z.array(
    z.strictObject({
      key: text.describe("devEui; sigfox:ID; imsi:NUMBER; or the id of a device that speaks for itself"),
      count,
      firstReceivedAt: time,
      lastReceivedAt: time,
      lastSeq: count.describe("GET uplinks/{lastSeq}"),
      source: text,
      topic: text.nullable(),
      payloadBase64: text.nullable().describe("first KiB of the newest message; null: pruned"),
      payloadBytes: count.nullable(),
      frame: frame.nullable(),
    }),
  ),
  total: count,
  next: count.nullable().describe("ask again with before=next"),
}) satisfies z.ZodType<UnknownDevicesJson>;

const uplink = {
  seq: count,
  receivedAt: time,
  time: time.nullable(),
  source: text,
  device: text.nullable(),
  outcome: OutcomeSchema,
  reason: text,
  topic: text.nullable().describe("null: the raw message is pruned"),
};
export const UplinkPageSchema = z.strictObject({
  uplinks: z.array(z.strictObject(uplink) satisfies z.ZodType<UplinkJson>),
  next: count.nullable().describe("ask again with before=next, also after a page that is not full"),
}) satisfies z.ZodType<UplinkPageJson>;

export const UplinkDetailSchema = z.strictObject({
  ...uplink,
  raw: z.discriminatedUnion("kept", [
    z.strictObject({ kept: z.literal(true), encoding: z.enum(["utf8", "base64"]), payload: text, bytes: count, dup: z.boolean() }),
    z.strictObject({ kept: z.literal(false), why: text }),
  ]),
  frame: frame.nullable(),
  readings: z.array(ReadingSchema),
  copyOf: count.nullable(),
}) satisfies z.ZodType<UplinkDetailJson>;

export const UplinkSummarySchema = z.strictObject({
  from: time,
  complete: z.boolean(),
  counts: z.array(z.strictObject({ source: text, outcome: OutcomeSchema, reason: text, count, lastAt: time.nullable() })),
}) satisfies z.ZodType<UplinkSummaryJson>;

const zeroMm = z.number().min(-100_000).max(100_000);
export const ZeroBody = z.strictObject({
  at: z.string().max(40).optional().describe("RFC 3339; absent: now"),
  zeroMm: zeroMm.optional().describe("what the sensor reads, in mm, when the water stands at the field's surface"),
  levelCm: z.number().min(-500).max(500).optional().describe("or the level measured by hand at that time, above the field's surface"),
  note: z.string().max(500).optional(),
});

const logRow = z.strictObject({
  id: count,
  at: time.describe("when it was given"),
  from: time.describe("from when on it holds"),
  zeroMm: z.number(),
  formerMm: z.number().nullable(),
  by: text,
  note: text.nullable(),
});
export const ZerosSchema = z.strictObject({
  deviceId: text,
  zeros: z.array(
    z.strictObject({
      from: time.nullable(),
      to: time.nullable(),
      plotId: text.nullable(),
      zeroMm: z.number().nullable(),
      given: z.strictObject({ at: time, by: text, note: text.nullable() }).nullable().describe("null: by the site file"),
      driftMm: z.number().nullable().describe("against the zero before, on the same plot; below 0: the surface has come nearer to the sensor (mud)"),
      driftMmPer30Days: z.number().nullable(),
    }),
  ),
  log: z.array(logRow),
});
export type ZerosJson = z.infer<typeof ZerosSchema>;

export const ZeroGivenSchema = z.strictObject({
  ...ZerosSchema.shape,
  zeroMm: z.number(),
  formerMm: z.number().nullable(),
  from: time,
  to: time.nullable(),
  measured: z.strictObject({ quantity: text, value: z.number(), unit: text, time }).nullable().describe("the reading from which the zero was computed"),
  redecode: count.describe("order to compute the readings of that time again"),
});

export const DeviceDetailSchema = z.looseObject({ ...DeviceSchema.shape, entry: EntrySchema.optional() });

export const NetworksSchema = z.strictObject({
  networks: z.array(
    z.strictObject({
      id: text,
      kind: text.nullable(),
      mqttUsername: text.nullable(),
      hasMqttKey: z.boolean(),
      hasHookToken: z.boolean(),
      url: text.nullable().describe("password masked"),
    }),
  ),
});

export const UsersSchema = z.strictObject({
  users: z.array(z.strictObject({ id: text, username: text, role: text, party: text.nullable(), until: text.nullable(), hasPassword: z.boolean() })),
});
