import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { z } from "zod";
import { AzemichiError } from "../core/domain/errors.ts";

const PREFIX = "AZEMICHI_";
const text = z.string().trim().min(1);
const port = z.coerce.number().int().min(0).max(65535);
const flag = z.enum(["0", "1", "true", "false"]).transform((v) => v === "1" || v === "true");
const address = text.regex(/^[0-9a-zA-Z.:_-]+$/, "an IP address or host name");
const httpUrl = z.url({ protocol: /^https?$/, error: "an http:// or https:// URL" });

/** Every key of DESIGN.md §3, without its prefix. Adding a variable is adding a row here and in the README. */
const Variables = z.object({
  DATA_DIR: text.default("./data"),
  SITE: text.optional(),
  SIM: z.enum(["on", "off", "auto"]).default("auto"),
  BIND: address.default("127.0.0.1"),
  HTTP_BIND: address.optional(),
  MQTT_BIND: address.optional(),
  NTRIP_BIND: address.optional(),
  PUBLIC_URL: httpUrl.optional(),
  TRUST_PROXY: text.optional(),
  HTTP_PORT: port.default(8080),
  HTTPS_PORT: port.optional(),
  MQTT_PORT: port.default(1883),
  MQTTS_PORT: port.optional(),
  MQTT_WS_PORT: port.optional(),
  NTRIP_PORT: port.default(2101),
  NTRIPS_PORT: port.optional(),
  TLS_CERT: text.optional(),
  TLS_KEY: text.optional(),
  JOURNAL_DAYS: z.coerce.number().int().min(1).max(36_500).default(400),
  SIM_SERVE: flag.default(false),
  INFLUX_URL: httpUrl.optional(),
  INFLUX_TOKEN: text.optional(),
  INFLUX_ORG: text.optional(),
  INFLUX_BUCKET: text.optional(),
  INFLUX_DATABASE: text.optional(),
  INFLUX_USERNAME: text.optional(),
  INFLUX_PASSWORD: text.optional(),
  ADMIN_PASSWORD: z.string().min(8, "at least 8 characters").optional(),
  LOG_LEVEL: z.enum(["debug", "info", "warn", "error"]).default("info"),
});
type Key = keyof z.infer<typeof Variables>;
const SECRETS: ReadonlySet<string> = new Set<Key>(["INFLUX_TOKEN", "INFLUX_PASSWORD", "ADMIN_PASSWORD"]);

export interface InfluxConfig {
  readonly url: string;
  readonly token: string | null; // 2.x, Cloud, 3.x
  readonly org: string | null;
  readonly bucket: string | null;
  readonly database: string | null; // 1.x
  readonly username: string | null;
  readonly password: string | null;
}

export interface Config {
  readonly dataDir: string;
  readonly site: string | null;
  readonly sim: "on" | "off" | "auto";
  readonly http: { readonly bind: string; readonly port: number; readonly tlsPort: number | null };
  readonly mqtt: { readonly bind: string; readonly port: number; readonly tlsPort: number | null; readonly wsPort: number | null };
  readonly ntrip: { readonly bind: string; readonly port: number; readonly tlsPort: number | null };
  readonly tls: { readonly certPath: string; readonly keyPath: string } | null;
  readonly publicUrl: string | null;
  readonly trustProxy: string | null;
  readonly journalDays: number;
  readonly simServe: boolean;
  readonly influx: InfluxConfig | null;
  readonly adminPassword: string | null;
  readonly logLevel: "debug" | "info" | "warn" | "error";
}

function invalid(key: string, why: string): never {
  throw new AzemichiError("CONFIG_INVALID", `${key}: ${why}`, { context: { key } });
}

function readJsonConfig(path: string): Record<string, string> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(path, "utf8"));
  } catch (cause) {
    throw new AzemichiError("CONFIG_INVALID", `AZEMICHI_CONFIG: ${path} cannot be read as JSON: ${(cause as Error).message}`, { cause });
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed))
    invalid("AZEMICHI_CONFIG", `${path} must hold one JSON object with the keys of the environment variables`);
  const out: Record<string, string> = {};
  for (const [key, value] of Object.entries(parsed)) {
    if (typeof value === "object") invalid(key, "must be a string, number or boolean");
    out[key] = String(value);
  }
  return out;
}

/** Key without prefix → raw text, with `…_FILE` secrets read. The environment wins over the file. */
function collect(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const file = env["AZEMICHI_CONFIG"] ? readJsonConfig(env["AZEMICHI_CONFIG"]) : {};
  const raw: Record<string, string> = {};
  for (const [key, value] of [...Object.entries(file), ...Object.entries(env)]) {
    if (value === undefined || key === "AZEMICHI_CONFIG" || key.startsWith("AZEMICHI_TEST_")) continue;
    if (!key.startsWith(PREFIX)) {
      if (key in file) invalid(key, "unknown key in the configuration file; every key starts with AZEMICHI_");
      continue;
    }
    if (key === "AZEMICHI_NATS_URL") invalid(key, "clusters over NATS JetStream are not built yet; remove this variable to run on one machine");
    const name = key.slice(PREFIX.length);
    if (name.endsWith("_FILE") && SECRETS.has(name.slice(0, -5))) {
      try {
        raw[name.slice(0, -5)] = readFileSync(value, "utf8").replace(/\r?\n$/, "");
      } catch (cause) {
        throw new AzemichiError("CONFIG_INVALID", `${key}: ${value} cannot be read`, { cause, context: { key } });
      }
    } else if (name in Variables.shape) raw[name] = value;
    else invalid(key, "unknown variable; the README lists those there are");
  }
  return raw;
}

/**
 * The frozen configuration from the environment (and the JSON file named by `AZEMICHI_CONFIG`).
 * Throws `CONFIG_INVALID` with the offending key; values of secrets never stand in the message.
 */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const result = Variables.safeParse(collect(env));
  if (!result.success) {
    const issue = result.error.issues[0];
    invalid(`${PREFIX}${String(issue?.path[0] ?? "")}`, issue?.message ?? "malformed");
  }
  const v = result.data;
  if ((v.TLS_CERT === undefined) !== (v.TLS_KEY === undefined)) invalid("AZEMICHI_TLS_CERT", "needs AZEMICHI_TLS_KEY beside it, and the other way round");
  const tls = v.TLS_CERT && v.TLS_KEY ? { certPath: resolve(v.TLS_CERT), keyPath: resolve(v.TLS_KEY) } : null;
  for (const key of ["HTTPS_PORT", "MQTTS_PORT", "NTRIPS_PORT"] as const)
    if (v[key] !== undefined && !tls) invalid(`${PREFIX}${key}`, "needs AZEMICHI_TLS_CERT and AZEMICHI_TLS_KEY");
  const config: Config = {
    dataDir: resolve(v.DATA_DIR),
    site: v.SITE === undefined ? null : resolve(v.SITE),
    sim: v.SIM,
    http: { bind: v.HTTP_BIND ?? v.BIND, port: v.HTTP_PORT, tlsPort: v.HTTPS_PORT ?? null },
    mqtt: { bind: v.MQTT_BIND ?? v.BIND, port: v.MQTT_PORT, tlsPort: v.MQTTS_PORT ?? null, wsPort: v.MQTT_WS_PORT ?? null },
    ntrip: { bind: v.NTRIP_BIND ?? v.BIND, port: v.NTRIP_PORT, tlsPort: v.NTRIPS_PORT ?? null },
    tls,
    publicUrl: v.PUBLIC_URL ?? null,
    trustProxy: v.TRUST_PROXY ?? null,
    journalDays: v.JOURNAL_DAYS,
    simServe: v.SIM_SERVE,
    influx: influxOf(v),
    adminPassword: v.ADMIN_PASSWORD ?? null,
    logLevel: v.LOG_LEVEL,
  };
  return Object.freeze(config);
}

function influxOf(v: z.infer<typeof Variables>): InfluxConfig | null {
  if (v.INFLUX_URL === undefined) return null;
  if (v.INFLUX_BUCKET === undefined && v.INFLUX_DATABASE === undefined)
    invalid("AZEMICHI_INFLUX_URL", "needs AZEMICHI_INFLUX_DATABASE (1.x) or AZEMICHI_INFLUX_BUCKET with _ORG and _TOKEN (2.x, Cloud, 3.x)");
  return {
    url: v.INFLUX_URL,
    token: v.INFLUX_TOKEN ?? null,
    org: v.INFLUX_ORG ?? null,
    bucket: v.INFLUX_BUCKET ?? null,
    database: v.INFLUX_DATABASE ?? null,
    username: v.INFLUX_USERNAME ?? null,
    password: v.INFLUX_PASSWORD ?? null,
  };
}
