import { readFileSync } from "node:fs";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { type Check, cpuRatio, integrity, ROWS, type Round, type Row } from "./rows.ts";
import { benchFolder, startAzemichi, startFloor } from "./servers.ts";
import { storm } from "./storm.ts";
import { buildTools, load, type Tools } from "./tools.ts";

const USAGE = `usage: node bench/relay/run.ts [all | ROW …] [--rounds N] [--rovers N]
  rows: ${[...ROWS.map((row) => row.name), "storm"].join(", ")}
  --rounds N   relay and floor alternate so often; the median counts (5)
  --rovers N   at most so many rovers (10000)
  prints a table in Markdown; what was measured is written to bench/RESULTS.md by hand`;

/** Measures the rows named, against the floor where there is one to compare with. Prints; writes nothing. */
export async function main(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { rounds: { type: "string", default: "5" }, rovers: { type: "string", default: "10000" }, help: { type: "boolean", default: false } },
  });
  const wanted = positionals.length === 0 || positionals.includes("all") ? [...ROWS.map((row) => row.name), "storm"] : positionals;
  if (values.help || wanted.some((name) => name !== "storm" && !ROWS.some((row) => row.name === name))) {
    console.log(USAGE);
    return;
  }
  const tools = buildTools();
  if (typeof tools === "string") {
    console.log(tools);
    return;
  }
  const rovers = Math.min(Number(values.rovers), openFiles() - 1000);
  const folder = await benchFolder();
  try {
    const table = ["| load | CPU per epoch ÷ floor (must / goal) | more |", "|---|---|---|"];
    for (const row of ROWS.filter(({ name }) => wanted.includes(name))) {
      const scale = Math.min(row.rovers, rovers);
      const count = Math.min(Number(values.rounds), row.roundsMost ?? Number.POSITIVE_INFINITY);
      table.push(lineOf(row, scale, await measure(row, { tools, folder: folder.path, rovers: scale, rounds: count })));
      console.error(table.at(-1));
    }
    if (wanted.includes("storm")) {
      const { title, checks } = await storm(tools, folder.path);
      table.push(`| ${title} | – | ${textOf(checks)} |`);
    }
    console.log(`Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? "?"}, load before ${readFileSync("/proc/loadavg", "utf8").split(" ")[0]}\n`);
    console.log(table.join("\n"));
  } finally {
    folder.remove();
  }
}

async function measure(row: Row, of: { tools: Tools; folder: string; rovers: number; rounds: number }): Promise<Round[]> {
  const { tools, folder } = of;
  const count = ["--n", String(of.rovers)];
  const onRelay = async (args: readonly string[]): ReturnType<typeof load> => {
    const relay = await startAzemichi(folder, "relay");
    try {
      return await load(tools, relay, [...count, ...args]);
    } finally {
      await relay.stop();
    }
  };
  const onFloor = async (): ReturnType<typeof load> => {
    const floor = await startFloor(tools);
    try {
      return await load(tools, floor, [...count, ...row.args]);
    } finally {
      await floor.stop();
    }
  };
  const rounds: Round[] = [];
  for (let i = 0; i < of.rounds; i += 1) {
    const relay = await onRelay(row.args);
    const other = row.without ? await onRelay(row.without) : row.cpu ? await onFloor() : null;
    rounds.push({ relay, other });
    const us = (l: Round["other"]): string => (l === null ? "–" : `${l.caster.cpu_us_per_epoch.toFixed(2)} µs, p99 ${l.latency_ms.p99} ms`);
    console.error(`${row.name} ${i + 1}/${of.rounds}: ${us(relay)}; beside it ${us(other)}; lost ${relay.lost}, connected in ${relay.ramp_s} s`);
  }
  return rounds;
}

function lineOf(row: Row, rovers: number, rounds: readonly Round[]): string {
  const title = rovers === row.rovers ? row.title : `${row.title} (${rovers} rovers)`;
  return `| ${title} | ${row.cpu ? cpuText(row.cpu, rounds) : "–"} | ${textOf([...row.more(rounds), integrity(rounds)])} |`;
}

function cpuText({ must, goal }: NonNullable<Row["cpu"]>, rounds: readonly Round[]): string {
  const { median, least, most } = cpuRatio(rounds);
  const mark = median <= goal ? "" : median <= must ? " (goal missed)" : " **missed**";
  return `${median.toFixed(2)} [${least.toFixed(2)}–${most.toFixed(2)}] (${must} / ${goal})${mark}`;
}

const textOf = (checks: readonly Check[]): string => checks.map(({ text, met }) => (met ? text : `**${text}**`)).join("; ");

/** Each rover is one in the relay and one in the load generator. */
function openFiles(): number {
  const limit = /Max open files\s+(\d+)/.exec(readFileSync("/proc/self/limits", "utf8"))?.[1];
  return Number(limit ?? 4096);
}

if (import.meta.main) await main(process.argv.slice(2));
