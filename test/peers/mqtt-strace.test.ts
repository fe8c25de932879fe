import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { RawClient, rawConnect, rawPublish, until } from "../broker/support.ts";
import { fieldSiteOf } from "../support/field-process.ts";
import { fieldSite, NETWORK } from "../support/field-site.ts";
import { describeNeeding, programPath } from "../support/requirements.ts";
import { eventually, ROOT } from "../support/service.ts";

const running: ChildProcess[] = [];
afterEach(() => {
  for (const child of running.splice(0)) child.kill("SIGKILL");
});

interface Traced {
  readonly port: number;
  readonly folder: string;
  /** Ends the role and gives every system call that it made. */
  calls(): Promise<readonly Call[]>;
}

/** One system call, in the order of the kernel's answers: when it began and when it was over, as lines of the trace. */
interface Call {
  readonly name: string;
  readonly file: string; // what the descriptor is
  readonly data: Buffer;
  readonly began: number;
  readonly ended: number;
  readonly result: number;
}

/** The field role as it is started otherwise, every write and sync of all its threads written down by strace. */
async function tracedField(): Promise<Traced> {
  const site = await fieldSiteOf(fieldSite());
  const out = join(site.folder, "strace.out");
  const trace = ["-D", "-f", "-yy", "-xx", "-s", "20000", "-o", out, "-e", "trace=write,writev,pwrite64,sendmsg,sendto,fsync,fdatasync"];
  const env = {
    PATH: process.env["PATH"] ?? "",
    AZEMICHI_DATA_DIR: site.folder,
    AZEMICHI_SITE: join(site.folder, "site", "site.json"),
    AZEMICHI_MQTT_PORT: String(site.port),
  };
  const child = spawn(programPath("strace") ?? "strace", [...trace, process.execPath, join(ROOT, "app", "main.mjs"), "--role", "field"], {
    cwd: ROOT,
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  running.push(child);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk.toString("utf8")));
  const exit = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  await eventually(() => output.includes('"event":"ready"'), { timeoutMs: 60_000, what: "the field role under strace" });
  const calls = async (): Promise<readonly Call[]> => {
    child.kill("SIGTERM"); // the role itself: with -D strace stands beside it
    await exit;
    const whole = await eventually(
      () => {
        const text = readFileSync(out, "latin1");
        return new RegExp(`^${child.pid} +\\+\\+\\+ exited`, "m").test(text) ? text : undefined;
      },
      { timeoutMs: 20_000, what: "the end of the trace" },
    );
    return callsIn(whole);
  };
  return { port: site.port, folder: site.folder, calls };
}

/** `pid name(fd<what>, "\x40…", …) = result`, in two lines when another thread came between. */
function callsIn(trace: string): readonly Call[] {
  const begun = new Map<string, { text: string; began: number }>();
  const calls: Call[] = [];
  for (const [n, line] of trace.split("\n").entries()) {
    const [, pid = "", rest = ""] = /^(\d+) +(.*)$/.exec(line) ?? [];
    if (rest.endsWith("<unfinished ...>")) {
      begun.set(pid, { text: rest.slice(0, -"<unfinished ...>".length), began: n });
      continue;
    }
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(rest);
    const first = resumed === null ? { text: "", began: n } : begun.get(pid);
    if (first === undefined) continue;
    const text = first.text + (resumed === null ? rest : (resumed[1] as string));
    const [, name, file = ""] = /^(\w+)\(\d+<((?:[^<>]|<[^<>]*>|->)*)>\s*[,)]/.exec(text) ?? [];
    const [, result] = /= (-?\d+)[^=]*$/.exec(text) ?? [];
    if (name === undefined || result === undefined) continue;
    const data = Buffer.from([...text.matchAll(/"((?:\\x[0-9a-f]{2})*)"/g)].map((m) => (m[1] as string).replaceAll("\\x", "")).join(""), "hex");
    calls.push({ name, file: plain(file), data, began: first.began, ended: n, result: Number(result) });
  }
  return calls;
}

/** strace -xx writes paths in hexadecimal too. */
function plain(text: string): string {
  return text.replace(/\\x([0-9a-f]{2})/g, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

const UP = (n: number): string => `application/a1/device/a84041ffff00000${n}/event/up`;
const login = (id: string): Buffer => rawConnect({ id, user: NETWORK.username, password: NETWORK.password });

/** In which line of the trace each uplink's bytes went to the log, which sync came after that, and when its PUBACK began to leave. */
function ordersOf(
  calls: readonly Call[],
  marks: ReadonlyMap<number, string>,
  clientPort: number,
): readonly { id: number; written: number; synced: number; acknowledged: number }[] {
  const wal = calls.filter((call) => call.file.endsWith("journal.db-wal"));
  const socket = calls.filter((call) => call.file.includes(`:${clientPort}]`) && call.result > 0);
  return [...marks].map(([id, mark]) => {
    const written = wal.find((call) => call.name === "pwrite64" && call.data.includes(mark))?.ended ?? Number.POSITIVE_INFINITY;
    const synced = wal.find((call) => call.name.endsWith("sync") && call.result === 0 && call.began > written)?.ended ?? Number.POSITIVE_INFINITY;
    const acknowledged = socket.find((call) => packetsIn(call.data).some((p) => p[0] === 0x40 && p.readUInt16BE(2) === id))?.began ?? -1;
    return { id, written, synced, acknowledged };
  });
}

/** Whole packets of less than 128 bytes, which is all that a publisher is sent. */
function packetsIn(data: Buffer): Buffer[] {
  const packets: Buffer[] = [];
  for (let at = 0; at + 1 < data.length; at += 2 + (data[at + 1] as number)) packets.push(data.subarray(at, at + 2 + (data[at + 1] as number)));
  return packets;
}

describeNeeding(["strace"], "system calls of field", () => {
  test("no PUBACK leaves before the sync of the journal that holds its uplink: one at a time, and many at once", { timeout: 120_000 }, async () => {
    const field = await tracedField();
    const raw = new RawClient(field.port);
    raw.send(login("one"));
    await until(() => raw.received.length >= 4);
    const marks = new Map<number, string>();
    const publish = (id: number, qos: 1 | 2 = 1): Buffer => {
      marks.set(id, `mark-${id}-of-the-trace`);
      return rawPublish(UP(id % 7), Buffer.from(`{"n":"${marks.get(id)}"}`), { id, qos });
    };
    let awaited = 4;
    for (let id = 1; id <= 10; id += 1) {
      raw.send(publish(id));
      awaited += 4;
      await until(() => raw.received.length >= awaited);
    }
    for (let burst = 0; burst < 20; burst += 1) {
      raw.send(...Array.from({ length: 25 }, (_, i) => publish(1000 + burst * 25 + i)));
      if (burst % 4 === 3) await until(() => raw.received.length >= awaited + burst * 100);
    }
    awaited += 20 * 25 * 4;
    await until(() => raw.received.length >= awaited);
    const clientPort = raw.socket.localPort ?? 0;
    raw.socket.destroy();
    const orders = ordersOf(await field.calls(), marks, clientPort);
    expect(orders).toHaveLength(510);
    expect(orders.filter(({ written, synced, acknowledged }) => !(written < synced && synced < acknowledged))).toEqual([]);
  });
});
