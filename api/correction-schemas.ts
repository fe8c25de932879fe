import { z } from "zod";
import type { BaseMinute } from "../core/domain/base-minute.ts";
import type { BaseHistoryMinute, PlotShare, TrackPoint } from "../core/domain/history.ts";
import type { BaseTruth, Finding, RelayEvent, RoverService, Sentence } from "../core/domain/live.ts";
import type { RoverDiagnosis } from "../core/domain/rover-diagnosis.ts";
import type { StaffOrder } from "../core/domain/staff-order.ts";

/** What is true of bases and rovers, live and stored. What the relay writes itself is loose: it may say more one day. */
const time = z.iso.datetime({ precision: 3 }).describe("RFC 3339, UTC, with milliseconds");
const text = z.string();
const number = z.number();
const fix = z.enum(["none", "single", "dgps", "fix", "float", "other", "unknown"]).describe("GGA field 6 in words");

export const SentenceSchema = z.looseObject({ code: text, ja: text, en: text }) satisfies z.ZodType<Sentence>;
const FindingSchema = z.looseObject({
  ...SentenceSchema.shape,
  severity: z.enum(["hint", "warning", "fault"]),
  value: number.nullable(),
  threshold: number.nullable(),
}) satisfies z.ZodType<Finding>;

const guardState = z.enum(["passing", "waiting", "unsurveyed", "stopped"]);
const verdict = z.enum(["good", "watch", "bad", "insufficient"]);

export const BaseTruthSchema = z.looseObject({
  guard: z.looseObject({ state: guardState, confirmed: z.boolean(), since: time, reason: SentenceSchema.nullable(), offSurveyM: number.nullable() }),
  verdict,
  findings: z.array(FindingSchema).describe("worst first"),
  displacementM: number.nullable().describe("of the antenna, by carrier phase"),
  singlePoint: z.looseObject({
    state: z.enum(["agrees", "contradicts", "insufficient"]),
    offM: number.nullable(),
    upM: number.nullable(),
    spanS: number,
    note: SentenceSchema,
  }),
  medianCnrDbHz: number.nullable(),
  inPool: z.boolean().describe("may serve NEAR and FIELD now"),
  source: z.looseObject({ kind: z.enum(["push", "pull", "tcp", "listen", "serial", "network"]), note: SentenceSchema.nullable() }),
}) satisfies z.ZodType<BaseTruth>;

export const RoverServiceSchema = z.looseObject({
  requestedMount: text,
  sessions: number,
  plotId: text.nullable(),
  sendLatencyMs: number.nullable(),
  relayLatencyMs: number.nullable(),
  unsentBytes: number.nullable(),
  gaps: number.describe("times in the last 10 min when it did not drain for 2 s, or reconnected"),
  ggaAgeS: number.nullable(),
  datum: text.nullable(),
  otherStation: number.nullable().describe("the station its GGA names, when it is not ours"),
  switches: z.array(z.looseObject({ at: time, from: text.nullable(), to: text.nullable(), reason: SentenceSchema })).describe("newest first"),
  notice: SentenceSchema.nullable().describe("what the rover's card must say now"),
}) satisfies z.ZodType<RoverService>;

export const RelayEventSchema = z.looseObject({
  ...SentenceSchema.shape,
  at: time,
  baseId: text.nullable(),
  roverId: text.nullable(),
  severity: z.enum(["info", "warning", "alarm"]),
}) satisfies z.ZodType<RelayEvent>;
export const EventsSchema = z.strictObject({ events: z.array(RelayEventSchema).describe("newest first") });

const system = z.enum(["GPS", "GLONASS", "GALILEO", "SBAS", "QZSS", "BEIDOU", "NAVIC"]);
const BaseMinuteSchema = z.looseObject({
  baseId: text,
  at: time,
  bytes: number,
  frames: number,
  epochs: number,
  missedEpochs: number,
  duplicates: number,
  outOfOrder: number,
  crcFailures: number,
  reconnects: number,
  satellites: z.partialRecord(system, number),
  medianCnrDbHz: number.nullable(),
  latencyMedianMs: number.nullable(),
  latencyP95Ms: number.nullable(),
  slips: number,
  satelliteS: number,
  verdict,
}) satisfies z.ZodType<BaseMinute>;

export const BaseHistorySchema = z.strictObject({
  baseId: text,
  minutes: z.array(
    z.strictObject({
      at: time,
      heardS: number.describe("seconds of which we know"),
      sendingS: number,
      silentS: number,
      absentS: number,
      guard: guardState.nullable().describe("the worst of the minute"),
      verdict: verdict.nullable().describe("the worst of the minute"),
      rovers: number,
      bytesPerS: number,
      crcFailures: number,
      latencyMeanMs: number.nullable(),
      latencyMaxMs: number.nullable(),
      satellites: z.partialRecord(system, z.strictObject({ least: number, most: number })),
      medianCnrDbHz: number.nullable(),
      displacementM: number.nullable(),
      counted: BaseMinuteSchema.nullable().describe("what the relay itself counted of this minute"),
      sim: z.boolean(),
    }) satisfies z.ZodType<BaseHistoryMinute>,
  ),
});

export const TrackPointSchema = z.strictObject({
  at: time,
  latDeg: number,
  lonDeg: number,
  heightM: number.nullable(),
  fix,
  satellites: number.nullable(),
  hdop: number.nullable(),
  correctionAgeS: number.nullable().describe("GGA field 13: as the rover sees it"),
  baselineKm: number.nullable(),
  baseId: text.nullable(),
  mount: text.nullable(),
  plotId: text.nullable(),
  relayLatencyMs: number.nullable(),
  sendLatencyMs: number.nullable(),
  datum: text.nullable(),
  sim: z.boolean(),
}) satisfies z.ZodType<TrackPoint>;
export const TrackSchema = z.strictObject({
  roverId: text,
  points: z.array(TrackPointSchema).describe("in order of time; with format=geojson a FeatureCollection of points instead"),
  next: time.nullable().describe("ask on from here; null: that was all"),
});

export const PlotSharesSchema = z.strictObject({
  roverId: text,
  plots: z.array(
    z.strictObject({
      plotId: text.nullable().describe("null: on no plot"),
      from: time,
      to: time,
      totalS: number,
      secondsByFix: z.partialRecord(fix, number),
      fixShare: number.min(0).max(1),
      bases: z.array(z.strictObject({ baseId: text.nullable(), seconds: number, datum: text.nullable() })),
      sim: z.boolean(),
    }) satisfies z.ZodType<PlotShare>,
  ),
});

export const DiagnosisSchema = z.strictObject({
  ...SentenceSchema.shape,
  at: time,
  evidence: z.record(text, z.union([text, number, z.boolean(), z.null()])),
}) satisfies z.ZodType<RoverDiagnosis>;

export const OrderSchema = z.strictObject({
  id: number,
  at: time,
  kind: z.enum(["confirm", "stop", "start", "recheck"]),
  baseId: text.nullable().describe("null: every base"),
  username: text,
  reason: text.nullable(),
}) satisfies z.ZodType<StaffOrder>;
export const OrdersSchema = z.strictObject({ orders: z.array(OrderSchema).describe("newest first") });

export const ArchiveSchema = z.strictObject({
  baseId: text,
  files: z
    .array(z.strictObject({ name: text, from: time, bytes: number, complete: z.boolean().describe("false: its hour is not over") }))
    .describe("one per hour, newest first"),
});
