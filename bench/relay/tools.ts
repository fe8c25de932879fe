import { execFile, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const SHARED = fileURLToPath(new URL("../../../shared/bench/", import.meta.url));

/** The load generator and the yardstick: the cheapest server that could send the same bytes. */
export interface Tools {
  readonly ntripload: string;
  readonly floor: string;
  readonly mqttload: string;
}

/** Compiles them into a folder of their own. A sentence: why there is nothing to measure with. */
export function buildTools(): Tools | string {
  if (!existsSync(join(SHARED, "ntripload.c"))) return "Left out: the folder ../shared/bench with ntripload.c and fanout_floor.c is not there.";
  const folder = mkdtempSync(join(tmpdir(), "azemichi-bench-"));
  for (const [name, ...flags] of [["ntripload"], ["fanout_floor", "-pthread"]] as const) {
    const { error, status, stderr } = spawnSync("cc", ["-O2", ...flags, "-o", join(folder, name), join(SHARED, `${name}.c`)], { encoding: "utf8" });
    if (error) return "Left out: there is no C compiler (cc).";
    if (status !== 0) return `Left out: ${name}.c does not compile here: ${stderr.split("\n")[0]}`;
  }
  return { ntripload: join(folder, "ntripload"), floor: join(folder, "fanout_floor"), mqttload: join(SHARED, "mqttload.mjs") };
}

interface Spread {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** What `ntripload` prints, as far as it is used here. */
export interface Load {
  readonly error?: string;
  readonly answer?: string;
  readonly connected: number;
  readonly n: number;
  readonly ramp_s: number;
  readonly handshake_ms: Spread;
  readonly lost: number;
  readonly dup: number;
  readonly out_of_order: number;
  readonly bad_crc: number;
  readonly garbage_bytes: number;
  readonly partial_epochs: number;
  readonly wrong_mount: number;
  readonly disconnects: number;
  readonly latency_ms: Spread;
  readonly last_rover_ms: { readonly p50: number };
  readonly loadgen_cpu: number;
  readonly caster: {
    readonly cpu_us_per_epoch: number;
    readonly cpu_load: number;
    readonly rss_kb_idle: number;
    readonly rss_kb_max: number;
    readonly alive_at_end: number;
  };
  readonly slow?: {
    readonly count: number;
    readonly dropped: number;
    readonly bad_crc: number;
    readonly garbage_bytes: number;
    readonly partial_epochs: number;
  };
  readonly garbage?: { readonly count: number; readonly closed_by_caster: number };
  readonly takeover?: { readonly accepted: boolean; readonly ms: number };
}

export interface Target {
  readonly port: number;
  readonly pid: number;
}

const LOAD_MOST_MS = 180_000;

/** One run against a server. Throws when it could not be made. */
export async function load(tools: Tools, target: Target, args: readonly string[]): Promise<Load> {
  const stdout = await new Promise<string>((resolve, reject) => {
    execFile(tools.ntripload, ["--port", String(target.port), "--pid", String(target.pid), ...args], { timeout: LOAD_MOST_MS }, (error, text) =>
      text === "" && error ? reject(error) : resolve(text),
    );
  });
  const result = JSON.parse(stdout) as Load;
  if (result.error !== undefined) throw new Error(`ntripload: ${result.error} ${result.answer ?? ""}`);
  return result;
}
