import { parseArgs } from "node:util";
import type { Scenario } from "./scenario.ts";

export const USAGE = `Usage: npm run sim -- SCENARIO [options]

Scenarios, against a running service, until Ctrl-C:
  demo          sensors, gateway, bases and tractors of the demo site
  sensors       the demo's LPWA sensors: the last three days as late uplinks, then live
  base          one RTK base at 1 Hz (1006, 1033, 1230, 1029, MSM7)
  replay FILE   an RTCM 3 recording at its own pace
  rover         one rover that stands still: sends GGA, receives and checks corrections

Options:
  --mqtt HOST:PORT       broker (127.0.0.1:1883)
  --ntrip HOST:PORT      caster (127.0.0.1:2101)
  --user NAME            MQTT account (demo-chirpstack) or rover
  --password TEXT        of that account, or of the base
  --mount NAME           mount point (DEMO_ROKUGO)
  --allow-mount NAME     push to this mount though it is not named DEMO_*: only where the site file says "sim": true
  --protocol v1|v2       NTRIP version (v2)
  --station-id N         base: 0 to 4095 (1)
  --lat DEG --lon DEG --height M    where the base or rover stands (39.4231 140.5472 96.5)
  --secrets FILE         demo: its passwords (./data/demo/demo-secrets.json)
  --state FILE           demo, sensors: where frame counters are kept over restarts (none)
  --help`;

const OPTIONS = {
  mqtt: { type: "string", default: "127.0.0.1:1883" },
  ntrip: { type: "string", default: "127.0.0.1:2101" },
  user: { type: "string" },
  password: { type: "string" },
  mount: { type: "string", default: "DEMO_ROKUGO" },
  "allow-mount": { type: "string", multiple: true },
  protocol: { type: "string", default: "v2" },
  "station-id": { type: "string", default: "1" },
  lat: { type: "string", default: "39.4231" },
  lon: { type: "string", default: "140.5472" },
  height: { type: "string", default: "96.5" },
  secrets: { type: "string", default: "./data/demo/demo-secrets.json" },
  state: { type: "string" },
  help: { type: "boolean", short: "h", default: false },
} as const;

/** What the command line asks for. Throws RangeError (or Node's TypeError for unknown options) with a sentence. */
export function readCommandLine(args: readonly string[]): Scenario | { readonly name: "help" } {
  const { values, positionals } = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  if (values.help) return { name: "help" };
  const [name, file, ...more] = positionals;
  if (more.length > 0 || (file !== undefined && name !== "replay")) throw new RangeError(`what is ${more[0] ?? file}?`);
  const mqtt = addressOf("--mqtt", values.mqtt);
  const ntrip = addressOf("--ntrip", values.ntrip);
  const protocol = protocolOf(values.protocol);
  const statePath = values.state ?? null;
  const allowMounts = values["allow-mount"] ?? [];
  const place = { latDeg: numberOf("--lat", values.lat, 90), lonDeg: numberOf("--lon", values.lon, 180), heightM: numberOf("--height", values.height, 9000) };
  const password = (): string => required("--password", values.password);
  switch (name) {
    case "demo":
      return { name, secretsPath: values.secrets, statePath, mqtt, ntrip };
    case "sensors":
      return { name, broker: { ...mqtt, username: values.user ?? "demo-chirpstack", password: password() }, statePath };
    case "base": {
      const stationId = numberOf("--station-id", values["station-id"], 4095);
      return { name, target: { ...ntrip, mount: values.mount, password: password(), protocol }, allowMounts, stationId, antenna: place };
    }
    case "replay":
      return { name, target: { ...ntrip, mount: values.mount, password: password(), protocol }, allowMounts, path: required("FILE", file) };
    case "rover":
      return { name, target: { ...ntrip, mount: values.mount, username: required("--user", values.user), password: password(), protocol }, place };
    default:
      throw new RangeError(name === undefined ? "which scenario?" : `no scenario ${name}`);
  }
}

function addressOf(option: string, text: string): { host: string; port: number } {
  const found = /^(?<host>[^:]+|\[[^\]]+\]):(?<port>\d{1,5})$/.exec(text)?.groups;
  const port = Number(found?.["port"]);
  if (found === undefined || port < 1 || port > 65_535) throw new RangeError(`${option} ${text}: host:port is expected`);
  return { host: (found["host"] as string).replace(/^\[|\]$/g, ""), port };
}

function protocolOf(text: string): "v1" | "v2" {
  if (text !== "v1" && text !== "v2") throw new RangeError(`--protocol ${text}: v1 or v2 is expected`);
  return text;
}

function numberOf(option: string, text: string, most: number): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value) || Math.abs(value) > most) throw new RangeError(`${option} ${text}: a number up to ${most} is expected`);
  return value;
}

function required(option: string, value: string | undefined): string {
  if (value === undefined || value === "") throw new RangeError(`${option} is needed`);
  return value;
}
