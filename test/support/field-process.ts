import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { readConfig } from "../../app/config.ts";
import { dataFolderOf, makeDataFolder } from "../../app/data-folder.ts";
import { importSiteFile } from "../../app/site-import.ts";
import { eventually, freshFolder, ROOT } from "./service.ts";

/** The field role alone on a data folder with a site's catalog, on one port that stays the same after each restart. */
export interface FieldSite {
  readonly folder: string;
  readonly port: number;
  start(): Promise<FieldProcess>;
}
export interface FieldProcess {
  readonly child: ChildProcess;
  readonly exit: Promise<number | NodeJS.Signals | null>;
  output(): string;
}

export async function fieldSiteOf(site: unknown, env: Record<string, string> = {}): Promise<FieldSite> {
  const dataDir = freshFolder("field");
  mkdirSync(join(dataDir, "site"));
  const sitePath = join(dataDir, "site", "site.json");
  writeFileSync(sitePath, JSON.stringify(site));
  const port = await freePort();
  const settings = { AZEMICHI_DATA_DIR: dataDir, AZEMICHI_SITE: sitePath, AZEMICHI_MQTT_PORT: String(port), ...env };
  const config = readConfig(settings);
  const folder = dataFolderOf(config);
  makeDataFolder(folder);
  await importSiteFile(config, folder);
  return { folder: folder.path, port, start: () => startField({ ...settings, PATH: process.env["PATH"] ?? "" }) };
}

async function startField(env: Record<string, string>): Promise<FieldProcess> {
  const child = spawn(process.execPath, [join(ROOT, "app", "main.mjs"), "--role", "field"], { cwd: ROOT, env, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output = (output + chunk.toString("utf8")).slice(-50_000)));
  const exit = new Promise<number | NodeJS.Signals | null>((resolve) => child.once("exit", (code, signal) => resolve(code ?? signal)));
  const ended = exit.then((how) => {
    throw new Error(`field ended before it was ready (${how}):\n${output}`);
  });
  ended.catch(() => {}); // after it was ready, nobody asks
  await Promise.race([ended, eventually(() => output.includes('"event":"ready"'), { timeoutMs: 20_000, what: "the field role" })]);
  return { child, exit, output: () => output };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => (typeof address === "object" && address !== null ? resolve(address.port) : reject(new Error("no port"))));
    });
  });
}
