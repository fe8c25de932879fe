import { z } from "zod";
import type { BaseJson, ConfigJson, DeviceJson, GatewayJson, MeJson, PlotsJson, RoverJson, SeriesJson, SnapshotJson } from "../core/domain/api.ts";
import type { DeviceState } from "../core/domain/device-state.ts";
import type { Ledger, LedgerCounts } from "../core/domain/ledger.ts";
import type { BaseHealth, GatewayState, RoverState } from "../core/domain/live.ts";
import { QUANTITIES } from "../core/domain/quantity.ts";
import type { ReadingJson } from "../core/domain/reading.ts";
import { BaseTruthSchema, RoverServiceSchema, SentenceSchema } from "./correction-schemas.ts";

/** What the API answers, for OpenAPI and for the tests; each must give the type of core/domain it describes. */
const time = z.iso.datetime({ precision: 3 }).describe("RFC 3339, UTC, with milliseconds");
const text = z.string();
const count = z.int().min(0);
const latLon = z.strictObject({ latDeg: z.number(), lonDeg: z.number() });

export const QuantitySchema = z.enum(Object.keys(QUANTITIES) as [keyof typeof QUANTITIES]).describe("quantity of DESIGN.md §6");

export const MeSchema = z.strictObject({
  user: z.strictObject({ id: text, username: text, role: z.enum(["farmer", "advisor", "staff", "trainer", "admin"]), party: text.nullable() }).nullable(),
  access: z.enum(["none", "demo", "user"]),
  canSeeStaffPages: z.boolean(),
  plainListeners: z.array(z.strictObject({ what: z.enum(["HTTP", "MQTT"]), bind: text })),
}) satisfies z.ZodType<MeJson>;

export const ConfigSchema = z.strictObject({
  version: text,
  demo: z.boolean(),
  site: z.strictObject({ id: text, name: z.strictObject({ ja: text, en: text }), timeZone: text }),
  band: z.strictObject({ minCm: z.number(), maxCm: z.number() }),
  baseMaps: z.array(
    z.strictObject({
      id: z.enum(["blank", "gsi-pale", "gsi-photo"]),
      url: text.nullable(),
      maxNativeZoom: z.int().nullable(),
      creditText: text.nullable(),
      creditUrl: text.nullable(),
    }),
  ),
}) satisfies z.ZodType<ConfigJson>;

const Polygon = z.strictObject({ type: z.literal("Polygon"), coordinates: z.array(z.array(z.tuple([z.number(), z.number()]))) });
export const PlotsSchema = z.strictObject({
  type: z.literal("FeatureCollection"),
  features: z.array(
    z.strictObject({
      type: z.literal("Feature"),
      id: text,
      geometry: Polygon,
      properties: z.strictObject({
        id: text,
        name: text,
        holder: text.nullable(),
        base: text.nullable(),
        crop: z.strictObject({ variety: text.nullable(), transplantedOn: text.nullable(), headedOn: text.nullable() }).nullable(),
      }),
    }),
  ),
}) satisfies z.ZodType<PlotsJson>;

const DeviceStateSchema = z.looseObject({
  deviceId: text,
  at: time,
  state: z.enum(["reporting", "silent", "unknown"]),
  since: time.nullable(),
  lastSeenAt: time.nullable(),
  lastReceivedAt: time.nullable(),
  intervalS: z.number(),
  cause: z.enum(["gateway", "network", "device", "channel", "restart"]).nullable(),
  note: SentenceSchema.nullable(),
  channels: z.array(z.looseObject({ quantity: QuantitySchema, depthCm: z.number().nullable(), lastAt: time, state: z.enum(["reporting", "silent"]) })),
  radio: z.looseObject({
    gateways: z.array(z.looseObject({ gatewayId: text, lastAt: time, rssiDbm: z.number().nullable(), snrDb: z.number().nullable() })),
    framesReceived: count,
    framesLost: count,
    lossPct: z.number().nullable(),
  }),
  battery: z.looseObject({ voltageV: z.number().nullable(), percent: z.number().nullable(), at: time.nullable(), daysLeft: count.nullable() }),
}) satisfies z.ZodType<DeviceState>;

export const DeviceSchema = z.strictObject({
  id: text,
  name: text,
  devEui: text.nullable(),
  profile: text,
  intervalS: z.number(),
  plotId: text.nullable(),
  lastReadingAt: time.nullable(),
  state: DeviceStateSchema.nullable(),
}) satisfies z.ZodType<DeviceJson>;

export const BaseHealthSchema = z.looseObject({
  baseId: text,
  mount: text,
  at: time,
  state: z.enum(["sending", "silent", "absent"]),
  sim: z.boolean(),
  connectedSince: time.nullable(),
  sourceAgent: text.nullable(),
  lastEpochAt: time.nullable(),
  epochAgeS: z.number().nullable(),
  epochLatencyMs: z.number().nullable(),
  bytesPerS: z.number(),
  frames: count,
  crcFailures: count,
  skippedBytes: count,
  messages: z.array(z.looseObject({ type: z.int(), count, ratePerS: z.number() })),
  satellites: z.partialRecord(z.enum(["GPS", "GLONASS", "GALILEO", "SBAS", "QZSS", "BEIDOU", "NAVIC"]), z.number()),
  antenna: z
    .looseObject({ stationId: z.int(), x: z.number(), y: z.number(), z: z.number(), heightM: z.number().nullable(), latDeg: z.number(), lonDeg: z.number() })
    .nullable(),
  receiver: text.nullable(),
  rovers: count,
  truth: BaseTruthSchema.exactOptional(),
}) satisfies z.ZodType<BaseHealth>;

export const BaseSchema = z.strictObject({
  id: text,
  mount: text,
  name: text,
  kind: z.enum(["physical", "network"]),
  sim: z.boolean(),
  surveyed: z.boolean(),
  stoppedAt: time.nullable().describe("by staff"),
  position: latLon.nullable(),
  health: BaseHealthSchema.nullable(),
}) satisfies z.ZodType<BaseJson>;

const RoverStateSchema = z.looseObject({
  roverId: text,
  at: time,
  state: z.enum(["connected", "disconnected"]),
  sim: z.boolean(),
  mount: text.nullable(),
  baseId: text.nullable(),
  agent: text.nullable(),
  connectedSince: time.nullable(),
  sentBytes: count,
  skippedEpochs: count,
  correctionAgeS: z.number().nullable(),
  position: z.looseObject({ latDeg: z.number(), lonDeg: z.number(), heightM: z.number().nullable(), at: time }).nullable(),
  fix: z.enum(["none", "single", "dgps", "fix", "float", "other", "unknown"]),
  satellites: z.number().nullable(),
  hdop: z.number().nullable(),
  ggaAgeS: z.number().nullable(),
  baselineKm: z.number().nullable(),
  service: RoverServiceSchema.exactOptional(),
}) satisfies z.ZodType<RoverState>;
export const RoverSchema = z.strictObject({
  id: text,
  name: text,
  party: text.nullable(),
  state: RoverStateSchema.nullable(),
}) satisfies z.ZodType<RoverJson>;

const GatewayStateSchema = z.looseObject({
  gatewayId: text,
  at: time,
  online: z.boolean().nullable(),
  lastSeenAt: time.nullable(),
  state: z.enum(["online", "offline", "silent", "unknown"]).exactOptional(),
  since: time.nullable().exactOptional(),
  stats: z
    .looseObject({
      at: time,
      intervalS: z.number().nullable(),
      rxReceived: z.number(),
      rxReceivedOk: z.number(),
      txReceived: z.number(),
      txEmitted: z.number(),
      clockAheadS: z.number().nullable(),
      position: latLon.nullable(),
    })
    .nullable()
    .exactOptional(),
}) satisfies z.ZodType<GatewayState>;
export const GatewaySchema = z.strictObject({
  id: text,
  eui: text,
  name: text,
  position: latLon.nullable(),
  state: GatewayStateSchema.nullable(),
}) satisfies z.ZodType<GatewayJson>;

export const ReadingSchema = z.looseObject({
  deviceId: text,
  plotId: text.nullable(),
  quantity: QuantitySchema,
  depthCm: z.number().nullable(),
  value: z.number().nullable(),
  unit: text,
  time,
  receivedAt: time,
  timeSource: z.enum(["device", "gateway", "network", "server"]),
  quality: z.looseObject({ flag: z.literal([1, 2, 3, 4, 9]), reasons: z.array(text) }),
  codec: z.looseObject({ id: text, sha256: text }),
}) satisfies z.ZodType<ReadingJson>;

export const SnapshotSchema = z.strictObject({
  id: text,
  at: time,
  plots: PlotsSchema,
  devices: z.array(DeviceSchema),
  bases: z.array(BaseSchema),
  rovers: z.array(RoverSchema),
  gateways: z.array(GatewaySchema),
  readings: z.array(ReadingSchema),
}) satisfies z.ZodType<SnapshotJson>;

export const SeriesSchema = z.strictObject({
  unit: text,
  buckets: z.array(z.tuple([z.int(), count, z.number().nullable(), z.number().nullable(), z.number().nullable()])),
}) satisfies z.ZodType<SeriesJson>;

const Counts = z.strictObject({
  received: count,
  stored: count,
  duplicate: count,
  rejected: count,
  quarantined: count,
  pending: count,
}) satisfies z.ZodType<LedgerCounts>;
export const LedgerSchema = z.strictObject({
  total: Counts,
  bySource: z.record(text, Counts),
  influx: z.strictObject({ sent: count, backlog: count, refused: count, lastError: text.nullable() }),
}) satisfies z.ZodType<Ledger>;

export const ProblemSchema = z.looseObject({
  type: text,
  title: text,
  status: z.int(),
  detail: text.optional(),
  errors: z.array(z.strictObject({ path: text, message: text })).optional(),
});

export const IdSchema = z.string().min(1).max(64);
/** `+09:00` that nobody escaped arrives as a space. */
const INSTANT = String.raw`\d{4}-\d{2}-\d{2}(?:[Tt ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:[Zz]|[+\- ]\d{2}:?\d{2})?)?`;
const INSTANT_TEXT = "RFC 3339; without an offset, or as a bare date, by the site's clocks";
export const InstantSchema = z
  .string()
  .max(40)
  .regex(new RegExp(`^${INSTANT}$`))
  .describe(INSTANT_TEXT);
/** One end of a period. A form sends a field that nobody filled in as empty text: that end is open. */
export const BoundSchema = z
  .string()
  .max(40)
  .regex(new RegExp(`^(?:${INSTANT})?$`))
  .describe(`${INSTANT_TEXT}; empty: none`);
