import { execFile } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { benchFolder, NETWORK, startAzemichi } from "../relay/servers.ts";
import { mosquittoPath, processOf, startMosquitto } from "./servers.ts";

const USAGE = `usage: node bench/ingest/mqtt.ts [plain] [chirpstack] [--rounds N] [--seconds S]
  plain        200 bytes that no decoder knows: journaled, quarantined
  chirpstack   ChirpStack v4 up events of Dragino LDDS75 frames: journaled, decoded, stored
  --rounds N   mosquitto and the whole service alternate so often, each on a fresh data folder; the median counts (3)
  --seconds S  of each measurement, after 2 s of warm-up (6)
  50 clients with 20 publishes in flight each, QoS 1, no subscriber; prints a table in Markdown`;

const MQTTLOAD = fileURLToPath(new URL("../../../shared/bench/mqttload.mjs", import.meta.url));
const ROWS = { plain: { title: "200 B", must: 0.7 }, chirpstack: { title: "`--payload chirpstack`", must: 0.45 } } as const;
type RowName = keyof typeof ROWS;
const TOPIC = "application/bench/device/{devEui}/event/up";
const BACKLOG_MS = 60_000;
const LOAD_MOST_MS = 120_000;

interface Load {
  readonly acked_per_s: number;
  readonly acked_in_all: number;
  readonly reconnects: number;
  readonly ack_ms: { readonly p50: number; readonly p99: number };
  readonly cpu_s: Readonly<Record<string, number>>;
}

interface Round {
  readonly ours: Load;
  readonly mosquitto: Load;
  readonly restMb: number;
  readonly loadMb: number;
  readonly backlogS: number | null; // until all was processed; null: not in time
  readonly cpu: string;
}

/** Measures the rows named beside mosquitto. Prints; writes nothing. */
export async function main(args: readonly string[]): Promise<void> {
  const options = { rounds: { type: "string", default: "3" }, seconds: { type: "string", default: "6" }, help: { type: "boolean", default: false } } as const;
  const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options });
  const mosquitto = mosquittoPath();
  const names = (positionals.length === 0 ? Object.keys(ROWS) : positionals) as RowName[];
  if (values.help || names.some((name) => !(name in ROWS))) return console.log(USAGE);
  if (!existsSync(MQTTLOAD)) return console.log("Left out: the folder ../shared/bench with mqttload.mjs is not there.");
  if (mosquitto === undefined) return console.log("Left out: mosquitto is not installed (apt-get install -y mosquitto).");
  const table = [
    "| load | acknowledged/s ÷ mosquitto's (must) | ours /s | mosquitto /s | backlog done after | field at rest, under load |",
    "|---|---|---|---|---|---|",
  ];
  const before = readFileSync("/proc/loadavg", "utf8").split(" ")[0];
  for (const name of names) {
    const rounds: Round[] = [];
    for (let i = 0; i < Number(values.rounds); i += 1) {
      const round = await measure(name, mosquitto, values.seconds);
      rounds.push(round);
      console.error(`${name} ${i + 1}/${values.rounds}: ${lineOf(round)}`);
    }
    table.push(rowOf(name, rounds));
  }
  console.log(`Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? "?"}, load before ${before}\n\n${table.join("\n")}`);
}

async function measure(name: RowName, mosquittoProgram: string, seconds: string): Promise<Round> {
  const folder = await benchFolder();
  const load = ["--payload", name, "--seconds", seconds];
  try {
    const other = await startMosquitto(mosquittoProgram, folder.path);
    const mosquitto = await mqttload(other, load).finally(() => other.stop());
    const service = await startAzemichi(folder.path, "service");
    try {
      const pid = service.pids.find((of) => readFileSync(`/proc/${of}/cmdline`, "utf8").split("\0").includes("field")) as number;
      const rest = processOf(pid);
      const ours = await mqttload({ port: service.ready["mqtt"] as number, pid }, load);
      const after = processOf(pid);
      const cpu = [...after.cpuS].map(([thread, s]) => [thread, s - (rest.cpuS.get(thread) ?? 0)] as const).filter(([, s]) => s > 0.05);
      const backlogS = await backlog(join(folder.path, "data"));
      return { ours, mosquitto, restMb: rest.rssMb, loadMb: after.rssMb, backlogS, cpu: cpu.map(([thread, s]) => `${thread} ${s.toFixed(1)}`).join(", ") };
    } finally {
      await service.stop();
    }
  } finally {
    rmSync(join(folder.path, "data"), { recursive: true, force: true });
    folder.remove();
  }
}

function mqttload({ port, pid }: { port: number; pid: number }, args: readonly string[]): Promise<Load> {
  const account = ["--user", NETWORK.username, "--password", NETWORK.password];
  const all = [MQTTLOAD, "--port", String(port), "--pid", String(pid), "--publishers", "50", "--window", "20", "--topic", TOPIC, ...account, ...args];
  return new Promise((resolve, reject) => {
    execFile(process.execPath, all, { timeout: LOAD_MOST_MS }, (error, stdout) => (error ? reject(error) : resolve(JSON.parse(stdout) as Load)));
  });
}

/** Seconds until the ingest thread has come to the journal's end, as the ledger would say it. */
async function backlog(dataFolder: string): Promise<number | null> {
  const journal = new DatabaseSync(join(dataFolder, "journal.db"), { readOnly: true });
  const readings = new DatabaseSync(join(dataFolder, "readings.db"), { readOnly: true });
  const last = journal.prepare("SELECT max(seq) AS seq FROM uplink");
  const cursor = readings.prepare("SELECT cursor FROM progress");
  const since = performance.now();
  try {
    while (performance.now() - since < BACKLOG_MS) {
      const { seq } = last.get() as { seq: number | null };
      if (Number((cursor.get() as { cursor: number } | undefined)?.cursor ?? 0) >= (seq ?? 0)) return (performance.now() - since) / 1000;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return null;
  } finally {
    journal.close();
    readings.close();
  }
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
const ratioOf = ({ ours, mosquitto }: Round): number => ours.acked_per_s / mosquitto.acked_per_s;

function lineOf(round: Round): string {
  const { ours, mosquitto, backlogS } = round;
  const ack = `ack p50 ${ours.ack_ms.p50} ms, p99 ${ours.ack_ms.p99} ms (mosquitto ${mosquitto.ack_ms.p50}, ${mosquitto.ack_ms.p99})`;
  const done = backlogS === null ? "backlog NOT done in 60 s" : `backlog done after ${backlogS.toFixed(1)} s`;
  return `${ratioOf(round).toFixed(2)}: ${ours.acked_per_s}/s beside ${mosquitto.acked_per_s}/s; ${ack}; ${done}; CPU s of threads: ${round.cpu}`;
}

function rowOf(name: RowName, rounds: readonly Round[]): string {
  const { title, must } = ROWS[name];
  const ratios = rounds.map(ratioOf);
  const ratio = median(ratios);
  const text = `${ratio.toFixed(2)} [${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)}] (${must})`;
  const backlogs = rounds.map((r) => r.backlogS ?? Number.POSITIVE_INFINITY);
  const cells = [
    title,
    ratio >= must ? text : `**${text}**`,
    Math.round(median(rounds.map((r) => r.ours.acked_per_s))),
    Math.round(median(rounds.map((r) => r.mosquitto.acked_per_s))),
    Number.isFinite(Math.max(...backlogs)) ? `${median(backlogs).toFixed(1)} s` : "**not in 60 s**",
    `${Math.round(median(rounds.map((r) => r.restMb)))} MB, ${Math.round(median(rounds.map((r) => r.loadMb)))} MB`,
  ];
  return `| ${cells.join(" | ")} |`;
}

if (import.meta.main) await main(process.argv.slice(2));
