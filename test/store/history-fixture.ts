import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BaseHealth, BaseTruth, RelayEvent, RoverState } from "../../core/domain/live.ts";
import { Metrics } from "../../core/runtime/metrics.ts";
import { openForWriting } from "../../core/runtime/sqlite.ts";
import { CorrectionHistory } from "../../store/correction-history.ts";
import { CorrectionsQueries } from "../../store/corrections-queries.ts";
import { correctionsMigrations } from "../../store/corrections-schema.ts";

export const NOON = Date.parse("2026-06-01T03:00:00.000Z");
export const at = (seconds: number): string => new Date(NOON + seconds * 1000).toISOString();

export const truth = (patch: { guard?: BaseTruth["guard"]["state"]; verdict?: BaseTruth["verdict"]; displacementM?: number }): BaseTruth => ({
  guard: { state: patch.guard ?? "passing", confirmed: true, since: at(0), reason: null, offSurveyM: 0.002 },
  verdict: patch.verdict ?? "good",
  findings: [],
  displacementM: patch.displacementM ?? null,
  singlePoint: { state: "insufficient", offM: null, upM: null, spanS: 0, note: { code: "sp", ja: "-", en: "-" } },
  medianCnrDbHz: 44,
  inPool: true,
  source: { kind: "push", note: null },
});

export const health = (seconds: number, patch: Partial<BaseHealth> = {}): BaseHealth => ({
  baseId: "misato1",
  mount: "MISATO1",
  at: at(seconds),
  state: "sending",
  sim: false,
  connectedSince: at(-3600),
  sourceAgent: "NTRIP test",
  lastEpochAt: at(seconds),
  epochAgeS: 0.1,
  epochLatencyMs: 100,
  bytesPerS: 700,
  frames: 1,
  crcFailures: 0,
  skippedBytes: 0,
  messages: [],
  satellites: { GPS: 9, QZSS: 4 },
  antenna: null,
  receiver: null,
  rovers: 1,
  truth: truth({}),
  ...patch,
});

export const rover = (seconds: number, patch: Partial<RoverState> = {}): RoverState => ({
  roverId: "tractor-1",
  at: at(seconds),
  state: "connected",
  sim: false,
  mount: "FIELD",
  baseId: "misato1",
  agent: "NTRIP rover",
  connectedSince: at(-100),
  sentBytes: 1,
  skippedEpochs: 0,
  correctionAgeS: 0.3,
  position: { latDeg: 39.420123456, lonDeg: 140.550123456, heightM: 61.234, at: at(seconds) },
  fix: "fix",
  satellites: 24,
  hdop: 0.61,
  ggaAgeS: 1.2,
  baselineKm: 2.345,
  service: {
    requestedMount: "FIELD",
    sessions: 1,
    plotId: null,
    sendLatencyMs: 210,
    relayLatencyMs: 31,
    unsentBytes: 0,
    gaps: 0,
    ggaAgeS: 0.2,
    datum: "JGD2011@元期",
    otherStation: null,
    switches: [],
    notice: null,
  },
  ...patch,
});

export const event = (seconds: number, patch: Partial<RelayEvent> = {}): RelayEvent => ({
  at: at(seconds),
  code: "arp-jumped",
  ja: "動きました",
  en: "moved",
  baseId: "misato1",
  roverId: null,
  severity: "alarm",
  ...patch,
});

/** A history over a file of its own; `again` is the same file opened by a later run. */
export function freshHistory(options: { path?: string; limits?: ConstructorParameters<typeof CorrectionHistory>[0]["limits"] } = {}) {
  const path = options.path ?? join(mkdtempSync(join(tmpdir(), "azemichi-history-")), "corrections.db");
  const db = openForWriting(path, correctionsMigrations);
  const metrics = new Metrics();
  const clock = { ms: NOON };
  const plotAt = (place: { lonDeg: number }): string | null => (place.lonDeg > 140.6 ? "higashi-1" : null);
  const history = new CorrectionHistory({ db, plotAt, nowMs: () => clock.ms, metrics, ...(options.limits ? { limits: options.limits } : {}) });
  const tell = (topic: string, message: object | string): void =>
    history.hear(`azemichi/v1/${topic}`, Buffer.from(typeof message === "string" ? message : JSON.stringify(message)));
  return { path, db, metrics, clock, history, queries: new CorrectionsQueries(db), tell };
}
