import { DatabaseSync } from "node:sqlite";
import type { CodecAdmin } from "../../api/codec-admin.ts";
import type { ApiContext, ApiSettings, CorrectionHistoryReader, HookPort, Readiness, SiteAdmin, StaffOrders, TelemetryReader } from "../../api/context.ts";
import type { EntryAdmin, UplinkRecord } from "../../api/entry-admin.ts";
import type { FeedLimits } from "../../api/live-feed.ts";
import { LiveFeed } from "../../api/live-feed.ts";
import { LoginGuard } from "../../api/login-guard.ts";
import { Refusals } from "../../api/refusals.ts";
import { createServer } from "../../api/server.ts";
import type { SessionLimits } from "../../api/sessions.ts";
import { Sessions, sessionsMigrations } from "../../api/sessions.ts";
import { SourceStatesFeed } from "../../api/source-states.ts";
import type { Ledger } from "../../core/domain/ledger.ts";
import { DEFAULT_BAND } from "../../core/domain/paddy-status.ts";
import type { Reading } from "../../core/domain/reading.ts";
import type { Catalog } from "../../core/domain/site.ts";
import { siteZone } from "../../core/domain/site-zone.ts";
import { type Log, silentLog } from "../../core/runtime/log.ts";
import { Metrics } from "../../core/runtime/metrics.ts";
import { catalog as townCatalog } from "./town.ts";

export const NOON = Date.parse("2026-06-01T03:00:00.000Z"); // 12:00 in Misato

const ZERO = { received: 0, stored: 0, duplicate: 0, rejected: 0, quarantined: 0, pending: 0 };
export const EMPTY_LEDGER: Ledger = { total: ZERO, bySource: {}, influx: { sent: 0, backlog: 0, refused: 0, lastError: null } };

/** Readings in memory behind the port that the API declares. */
export function telemetryOf(readings: readonly Reading[]): TelemetryReader {
  const matching = (f: { deviceIds?: readonly string[]; plotId?: string; quantity?: string; fromMs?: number; toMs?: number }): Reading[] =>
    readings.filter(
      (r) =>
        (f.deviceIds?.includes(r.deviceId) ?? true) &&
        (f.plotId === undefined || r.plotId === f.plotId) &&
        (f.quantity === undefined || r.quantity === f.quantity) &&
        r.timeMs >= (f.fromMs ?? -Infinity) &&
        r.timeMs < (f.toMs ?? Infinity),
    );
  return {
    latest: async (filter) => {
      const newest = new Map<string, Reading>();
      for (const r of matching(filter)) {
        const key = `${r.deviceId} ${r.quantity} ${r.depthCm}`;
        if (r.timeMs >= (newest.get(key)?.timeMs ?? -Infinity)) newest.set(key, r);
      }
      return [...newest.values()];
    },
    series: async (query) => {
      const points = matching({ ...query, deviceIds: [query.deviceId] }).slice(0, query.max);
      return { unit: "cm", buckets: points.map((r) => [r.timeMs, 1, r.value, r.value, r.value] as const) };
    },
    rows: async function* (filter) {
      yield* matching(filter);
    },
  };
}

const NO_HISTORY: CorrectionHistoryReader = { minutes: async () => [], events: async () => [], track: async () => [], plotShares: async () => [] };

const NO_ENTRIES: EntryAdmin = {
  shown: () => undefined,
  edit: async () => ({ kind: "missing" }),
  makeKey: async () => ({ kind: "missing" }),
  revokeKey: async () => ({ kind: "missing" }),
  giveZero: async () => ({ kind: "missing" }),
  zeroLog: () => [],
};
const NO_UPLINKS: UplinkRecord = {
  list: async () => ({ uplinks: [], next: null }),
  one: async () => null,
  summary: async (fromMs) => ({ from: new Date(fromMs).toISOString(), complete: true, counts: [] }),
  unknownDevices: async () => ({ devices: [], total: 0, next: null }),
};

/** Orders in memory; what the catalog makes of them has its own tests. */
function ordersInMemory(): StaffOrders {
  const orders: ReturnType<StaffOrders["add"]>[] = [];
  return {
    add: ({ atMs, ...order }) => {
      const added = { ...order, id: orders.length + 1, at: new Date(atMs).toISOString() };
      orders.unshift(added);
      return added;
    },
    list: ({ baseId, max }) => orders.filter((o) => baseId === null || o.baseId === null || o.baseId === baseId).slice(0, max),
  };
}

/** A password's stand-in hash: what is tested here is what follows from a verdict; argon2id has its own tests. */
export const hashOf = (password: string): string => `hash of ${password}`;

export interface TestApi {
  readonly api: ApiContext;
  readonly app: Awaited<ReturnType<typeof createServer>>;
  readonly clock: { ms: number };
  readonly metrics: Metrics;
  readonly feed: LiveFeed;
  setCatalog(catalog: Catalog): void;
  /** Logs in by the API and gives the Cookie header. */
  cookieOf(username: string): Promise<string>;
  close(): Promise<void>;
}

/** A catalog without codecs; what they do has its own tests. */
export const NO_CODECS: CodecAdmin = {
  isPath: () => true,
  list: () => [],
  find: () => undefined,
  put: async () => ({ kind: "busy" }),
  remove: async () => false,
  try: async () => null,
  orderRedecode: (order) => ({ ...order, id: 1, cancelledAtMs: null }),
  cancelRedecode: () => undefined,
  redecodes: () => [],
  progress: ({ id }) => ({ id, state: "waiting", total: 0, done: 0, changed: 0, startedAt: null, endedAt: null, error: null }),
};

export interface TestApiOptions {
  readonly codecs?: CodecAdmin;
  readonly demo?: boolean;
  readonly readings?: readonly Reading[];
  readonly telemetry?: TelemetryReader;
  readonly catalog?: Catalog;
  readonly settings?: Partial<ApiSettings>;
  readonly limits?: Partial<FeedLimits>;
  readonly sessionLimits?: SessionLimits;
  readonly siteAdmin?: SiteAdmin;
  readonly history?: Partial<CorrectionHistoryReader>;
  readonly readiness?: Readiness;
  readonly verifyPassword?: ApiContext["verifyPassword"];
  readonly hooks?: HookPort;
  readonly entries?: EntryAdmin;
  readonly uplinks?: UplinkRecord;
  readonly levelKind?: ApiContext["levelKind"];
  readonly log?: Log;
}

/** The whole HTTP side over plain objects: a town, readings in memory, a clock that stands. */
export async function testApi(options: TestApiOptions = {}): Promise<TestApi> {
  const clock = { ms: NOON };
  const nowMs = () => clock.ms;
  const metrics = new Metrics();
  let catalog = options.catalog ?? townCatalog();
  const listeners = new Set<(c: Catalog) => void>();
  const view = {
    current: () => catalog,
    onChange: (listener: (c: Catalog) => void) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
  const feed = new LiveFeed({
    nowMs,
    metrics,
    log: silentLog,
    roverParty: (id) => catalog.rovers.find((r) => r.id === id)?.party ?? null,
    device: (id) => catalog.devices.find((d) => d.id === id),
    ...(options.limits ? { limits: options.limits } : {}),
  });
  view.onChange(() => feed.startOver());
  const db = new DatabaseSync(":memory:");
  for (const migration of sessionsMigrations) db.exec(migration);
  let tokens = 0;
  const api: ApiContext = {
    settings: {
      version: "0.0.0-test",
      demo: options.demo ?? false,
      band: DEFAULT_BAND,
      publicUrl: null,
      trustProxy: null,
      plainListeners: [],
      staticRoot: "/nonexistent",
      archiveFolder: "/nonexistent",
      baseMaps: ["gsi-pale", "gsi-photo"],
      ...options.settings,
    },
    catalog: view,
    zone: () => siteZone(catalog.site.timeZone),
    telemetry: options.telemetry ?? telemetryOf(options.readings ?? []),
    history: { ...NO_HISTORY, ...options.history },
    orders: ordersInMemory(),
    refusals: new Refusals(metrics),
    hooks: options.hooks ?? { submit: async () => "journaled", isToken: (token, digest) => token !== "" && hashOf(token) === digest },
    sources: new SourceStatesFeed(metrics),
    ledger: async () => EMPTY_LEDGER,
    entries: options.entries ?? NO_ENTRIES,
    codecs: options.codecs ?? NO_CODECS,
    uplinks: options.uplinks ?? NO_UPLINKS,
    levelKind: options.levelKind ?? (() => "distance"),
    siteAdmin: options.siteAdmin ?? { exportSite: () => ({ site: { id: "town" } }), importSite: async () => ({ ok: true, warnings: [] }) },
    feed,
    sessions: new Sessions(db, {
      nowMs,
      newToken: () => {
        tokens += 1;
        return `token-${tokens}`;
      },
      ...(options.sessionLimits ? { limits: options.sessionLimits } : {}),
    }),
    guard: new LoginGuard({ nowMs, metrics }),
    verifyPassword: options.verifyPassword ?? (async (password, hash) => hash === hashOf(password)),
    decoyHash: hashOf("a password that nobody has"),
    readiness: async () => options.readiness ?? { canJournal: true, store: "sqlite", degraded: [] },
    roleMetrics: () => new Map([["relay", [["azemichi_relay_frames_total", { mount: "A" }, 3]]]]),
    metrics,
    log: options.log ?? silentLog,
    nowMs,
  };
  const app = await createServer(api);
  return {
    api,
    app,
    clock,
    metrics,
    feed,
    setCatalog: (next) => {
      catalog = next;
      for (const listener of listeners) listener(next);
    },
    cookieOf: async (username) => {
      const answer = await app.inject({ method: "POST", url: "/api/v1/session", payload: { username, password: `${username}-password` } });
      if (answer.statusCode !== 200) throw new Error(`log-in of ${username}: ${answer.statusCode} ${answer.body}`);
      const cookie = answer.cookies[0];
      return `${cookie?.name}=${cookie?.value}`;
    },
    close: async () => {
      feed.close();
      await app.close();
      db.close();
    },
  };
}
