import { execFile } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { benchFolder, DEVICES, NETWORK, startAzemichi } from "../relay/servers.ts";
import { processOf } from "./servers.ts";

const USAGE = `usage: node bench/ingest/queryable.ts [--rate R] [--seconds S]
  ChirpStack uplinks at a steady rate (2000/s) for S seconds (60) through the whole service: how long from receipt until each can be queried.
  Looked at from outside, in journal.db and readings.db, every 20 ms. Prints; writes nothing.`;

const MQTTLOAD = fileURLToPath(new URL("../../../shared/bench/mqttload.mjs", import.meta.url));
const LOOK_MS = 20;
const DONE_MS = 60_000;

interface Look {
  readonly atMs: number;
  readonly cursor: number; // what is processed, and so can be queried, at that time
}

/** Receipt to queryable, p50, p99 and most, in ms, with the memory of the field role. */
export async function main(args: readonly string[]): Promise<void> {
  const options = { rate: { type: "string", default: "2000" }, seconds: { type: "string", default: "60" }, help: { type: "boolean", default: false } } as const;
  const { values } = parseArgs({ args: [...args], options });
  if (values.help) return console.log(USAGE);
  if (!existsSync(MQTTLOAD)) return console.log("Left out: the folder ../shared/bench with mqttload.mjs is not there.");
  const before = readFileSync("/proc/loadavg", "utf8").split(" ")[0];
  const folder = await benchFolder();
  const service = await startAzemichi(folder.path, "service");
  try {
    const pid = service.pids.find((of) => readFileSync(`/proc/${of}/cmdline`, "utf8").split("\0").includes("field")) as number;
    const data = join(folder.path, "data");
    const watch = watchCursor(join(data, "readings.db"));
    await mqttload(service.ready["mqtt"] as number, values);
    const journal = new DatabaseSync(join(data, "journal.db"), { readOnly: true });
    const { last } = journal.prepare("SELECT max(seq) AS last FROM uplink").get() as { last: number };
    const looks = await watch.until(last);
    const lags = lagsOf(journal, looks);
    journal.close();
    const at = (share: number): number => Math.round(lags[Math.min(lags.length - 1, Math.floor(lags.length * share))] ?? Number.NaN);
    console.log(`Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? "?"}, load before ${before}\n`);
    console.log("| uplinks | rate | p50 | p99 | most | field |\n|---|---|---|---|---|---|");
    console.log(`| ${lags.length} | ${values.rate}/s | ${at(0.5)} ms | ${at(0.99)} ms | ${at(1)} ms | ${Math.round(processOf(pid).rssMb)} MB |`);
  } finally {
    await service.stop();
    rmSync(join(folder.path, "data"), { recursive: true, force: true });
    folder.remove();
  }
}

function watchCursor(path: string): { until(seq: number): Promise<readonly Look[]> } {
  const db = new DatabaseSync(path, { readOnly: true });
  const cursor = db.prepare("SELECT cursor FROM progress");
  const looks: Look[] = [];
  const timer = setInterval(() => {
    const row = cursor.get() as { cursor: number };
    if (looks.at(-1)?.cursor !== row.cursor) looks.push({ atMs: Date.now(), cursor: row.cursor });
  }, LOOK_MS);
  return {
    async until(seq) {
      const endMs = Date.now() + DONE_MS;
      while ((looks.at(-1)?.cursor ?? 0) < seq && Date.now() < endMs) await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      clearInterval(timer);
      db.close();
      return looks;
    },
  };
}

/** For each uplink the first look that found it processed, less its receipt; ascending. One that was never found counts as endless. */
function lagsOf(journal: DatabaseSync, looks: readonly Look[]): number[] {
  const lags: number[] = [];
  let at = 0;
  const rows = journal.prepare("SELECT seq, received_ms AS receivedMs FROM uplink ORDER BY seq").iterate() as Iterable<{ seq: number; receivedMs: number }>;
  for (const { seq, receivedMs } of rows) {
    while (at < looks.length && (looks[at] as Look).cursor < seq) at += 1;
    lags.push((looks[at]?.atMs ?? Number.POSITIVE_INFINITY) - receivedMs);
  }
  return lags.sort((a, b) => a - b);
}

function mqttload(port: number, { rate, seconds }: { rate: string; seconds: string }): Promise<void> {
  const account = ["--user", NETWORK.username, "--password", NETWORK.password];
  const load = ["--payload", "chirpstack", "--topic", "application/bench/device/{devEui}/event/up", "--publishers", String(DEVICES), "--window", "20"];
  const all = [MQTTLOAD, "--port", String(port), "--rate", rate, "--warmup", "0", "--seconds", seconds, ...account, ...load];
  return new Promise((resolve, reject) => {
    execFile(process.execPath, all, { timeout: (Number(seconds) + 60) * 1000 }, (error) => (error ? reject(error) : resolve()));
  });
}

if (import.meta.main) await main(process.argv.slice(2));
