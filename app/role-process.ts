import { existsSync, readFileSync } from "node:fs";
import { flushCompileCache } from "node:module";
import { setPriority } from "node:os";
import { join } from "node:path";
import { AzemichiError } from "../core/domain/errors.ts";
import type { CatalogView } from "../core/domain/site.ts";
import type { BusRole } from "../core/runtime/bus-credentials.ts";
import { createLog } from "../core/runtime/log.ts";
import { Metrics } from "../core/runtime/metrics.ts";
import { Resources } from "../core/runtime/resource.ts";
import { newToken } from "../core/runtime/secrets.ts";
import { watchCatalog } from "../store/catalog-watch.ts";
import type { Config } from "./config.ts";
import { type DataFolder, dataFolderOf, folderKey, lastGoodCatalog, lock, makeDataFolder, refuseLostCatalog, writeSecretFile } from "./data-folder.ts";
import { choosePorts } from "./ports.ts";
import type { Ports, RoleContext, RunRole } from "./role.ts";

/** Each role, the listeners that are its own, and its niceness: nothing is ever served before a correction. */
export const ROLES: Readonly<Record<BusRole, { load: () => Promise<{ run: RunRole }>; listeners: readonly (keyof Ports)[]; niceness: number }>> = {
  relay: { load: () => import("./roles/relay.ts"), listeners: ["ntrip", "ntrips"], niceness: 0 },
  field: { load: () => import("./roles/field.ts"), listeners: ["mqtt", "mqtts", "mqttWs"], niceness: 5 },
  web: { load: () => import("./roles/web.ts"), listeners: ["http", "https"], niceness: 5 },
  sim: { load: () => import("./roles/sim.ts"), listeners: [], niceness: 10 },
};

/** What the supervisor hands to a role over their channel. */
export interface Briefing {
  readonly kind: "briefing";
  readonly folder: DataFolder;
  readonly ports: Ports;
  readonly busSecret: string;
}

const CLOSE_TIMEOUT_MS = 3500;

/** One role in this process: under a supervisor, or alone on a data folder (`--role`). Serves until a signal, or until its supervisor is gone. */
export async function runRole(config: Config, role: BusRole): Promise<void> {
  const underSupervisor = process.send !== undefined && process.env["AZEMICHI_TEST_ALONE"] === undefined;
  const ending = new AbortController();
  const end = (): void => ending.abort();
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, end);
  if (process.send) process.on("disconnect", end);

  const loading = ROLES[role].load(); // while the briefing is on its way
  loading.catch(() => undefined); // told below
  const briefing = underSupervisor ? await nextBriefing() : await ownBriefing(config, role);
  const log = createLog({ level: config.logLevel, base: { role } });
  const resources = new Resources(log);
  if (ROLES[role].niceness > 0) setPriority(ROLES[role].niceness); // the relay keeps what its operator gave it
  const release = await lock(briefing.folder, role);
  try {
    const context = contextOf({ config, role, briefing, log, resources, signal: ending.signal });
    const { run } = await loading;
    await run(context);
    announce(role, briefing, underSupervisor);
    flushCompileCache();
    if (!ending.signal.aborted) await new Promise((resolve) => ending.signal.addEventListener("abort", resolve, { once: true }));
  } finally {
    setTimeout(() => process.exit(0), CLOSE_TIMEOUT_MS).unref(); // whatever still hangs must not outlive the service
    await resources.close(1500);
    release();
  }
  process.exit(0);
}

function contextOf(parts: {
  config: Config;
  role: BusRole;
  briefing: Briefing;
  log: RoleContext["log"];
  resources: Resources;
  signal: AbortSignal;
}): RoleContext {
  const { config, role, briefing, log, resources, signal } = parts;
  const { folder, ports, busSecret } = briefing;
  const lastGood = role === "relay" ? { lastGood: { path: lastGoodCatalog(folder), write: writeSecretFile } } : {};
  const catalog: CatalogView = resources.use("catalog", watchCatalog(join(folder.path, "catalog.db"), { log, ...lastGood }), (c) => c.close());
  return {
    role,
    config,
    dataFolder: folder.path,
    demo: folder.demo,
    ports,
    busSecret,
    key: folderKey(folder),
    catalog,
    log,
    metrics: new Metrics(),
    resources,
    signal,
    nowMs: Date.now,
  };
}

function nextBriefing(): Promise<Briefing> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new AzemichiError("STORE_UNAVAILABLE", "the supervisor did not say where to run")), 10_000);
    process.once("message", (message) => {
      clearTimeout(timer);
      resolve(message as Briefing);
    });
  });
}

async function ownBriefing(config: Config, role: BusRole): Promise<Briefing> {
  const folder = dataFolderOf(config);
  if (role === "web") refuseLostCatalog(folder, config); // the only role that writes it
  makeDataFolder(folder);
  if (role === "web" && config.site !== null) {
    const { importSiteFile } = await import("./site-import.ts"); // brings decoders and demo, which no other role needs
    await importSiteFile(config, folder);
  }
  const path = join(folder.path, "run", "bus-secret");
  if (!existsSync(path)) writeSecretFile(path, newToken());
  const { ports } = await choosePorts(config, { demo: folder.demo, only: ROLES[role].listeners });
  return { kind: "briefing", folder, ports, busSecret: readFileSync(path, "utf8") };
}

function announce(role: BusRole, briefing: Briefing, underSupervisor: boolean): void {
  if (underSupervisor) {
    process.send?.({ kind: "ready" });
    return;
  }
  const own = Object.fromEntries(ROLES[role].listeners.map((name) => [name, briefing.ports[name]]).filter(([, port]) => port !== null));
  console.log(JSON.stringify({ event: "ready", role, ...own }));
}
