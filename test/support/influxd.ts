import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { programPath } from "./requirements.ts";
import { eventually } from "./service.ts";

const START_MS = 20_000;

/** A real influxd 1.x on loopback, with a folder and ports of its own. */
export class Influxd {
  readonly url: string;
  readonly #folder: string;
  readonly #config: string;
  #process: ChildProcess | undefined;

  private constructor(folder: string, config: string, url: string) {
    this.#folder = folder;
    this.#config = config;
    this.url = url;
  }

  /** Chooses its ports and writes its configuration; nothing runs yet. `auth` makes it ask for a user. */
  static async prepare(options: { auth?: "on" } = {}): Promise<Influxd> {
    const folder = mkdtempSync(join(tmpdir(), "azemichi-influxd-"));
    const [rpc, http] = await freePorts(2);
    const config = join(folder, "influxdb.conf");
    const dir = (name: string) => JSON.stringify(join(folder, name));
    writeFileSync(
      config,
      `reporting-disabled = true
bind-address = "127.0.0.1:${rpc}"
[meta]
  dir = ${dir("meta")}
[data]
  dir = ${dir("data")}
  wal-dir = ${dir("wal")}
[monitor]
  store-enabled = false
[http]
  bind-address = "127.0.0.1:${http}"
  log-enabled = false
  auth-enabled = ${options.auth === "on"}
`,
    );
    return new Influxd(folder, config, `http://127.0.0.1:${http}`);
  }

  async start(): Promise<void> {
    const child = spawn(programPath("influxd") ?? "influxd", ["-config", this.#config], { stdio: "ignore" });
    this.#process = child;
    const answers = () =>
      fetch(`${this.url}/ping`).then(
        (answer) => answer.status === 204,
        () => false,
      );
    await eventually(answers, { timeoutMs: START_MS, what: "influxd" });
  }

  async kill(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
  }

  async remove(): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** InfluxQL as an outsider would ask it: rows of every series of the only statement, tags beside the columns. */
  async ask(q: string, db?: string): Promise<Record<string, unknown>[]> {
    const body = new URLSearchParams({ q, epoch: "ms", ...(db === undefined ? {} : { db }) });
    const answer = (await (await fetch(`${this.url}/query`, { method: "POST", body })).json()) as {
      results: { error?: string; series?: { tags?: Record<string, string>; columns: string[]; values: unknown[][] }[] }[];
    };
    const [result] = answer.results;
    if (!result || result.error) throw new Error(result?.error ?? "no result");
    return (result.series ?? []).flatMap((s) => s.values.map((row) => ({ ...s.tags, ...Object.fromEntries(s.columns.map((c, i) => [c, row[i]])) })));
  }
}

async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer().listen(0, "127.0.0.1");
      await once(server, "listening");
      return server;
    }),
  );
  return Promise.all(
    servers.map(async (server) => {
      const { port } = server.address() as { port: number };
      const closed = once(server, "close");
      server.close();
      await closed;
      return port;
    }),
  );
}
