import { isIP } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ApiContext, HookPort, Readiness, SiteAdmin } from "../../api/context.ts";
import { HookClient } from "../../api/hook-client.ts";
import { LiveFeed } from "../../api/live-feed.ts";
import { LoginGuard } from "../../api/login-guard.ts";
import { Refusals } from "../../api/refusals.ts";
import { createServer } from "../../api/server.ts";
import { Sessions, sessionsMigrations } from "../../api/sessions.ts";
import { SourceStatesFeed } from "../../api/source-states.ts";
import { createTlsListener } from "../../api/tls-listener.ts";
import { AzemichiError } from "../../core/domain/errors.ts";
import type { Ledger } from "../../core/domain/ledger.ts";
import { DEFAULT_BAND } from "../../core/domain/paddy-status.ts";
import type { CatalogView } from "../../core/domain/site.ts";
import { type SiteZone, siteZone } from "../../core/domain/site-zone.ts";
import { topics } from "../../core/domain/topics.ts";
import type { MetricSample } from "../../core/runtime/metrics.ts";
import { decoyHash, equalSecrets, newToken, tokenDigest, verifyPassword } from "../../core/runtime/secrets.ts";
import { openForWriting } from "../../core/runtime/sqlite.ts";
import { levelKind } from "../../ingest/decoders/registry.ts";
import type { CatalogStore } from "../../store/catalog.ts";
import { CorrectionsReader } from "../../store/corrections-reader.ts";
import { QueryThread } from "../../store/query-thread.ts";
import { openSqliteReader } from "../../store/sqlite-reader.ts";
import { UplinkReader } from "../../store/uplink-reader.ts";
import type { Bus } from "../bus.ts";
import { connectBus } from "../bus.ts";
import { entryAdminOf } from "../entry-admin.ts";
import { hookCredential, hookSocketToConnect } from "../hook-socket.ts";
import { plainListeners, VERSION } from "../ready.ts";
import type { RoleContext, RunRole } from "../role.ts";
import { openCatalog } from "../site-import.ts";
import { openCodecAdmin } from "./codec-admin.ts";
import type { LedgerWorkerData } from "./ledger-worker.ts";
import { uplinkTrouble } from "./uplink-trouble.ts";

const MAP_ROOT = fileURLToPath(new URL("../../map-ui/dist/", import.meta.url));
const HEARTBEAT_MS = 15_000;
const ROVER_TICK_MS = 250;
const BUS_WAIT_MS = 3000;
const CERTIFICATE_LOOK_MS = 60_000;

/** The API and the map. */
export const run: RunRole = async (context) => {
  checkTrustProxy(context.config.trustProxy);
  const { config, dataFolder, log, metrics, nowMs, ports, resources, catalog } = context;
  const zone = (): SiteZone => siteZone(catalog.current().site.timeZone);
  const feed = resources.use("live feed", newFeed(context), (f) => f.close());
  const bus = resources.use("bus", connectBus(context), (b) => b.close());
  feed.listen(bus);
  const refusals = new Refusals(metrics);
  refusals.listen(bus);
  const sources = new SourceStatesFeed(metrics);
  sources.listen(bus);
  const roleMetrics = collectRoleMetrics(bus, context);
  resources.use(
    "catalog subscription",
    catalog.onChange(() => feed.startOver()),
    (end) => end(),
  );
  const sessionsDb = resources.use("sessions", openForWriting(join(dataFolder, "sessions.db"), sessionsMigrations), (db) => db.close());
  const store = resources.use("catalog", openCatalog({ path: dataFolder, demo: context.demo }), (s) => s.close());
  const telemetry = resources.use("readings", openSqliteReader(join(dataFolder, "readings.db"), { zoneOffsetMs: zone().offsetMs(nowMs()) }), (r) => r.close());
  const history = resources.use("history", new CorrectionsReader(join(dataFolder, "corrections.db")), (r) => r.close());
  const uplinksThread = { script: new URL("./web-uplinks-worker.ts", import.meta.url), data: { folder: dataFolder } };
  const uplinks = resources.use("uplinks", new UplinkReader(uplinksThread), (r) => r.close());
  const ledger = openLedger(context);

  const api: ApiContext = {
    settings: {
      version: VERSION,
      demo: context.demo,
      band: DEFAULT_BAND,
      publicUrl: config.publicUrl,
      trustProxy: config.trustProxy,
      plainListeners: plainListeners(config),
      staticRoot: MAP_ROOT,
      archiveFolder: join(dataFolder, "archive"),
      baseMaps: ["gsi-pale", "gsi-photo"],
    },
    catalog,
    zone,
    telemetry,
    history,
    orders: { add: (order) => store.order(order), list: (filter) => store.orders(filter) },
    refusals,
    hooks: openHooks(context),
    sources,
    ledger,
    siteAdmin: siteAdminOf(store, catalog),
    entries: entryAdminOf(store, catalog),
    codecs: openCodecAdmin(context, store),
    uplinks,
    levelKind,
    feed,
    sessions: new Sessions(sessionsDb, { nowMs, newToken }),
    guard: new LoginGuard({ nowMs, metrics }),
    verifyPassword,
    decoyHash: decoyHash(),
    readiness: () => readinessOf({ context, bus, ledger, roleMetrics, sources }),
    roleMetrics: () => roleMetrics,
    metrics,
    log,
    nowMs,
  };
  const app = resources.use("http", await createServer(api), (a) => a.close());
  every(context, HEARTBEAT_MS, () => feed.beat());
  every(context, ROVER_TICK_MS, () => feed.tick());
  await app.listen({ host: config.http.bind, port: ports.http });
  if (config.tls && ports.https !== null) {
    const { server, refresh } = createTlsListener(app, { ...config.tls, log, metrics });
    resources.use("https", server, (s) => {
      s.close();
      s.closeAllConnections();
    });
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen({ host: config.http.bind, port: ports.https ?? 0 }, resolve);
    });
    every(context, CERTIFICATE_LOOK_MS, refresh);
  }
  await bus.settled(BUS_WAIT_MS); // serves already; `ready` is said when it can also tell what field says
};

/** An address, a network in CIDR form, or one of the names for private networks; commas between. */
function checkTrustProxy(text: string | null): void {
  for (const part of text?.split(",") ?? []) {
    const [address = "", bits] = part.trim().split("/");
    const named = ["loopback", "linklocal", "uniquelocal"].includes(part.trim());
    const widest = isIP(address) === 6 ? 128 : 32;
    if (named || (isIP(address) !== 0 && (bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) >= 1 && Number(bits) <= widest)))) continue;
    throw new AzemichiError("CONFIG_INVALID", `AZEMICHI_TRUST_PROXY: ${part.trim()} is no IP address or network`, { context: { key: "AZEMICHI_TRUST_PROXY" } });
  }
}

function newFeed(context: RoleContext): LiveFeed {
  const { nowMs, metrics, log, catalog } = context;
  return new LiveFeed({
    nowMs,
    metrics,
    log,
    roverParty: (id) => catalog.current().rovers.find((r) => r.id === id)?.party ?? null,
    device: (id) => catalog.current().devices.find((d) => d.id === id),
  });
}

function every(context: RoleContext, ms: number, work: () => void): void {
  context.resources.use("timer", setInterval(work, ms), (timer) => clearInterval(timer));
}

function siteAdminOf(store: CatalogStore, catalog: CatalogView): SiteAdmin {
  return {
    exportSite: () => store.exportSite(),
    importSite: async (document) => {
      const result = await store.importSite(document);
      catalog.refresh?.();
      return result.ok ? { ok: true, warnings: result.warnings.map((w) => `${w.path}: ${w.message}`) } : result;
    },
  };
}

/** Hooks go to `field` over its local socket; tokens are known by their digests under the data folder's key. */
function openHooks({ dataFolder, busSecret, key, metrics, resources }: RoleContext): HookPort {
  const path = (): string | undefined => hookSocketToConnect(dataFolder);
  const client = resources.use("hooks", new HookClient({ path, credential: hookCredential(busSecret), metrics, random: Math.random }), (c) => c.close());
  client.start();
  const nobody = tokenDigest(key, newToken());
  return {
    submit: (hook) => client.submit(hook),
    isToken: (token, digest) => equalSecrets(tokenDigest(key, token), digest ?? nobody) && digest !== null && token !== "",
  };
}

/** Read from disk, so that it answers while `field` is down. */
function openLedger(context: RoleContext): () => Promise<Ledger> {
  const data: LedgerWorkerData = { dataFolder: context.dataFolder };
  const thread = new QueryThread<object>({ script: new URL("./ledger-worker.ts", import.meta.url), data, what: "ledger" });
  context.resources.use("ledger", thread, (t) => t.close());
  return async () => (await thread.ask({})) as Ledger;
}

const ROLES_MAX = 8;

/** The newest counters of each role that publishes them. */
function collectRoleMetrics(bus: Bus, context: RoleContext): ReadonlyMap<string, readonly MetricSample[]> {
  const byRole = new Map<string, readonly MetricSample[]>();
  const own = topics.metrics("");
  bus.subscribe(topics.metrics("+"), (topic, payload) => {
    const role = topic.slice(own.length);
    if (role === context.role || (!byRole.has(role) && byRole.size >= ROLES_MAX)) return;
    const samples = samplesOf(payload);
    if (samples) byRole.set(role, samples);
    else context.metrics.count("azemichi_web_bus_malformed_total");
  });
  return byRole;
}

function samplesOf(payload: Uint8Array): MetricSample[] | undefined {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(payload).toString("utf8"));
    return Array.isArray(parsed) ? (parsed as MetricSample[]) : undefined;
  } catch {
    return undefined; // counted by the caller
  }
}

/** Uplinks are journaled by `field`: without its broker, or when it says that it cannot, none are. Other trouble only degrades. */
async function readinessOf(parts: {
  context: RoleContext;
  bus: Bus;
  ledger: () => Promise<Ledger>;
  roleMetrics: ReadonlyMap<string, readonly MetricSample[]>;
  sources: SourceStatesFeed;
}): Promise<Readiness> {
  const { context, bus, ledger, roleMetrics, sources } = parts;
  const degraded: string[] = sources.troubles();
  const accepting = (roleMetrics.get("field")?.find(([name]) => name === "azemichi_field_ready")?.[2] ?? 1) !== 0;
  const trouble = uplinkTrouble({ reached: bus.connected, accepting, dataFolder: context.dataFolder });
  if (trouble !== null) degraded.unshift(trouble);
  try {
    const { influx } = await ledger();
    if (context.config.influx && influx.lastError !== null) degraded.push(`influxdb: ${influx.lastError}`);
  } catch (error) {
    context.log.warn("ledger cannot be read", { error });
    degraded.push("readings: the ledger cannot be read");
  }
  return { canJournal: trouble === null, store: context.config.influx ? "sqlite+influxdb" : "sqlite", degraded };
}
