import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readConfig } from "../../app/config.ts";
import { dataFolderOf, makeDataFolder } from "../../app/data-folder.ts";
import { importSiteFile } from "../../app/site-import.ts";
import { ROOT, type Target, type Tools } from "./tools.ts";

export const ADMIN_PASSWORD = "administrator-of-a-bench";
export const NETWORK = { username: "bench-network", password: "network-password-of-a-bench" };
export const DEVICES = 200;
const FIRST_DEV_EUI = 0xbe4c_0000_0000_0000n; // mqttload's
const MOUNTS = ["BENCH", ...Array.from({ length: 50 }, (_, i) => `BENCH${i}`)];

/** What ntripload asks for: its mounts, its source's password, its rovers' account. And sensors, for what goes on beside it. */
const SITE = {
  site: { id: "bench", name: { ja: "試験", en: "Bench" }, timeZone: "Asia/Tokyo" },
  bases: MOUNTS.map((mount) => ({ id: mount.toLowerCase(), mount, sourcePassword: "test" })),
  rovers: [{ id: "test", username: "test", password: "test", maxSessions: 0 }],
  networks: [{ id: "lns", mqtt: NETWORK }],
  devices: Array.from({ length: DEVICES }, (_, i) => ({ id: `level-${i}`, devEui: (FIRST_DEV_EUI + BigInt(i)).toString(16), profile: "dragino-ldds75" })),
};

export interface Server extends Target {
  readonly ready: Readonly<Record<string, unknown>>;
  readonly pids: readonly number[];
  stop(): Promise<void>;
}

/** A folder with the bench's site file and a data folder in which it has been imported; removed with `remove`. */
export async function benchFolder(): Promise<{ readonly path: string; remove(): void }> {
  const path = mkdtempSync(join(tmpdir(), "azemichi-bench-site-"));
  writeFileSync(join(path, "site.json"), JSON.stringify(SITE));
  const config = readConfig({ AZEMICHI_DATA_DIR: join(path, "data"), AZEMICHI_SITE: join(path, "site.json") });
  const folder = dataFolderOf(config);
  makeDataFolder(folder);
  await importSiteFile(config, folder);
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** The relay alone, or the whole service, as its user starts it. */
export async function startAzemichi(folder: string, what: "relay" | "service"): Promise<Server> {
  const child = spawn(
    process.execPath,
    [join(ROOT, "app", "start.mjs"), "--site", join(folder, "site.json"), ...(what === "relay" ? ["--role", "relay"] : [])],
    {
      cwd: ROOT,
      stdio: ["ignore", "pipe", "ignore"],
      env: {
        PATH: process.env["PATH"] ?? "",
        AZEMICHI_DATA_DIR: join(folder, "data"),
        AZEMICHI_ADMIN_PASSWORD: ADMIN_PASSWORD,
        AZEMICHI_NTRIP_PORT: "0",
        AZEMICHI_HTTP_PORT: "0",
        AZEMICHI_MQTT_PORT: what === "relay" ? String(await freePort()) : "0", // nobody listens there: the relay stands alone
      },
    },
  );
  const ready = await readyLine(child);
  const pids = what === "relay" ? [child.pid as number] : childrenOf(child.pid as number);
  const pid = what === "relay" ? (child.pid as number) : (pids.find((of) => commandOf(of).includes("relay")) ?? (child.pid as number));
  return { ready, pids, pid, port: ready["ntrip"] as number, stop: () => stopped(child) };
}

export async function startFloor(tools: Tools): Promise<Server> {
  const port = await freePort();
  const child = spawn(tools.floor, [String(port)], { stdio: "ignore" });
  await listening(port);
  return { ready: {}, pids: [], pid: child.pid as number, port, stop: () => stopped(child) };
}

const READY_MS = 60_000;

function readyLine(child: ChildProcess): Promise<Record<string, unknown>> {
  return new Promise((resolve, reject) => {
    let text = "";
    const timer = setTimeout(() => reject(new Error(`not ready in time; it said: ${text}`)), READY_MS);
    child.once("exit", (code) => reject(new Error(`ended before it was ready (${code}); it said: ${text}`)));
    child.stdout?.on("data", (chunk: Buffer) => {
      text += chunk.toString("utf8");
      const line = text.split("\n").find((l) => l.startsWith('{"event":"ready"') && l.endsWith("}"));
      if (line === undefined) return;
      clearTimeout(timer);
      resolve(JSON.parse(line) as Record<string, unknown>);
    });
  });
}

function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    const killer = setTimeout(() => child.kill("SIGKILL"), 10_000);
    child.once("exit", () => {
      clearTimeout(killer);
      resolve();
    });
    child.kill("SIGTERM");
  });
}

const commandOf = (pid: number): string => readFileSync(`/proc/${pid}/cmdline`, "utf8");

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean).map(Number);
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen({ host: "127.0.0.1", port: 0 }, () => {
      const address = server.address();
      const port = typeof address === "object" && address ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}

async function listening(port: number): Promise<void> {
  const until = Date.now() + 5000;
  for (;;) {
    const there = await new Promise<boolean>((resolve) => {
      const socket = connect({ host: "127.0.0.1", port }, () => resolve(true));
      socket.once("error", () => resolve(false));
      socket.once("connect", () => socket.destroy());
    });
    if (there) return;
    if (Date.now() > until) throw new Error(`nothing listens on ${port}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
