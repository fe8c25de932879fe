import { type ChildProcess, spawn } from "node:child_process";
import { accessSync, constants, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { delimiter, join } from "node:path";

/** Path of mosquitto, or undefined. */
export function mosquittoPath(): string | undefined {
  for (const folder of [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin"]) {
    try {
      accessSync(join(folder, "mosquitto"), constants.X_OK);
      return join(folder, "mosquitto");
    } catch {
      // not in this folder
    }
  }
  return undefined;
}

export interface Mosquitto {
  readonly port: number;
  readonly pid: number;
  stop(): Promise<void>;
}

/** mosquitto as fast as it can be: nothing kept, nothing logged, anonymous, no bound on what is in flight. */
export async function startMosquitto(program: string, folder: string): Promise<Mosquitto> {
  const port = await freePort();
  const path = join(mkdtempSync(join(folder, "mosquitto-")), "mosquitto.conf");
  const lines = [
    `listener ${port} 127.0.0.1`,
    "allow_anonymous true",
    "persistence false",
    "max_inflight_messages 0",
    "max_queued_messages 0",
    "log_type none",
  ];
  writeFileSync(path, `${lines.join("\n")}\n`);
  const child = spawn(program, ["-c", path], { stdio: "ignore" });
  await listening(port);
  return { port, pid: child.pid as number, stop: () => stopped(child) };
}

function stopped(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve();
    child.once("exit", () => resolve());
    child.kill("SIGTERM");
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen({ host: "127.0.0.1", port: 0 }, () => {
      const address = server.address();
      server.close(() => (typeof address === "object" && address !== null ? resolve(address.port) : reject(new Error("no port"))));
    });
  });
}

const LISTENING_MS = 5000;

async function listening(port: number): Promise<void> {
  const until = Date.now() + LISTENING_MS;
  for (;;) {
    const there = await new Promise<boolean>((resolve) => {
      const socket = connect({ host: "127.0.0.1", port }, () => {
        socket.destroy();
        resolve(true);
      });
      socket.once("error", () => resolve(false));
    });
    if (there) return;
    if (Date.now() > until) throw new Error(`nothing listens on ${port}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Resident memory, MB; CPU so far of each thread by name, s. */
export function processOf(pid: number): { readonly rssMb: number; readonly cpuS: ReadonlyMap<string, number> } {
  const rssMb = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1000;
  const cpuS = new Map<string, number>();
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    try {
      const [, name = "?", rest = ""] = /^\d+ \((.*)\) (.*)$/.exec(readFileSync(`/proc/${pid}/task/${thread}/stat`, "utf8")) ?? [];
      const fields = rest.split(" ");
      cpuS.set(name, (cpuS.get(name) ?? 0) + (Number(fields[11]) + Number(fields[12])) / 100);
    } catch {
      // a thread that ended while we looked
    }
  }
  return { rssMb, cpuS };
}
