import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const READY_MS = 40_000;

export interface Ready {
  readonly http: number;
  readonly mqtt: number;
  readonly ntrip: number;
  readonly url: string;
  readonly demo: boolean;
}
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A service started as a user starts it, in a process group and on a data folder of its own. */
export interface Service {
  readonly child: ChildProcess;
  readonly dataDir: string;
  readonly ready: Ready;
  readonly exit: Promise<Exit>;
  output(): string;
  pidsOf(role: string): number[];
  /** SIGTERM to the group; resolves with the exit. */
  stop(): Promise<Exit>;
}

export interface StartOptions {
  readonly site?: unknown; // written to a file and given with --site; absent = demo
  readonly env?: Record<string, string>;
  readonly dataDir?: string;
  readonly through?: "npm" | "launcher";
  readonly args?: readonly string[];
}

export function freshFolder(name: string): string {
  return mkdtempSync(join(tmpdir(), `azemichi-${name}-`));
}

/** Starts without waiting for `ready`: for starts that are to fail. */
export function launch(options: StartOptions): Omit<Service, "ready"> {
  const dataDir = options.dataDir ?? freshFolder("data");
  const args = [...(options.args ?? [])];
  if (options.site !== undefined) {
    const path = join(freshFolder("site"), "site.json");
    writeFileSync(path, typeof options.site === "string" ? options.site : JSON.stringify(options.site));
    args.unshift("--site", path);
  }
  const [command, first] = options.through === "npm" ? ["npm", ["start", "--silent", "--"]] : [process.execPath, [join(ROOT, "app", "start.mjs")]];
  const child = spawn(command, [...first, ...args], {
    cwd: ROOT,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...cleanEnv(), AZEMICHI_DATA_DIR: dataDir, AZEMICHI_HTTP_PORT: "0", AZEMICHI_MQTT_PORT: "0", AZEMICHI_NTRIP_PORT: "0", ...options.env },
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk: Buffer) => (output = (output + chunk.toString("utf8")).slice(-200_000)));
  const exit = new Promise<Exit>((resolve) => child.once("exit", (code, signal) => resolve({ code, signal })));
  return {
    child,
    dataDir,
    exit,
    output: () => output,
    pidsOf: (role) => pidsOf(dataDir, role),
    stop: () => {
      signalGroup(child, "SIGTERM");
      return exit;
    },
  };
}

export async function startService(options: StartOptions = {}): Promise<Service> {
  const service = launch(options);
  const ready = await Promise.race([
    eventually(() => readyIn(service.output()), { timeoutMs: READY_MS, what: "the ready line" }),
    service.exit.then(({ code, signal }) => {
      throw new Error(`ended before it was ready (${code ?? signal}):\n${service.output()}`);
    }),
  ]);
  return { ...service, ready };
}

/** A service that a test no longer needs, however it stands. */
export function killGroup(service: { child: ChildProcess; dataDir: string }): void {
  signalGroup(service.child, "SIGKILL");
  for (const role of ["relay", "field", "web", "sim"]) for (const pid of pidsOf(service.dataDir, role)) process.kill(pid, "SIGKILL");
}

export function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, signal);
  } catch {
    // the group is gone already
  }
}

/** Asks until the answer is neither undefined nor false. The only waiting that tests do. */
export async function eventually<T>(
  ask: () => T | undefined | false | Promise<T | undefined | false>,
  options: { timeoutMs: number; what: string },
): Promise<T> {
  const until = Date.now() + options.timeoutMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (Date.now() > until) throw new Error(`waited ${options.timeoutMs} ms in vain for ${options.what}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

export function readyIn(output: string): Ready | undefined {
  const line = output.split("\n").find((l) => l.startsWith('{"event":"ready"'));
  return line === undefined ? undefined : (JSON.parse(line) as Ready);
}

/** Processes of a role on this data folder, read from the process list as an operator would. */
function pidsOf(dataDir: string, role: string): number[] {
  return readdirSync("/proc").flatMap((entry) => {
    if (!/^\d+$/.test(entry)) return [];
    try {
      const args = readFileSync(`/proc/${entry}/cmdline`, "utf8").split("\0");
      const at = args.indexOf("--role");
      if (at < 0 || args[at + 1] !== role) return [];
      return readFileSync(`/proc/${entry}/environ`, "utf8").split("\0").includes(`AZEMICHI_DATA_DIR=${dataDir}`) ? [Number(entry)] : [];
    } catch {
      return []; // ended while we looked
    }
  });
}

/** The environment of a person's shell: nothing of the test runner's. */
function cleanEnv(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).filter(
      ([key, value]) => value !== undefined && !/^(AZEMICHI_|VITEST|npm_|NODE_OPTIONS|NODE_ENV|TEST$|DEV$|PROD$|MODE$|SSR$)/.test(key),
    ),
  ) as Record<string, string>;
}
