import type { PlainListener } from "../core/domain/api.ts";
import type { BaseHistoryMinute, PlotShare, TrackPoint } from "../core/domain/history.ts";
import type { Ledger } from "../core/domain/ledger.ts";
import type { RelayEvent } from "../core/domain/live.ts";
import type { WaterBandCm } from "../core/domain/paddy-status.ts";
import type { Quantity } from "../core/domain/quantity.ts";
import type { Reading } from "../core/domain/reading.ts";
import type { CatalogView } from "../core/domain/site.ts";
import type { SiteZone } from "../core/domain/site-zone.ts";
import type { StaffOrder } from "../core/domain/staff-order.ts";
import type { Log } from "../core/runtime/log.ts";
import type { MetricSample, Metrics } from "../core/runtime/metrics.ts";
import type { CodecAdmin } from "./codec-admin.ts";
import type { EntryAdmin, UplinkRecord } from "./entry-admin.ts";
import type { Hook, HookOutcome } from "./hook-client.ts";
import type { LiveFeed } from "./live-feed.ts";
import type { LoginGuard } from "./login-guard.ts";
import type { ProblemIssue } from "./problem.ts";
import type { Refusals } from "./refusals.ts";
import type { Sessions } from "./sessions.ts";
import type { SourceStatesFeed } from "./source-states.ts";

/** Buckets as `GET series` gives them: [tMs, n, min, mean, max], empty ones with nulls. */
export type SeriesBucket = readonly [tMs: number, n: number, min: number | null, mean: number | null, max: number | null];

/** What has been measured, read while others write. Times are Unix ms of the event, [fromMs, toMs); absent = unbounded. */
export interface TelemetryReader {
  /** Greatest event time per device, quantity and depth, whatever its flag. */
  latest(filter: { deviceIds?: readonly string[]; plotId?: string }): Promise<readonly Reading[]>;
  series(query: {
    deviceId: string;
    quantity: Quantity;
    depthCm?: number;
    fromMs?: number;
    toMs?: number;
    max: number;
  }): Promise<{ unit: string; buckets: readonly SeriesBucket[] }>;
  rows(filter: { deviceIds?: readonly string[]; plotId?: string; quantity?: Quantity; fromMs?: number; toMs?: number }): AsyncIterable<Reading>;
}

/** [fromMs, toMs), Unix ms. */
export interface HistoryPeriod {
  readonly fromMs: number;
  readonly toMs: number;
}

/** What bases and rovers did, read while others write. Empty as long as nothing was written. */
export interface CorrectionHistoryReader {
  minutes(baseId: string, period: HistoryPeriod): Promise<readonly BaseHistoryMinute[]>;
  /** Newest first. */
  events(of: { readonly kind: "base" | "rover"; readonly id: string } & HistoryPeriod & { readonly max: number }): Promise<readonly RelayEvent[]>;
  /** In order of time. */
  track(roverId: string, period: HistoryPeriod, max: number): Promise<readonly TrackPoint[]>;
  plotShares(roverId: string, period: HistoryPeriod): Promise<readonly PlotShare[]>;
}

/** What staff decided about bases. */
export interface StaffOrders {
  add(order: Pick<StaffOrder, "kind" | "baseId" | "username" | "reason"> & { readonly atMs: number }): StaffOrder;
  /** Newest first; of one base with those for all, or every one. */
  list(filter: { readonly baseId: string | null; readonly max: number }): readonly StaffOrder[];
}

/** The site file in and out of the catalog. */
export interface SiteAdmin {
  exportSite(): unknown;
  importSite(
    doc: unknown,
  ): Promise<{ readonly ok: true; readonly warnings: readonly string[] } | { readonly ok: false; readonly issues: readonly ProblemIssue[] }>;
}

/** `canJournal` false: uplinks are refused right now. `degraded`: what is amiss beside that, in short sentences. */
export interface Readiness {
  readonly canJournal: boolean;
  readonly store: string;
  readonly degraded: readonly string[];
}

export interface ApiSettings {
  readonly version: string;
  readonly demo: boolean;
  readonly band: WaterBandCm;
  readonly publicUrl: string | null;
  readonly trustProxy: string | null; // addresses of a reverse proxy, comma-separated
  readonly plainListeners: readonly PlainListener[];
  readonly staticRoot: string; // the built map; may be missing
  readonly archiveFolder: string; // hourly raw files, one folder per base; may be missing
  readonly baseMaps: readonly ("gsi-pale" | "gsi-photo")[]; // offered beside the blank one
}

/** The way of HTTP hooks into the journal. */
export interface HookPort {
  /** Resolves when it is on disk, or is not and will not be by this call. Never rejects. */
  submit(hook: Hook): Promise<HookOutcome>;
  /** In constant time; `digest` null (no such network, or none with a token) takes as long and is never right. */
  isToken(token: string, digest: string | null): boolean;
}

/** All that the routes stand on. */
export interface ApiContext {
  readonly settings: ApiSettings;
  readonly catalog: CatalogView;
  readonly zone: () => SiteZone; // of the catalog as it is now
  readonly telemetry: TelemetryReader;
  readonly history: CorrectionHistoryReader;
  readonly orders: StaffOrders;
  readonly refusals: Refusals;
  readonly hooks: HookPort;
  readonly sources: SourceStatesFeed;
  readonly ledger: () => Promise<Ledger>;
  readonly siteAdmin: SiteAdmin;
  readonly entries: EntryAdmin;
  readonly codecs: CodecAdmin;
  readonly uplinks: UplinkRecord;
  /** How a product makes a level of what it measures (`zeroMm` of a placement); null: it measures none, or a vendor's script says so. */
  readonly levelKind: (profile: string) => "distance" | "head" | null;
  readonly feed: LiveFeed;
  readonly sessions: Sessions;
  readonly guard: LoginGuard;
  readonly verifyPassword: (password: string, hash: string) => Promise<boolean>;
  readonly decoyHash: string; // of a password nobody has: unknown users cost the same work
  readonly readiness: () => Promise<Readiness>;
  readonly roleMetrics: () => ReadonlyMap<string, readonly MetricSample[]>;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly nowMs: () => number;
}
