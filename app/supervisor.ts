import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { AzemichiError } from "../core/domain/errors.ts";
import type { BusRole } from "../core/runtime/bus-credentials.ts";
import { createLog, type Log } from "../core/runtime/log.ts";
import { newToken } from "../core/runtime/secrets.ts";
import type { Config } from "./config.ts";
import { dataFolderOf, lock, makeDataFolder, refuseLostCatalog, writeSecretFile } from "./data-folder.ts";
import { choosePorts } from "./ports.ts";
import { printReady, printWelcome } from "./ready.ts";
import type { Briefing } from "./role-process.ts";
import { ensureAdmin, importDemoSite, importSiteFile } from "./site-import.ts";

const MAIN = fileURLToPath(new URL("./main.mjs", import.meta.url));
const STOP_MS = 4000; // then SIGKILL: everything is gone within 5 s
const READY_MS = 60_000; // a small board with cold caches
const PROMPT_RESTARTS_PER_MIN = 10;
const BACK_OFF_MAX_MS = 30_000;

/** Starts the roles, brings back one that dies, ends them all. Returns when everything has ended. */
export async function supervise(config: Config): Promise<void> {
  const log = createLog({ level: config.logLevel, base: { role: "supervisor" } });
  const ending = endOn(["SIGTERM", "SIGINT", "SIGHUP"]);
  const folder = dataFolderOf(config);
  refuseLostCatalog(folder, config);
  makeDataFolder(folder);
  const release = await lock(folder, "service");
  for (const role of ["relay", "field", "web", "sim"] as const) (await lock(folder, role))();

  const warnings = folder.demo ? [] : await importSiteFile(config, folder);
  if (folder.demo) await importDemoSite(folder);
  const adminPassword = await ensureAdmin(config, folder);
  const { ports, moved } = await choosePorts(config, { demo: folder.demo });
  const briefing: Briefing = { kind: "briefing", folder, ports, busSecret: newToken() };
  writeSecretFile(join(folder.path, "run", "bus-secret"), briefing.busSecret);
  printWelcome({ config, folder, ports, adminPassword, notes: [...moved, ...warnings] });

  const roles = (["relay", "field", "web"] as const).map((role) => new SupervisedRole(role, briefing, log));
  try {
    await Promise.race([Promise.all(roles.map((r) => r.start())), ending]);
    if (!ending.aborted) {
      printReady({ config, folder, ports });
      if (simulatorsWanted(config, folder.demo, log)) {
        const sim = new SupervisedRole("sim", briefing, log);
        roles.push(sim);
        sim.start().catch((error: unknown) => log.error("simulators did not start", { error }));
      }
      await ending;
    }
  } finally {
    await Promise.all(roles.map((r) => r.stop()));
    release();
  }
  process.exit(0);
}

function simulatorsWanted(config: Config, demo: boolean, log: Log): boolean {
  if (config.sim === "off") return false;
  if (!demo && config.sim === "on") log.warn('AZEMICHI_SIM=on has no effect on a real site: `npm run sim -- SCENARIO` sends to bases with "sim": true');
  return demo;
}

/** Resolves at the first signal, or when the launcher is gone. */
function endOn(signals: readonly NodeJS.Signals[]): Promise<void> & { aborted: boolean } {
  let done: () => void = () => {};
  const promise = Object.assign(new Promise<void>((resolve) => (done = resolve)), { aborted: false });
  const end = (): void => {
    promise.aborted = true;
    done();
  };
  for (const signal of signals) process.on(signal, end);
  if (process.send) process.on("disconnect", end);
  return promise;
}

/** One role's process: a union of not yet started, serving, waiting to come back, and stopped. */
class SupervisedRole {
  readonly #role: BusRole;
  readonly #briefing: Briefing;
  readonly #log: Log;
  readonly #deathsAtMs: number[] = [];
  #child: ChildProcess | undefined;
  #retry: NodeJS.Timeout | undefined;
  #stopping = false;
  #served = false;

  constructor(role: BusRole, briefing: Briefing, log: Log) {
    this.#role = role;
    this.#briefing = briefing;
    this.#log = log;
  }

  /** Resolves when the role serves for the first time; rejects when it dies before that. */
  start(): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new AzemichiError("STORE_UNAVAILABLE", `the role ${this.#role} did not get ready within ${READY_MS / 1000} s; its log above says why`)),
        READY_MS,
      );
      this.#spawn({
        ready: () => {
          clearTimeout(timer);
          this.#served = true;
          resolve();
        },
        died: (code) => {
          clearTimeout(timer);
          reject(new AzemichiError("STORE_UNAVAILABLE", `the role ${this.#role} could not start (exit ${code}); its message stands above`));
        },
      });
    });
  }

  #spawn(first?: { ready: () => void; died: (code: number | null) => void }): void {
    const child = spawn(process.execPath, [MAIN, "--role", this.#role], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
    this.#child = child;
    child.on("error", (error) => this.#log.error("role cannot be started", { child: this.#role, error }));
    child.on("message", (message: { kind: string }) => {
      if (message.kind === "ready") {
        first?.ready();
        this.#log.info("role serves", { child: this.#role, pid: child.pid });
      }
    });
    child.send(this.#briefing, () => {}); // a child that died already has an exit event
    child.on("exit", (code, signal) => {
      this.#child = undefined;
      if (this.#stopping) return;
      if (!this.#served) first?.died(code);
      else this.#bringBack(code, signal);
    });
  }

  #bringBack(code: number | null, signal: NodeJS.Signals | null): void {
    const now = Date.now();
    this.#deathsAtMs.push(now);
    while ((this.#deathsAtMs[0] ?? now) < now - 60_000) this.#deathsAtMs.shift();
    const excess = this.#deathsAtMs.length - PROMPT_RESTARTS_PER_MIN;
    // At once means after 20 ms: a signal to the whole group reaches us in that time, and then nothing is brought back.
    const delayMs = excess <= 0 ? 20 : Math.min(BACK_OFF_MAX_MS, 500 * 2 ** Math.min(excess, 6));
    this.#log.warn("role died; it is brought back", { child: this.#role, code, signal, delayMs });
    this.#retry = setTimeout(() => this.#spawn(), delayMs);
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#retry);
    const child = this.#child;
    if (!child) return;
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGTERM");
    const killer = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
    await gone;
    clearTimeout(killer);
  }
}
