import { readdirSync, readFileSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import type { DecodedValue, Uplink } from "../../core/domain/uplink.ts";
import { eventTime } from "../../core/wire/event-time.ts";
import { isGatewayTopic, parseGatewayMessage } from "../../core/wire/gateway-message.ts";
import { senmlValues } from "../../core/wire/senml.ts";
import { parseUplink } from "../../core/wire/uplink-message.ts";
import { decodeFrame, profiles } from "../../ingest/decoders/registry.ts";
import { judge } from "../../ingest/quality.ts";
import { chirpstackJoin, chirpstackStatus, chirpstackTopic, chirpstackUp, RECEIVED_AT_MS, ttsJoin, ttsTopic, ttsUp } from "../core/wire/envelopes.ts";
import { hasShared, sharedPath } from "../support/requirements.ts";
import { Damage } from "./damage.ts";

const RUNS = 1_000_000;
/** What a run may leave behind: results are dropped, so anything kept would be a leak. */
const MAX_KEPT_BYTES = 16 * 1024 * 1024;
const SEED = 20260601;

const senml = [
  { bn: "urn:dev:mac:0024befffe804ff1/", bt: 1.78e9, bu: "cm", n: "water.level", v: 4 },
  { n: "soil.moisture:10", u: "%", v: 30, t: -60 },
];
const sigfox = { device: "1a2b3c", time: 1.78e9, data: "03670110056700ff", seqNumber: 7, duplicates: [{ bsId: "0A1B", rssi: -121.5, snr: 12 }] };
const gatewayStats = { gatewayId: "0016c001f153a14c", time: "2026-06-01T00:00:30Z", rxPacketsReceived: 1, location: { latitude: 39.4, longitude: 140.5 } };
const GATEWAY = "as923/gateway/0016c001f153a14c";

const OWN: readonly (readonly [topic: string, message: unknown])[] = [
  [chirpstackTopic("up"), chirpstackUp],
  [chirpstackTopic("join"), chirpstackJoin],
  [chirpstackTopic("status"), chirpstackStatus],
  [chirpstackTopic("log"), { ...chirpstackStatus, code: "UPLINK_CODEC", description: "x" }],
  [ttsTopic("up"), ttsUp],
  [ttsTopic("join"), ttsJoin],
  ["azemichi/v1/devices/kita-3-level/senml", senml],
  ["hooks/chirpstack/up", chirpstackUp],
  ["hooks/tts/up", ttsUp],
  ["hooks/helium/up", { dev_eui: "a84041ffff000001", fcnt: 1, port: 2, payload: "DQoH6QAAAAE=", reported_at: 1.78e12, hotspots: [{ id: "a", rssi: -1 }] }],
  ["hooks/sigfox/up", sigfox],
  ["hooks/soracom/440103012345678", { payload: Buffer.from(JSON.stringify(senml)).toString("base64") }],
  ["hooks/soracom/-", { operatorId: "OP", timestamp: 1.78e12, imsi: "440103012345678", payloads: senml }],
  [`${GATEWAY}/event/stats`, gatewayStats],
  [`${GATEWAY}/state/conn`, { gatewayId: "0016c001f153a14c", state: "ONLINE" }],
];

/** The same kinds, with little in them that is not read: most of the damage hits something. */
const LEAN: readonly (readonly [topic: string, message: unknown])[] = [
  [
    chirpstackTopic("up"),
    {
      deviceInfo: { devEui: "a84041ffff000001" },
      time: "2026-06-01T00:00:00.775+00:00",
      devAddr: "00189440",
      fCnt: 42,
      fPort: 2,
      data: "DQoH6QAAAAE=",
      rxInfo: [{ gatewayId: "0016c001f153a14c", gwTime: "2026-06-01T00:00:00.501Z", rssi: -36, snr: 10.5 }],
    },
  ],
  [
    ttsTopic("up"),
    {
      end_device_ids: { dev_eui: "A84041FFFF000001" },
      received_at: "2026-06-01T00:00:01Z",
      uplink_message: { f_port: 2, f_cnt: 7, frm_payload: "DQoH6QAAAAE=", rx_metadata: [{ gateway_ids: { eui: "9C5C8E00001A05C4" }, rssi: -35, snr: 5 }] },
    },
  ],
  [chirpstackTopic("log"), { deviceInfo: { devEui: "a84041ffff000001" }, code: "UPLINK_CODEC", description: "x" }],
  [chirpstackTopic("join"), { deviceInfo: { devEui: "a84041ffff000001" }, time: "2026-06-01T00:00:00Z", devAddr: "0018944A" }],
  [chirpstackTopic("status"), { deviceInfo: { devEui: "a84041ffff000001" }, time: "2026-06-01T00:00:00Z", margin: 10, batteryLevel: 88.3 }],
];

/** Published messages, where the folder of them is there. */
function published(): (readonly [string, Uint8Array])[] {
  if (!hasShared()) return [];
  const topics = [chirpstackTopic("up", "0101010101010101"), ttsTopic("up"), "hooks/helium/up", `${GATEWAY}/event/stats`];
  return readdirSync(sharedPath("lpwa/uplinks")).flatMap((name) => {
    const bytes = compact(readFileSync(sharedPath(`lpwa/uplinks/${name}`), "utf8"));
    const [chirpstack, tts, helium, stats] = topics as [string, string, string, string];
    if (name.includes("gateway-stats")) return [[stats, bytes]];
    return [[name.startsWith("tts") ? tts : name.startsWith("helium") ? helium : chirpstack, bytes]];
  });
}

/** Without the line breaks of documentation, which networks do not send; what is no JSON as it is. */
function compact(text: string): Uint8Array {
  try {
    return new TextEncoder().encode(JSON.stringify(JSON.parse(text)));
  } catch {
    return new TextEncoder().encode(text);
  }
}

const FRAMES = (
  JSON.parse(readFileSync(new URL("../vectors/lpwa/frames.json", import.meta.url), "utf8")) as { frames: { profile: string; hex: string }[] }
).frames.map((frame) => ({ profile: frame.profile, bytes: new Uint8Array(Buffer.from(frame.hex.replaceAll(" ", ""), "hex")) }));
const CHANNELS = { ds18b20: "water.temperature", tmp117: "soil.temperature:5", temperature_3: "water.temperature", distance_2: "water.distance" };

/** The path of an uplink as far as it needs no store. Returns what it came to, for the census. */
function take(topic: string, payload: Uint8Array, damage: Damage): string {
  if (isGatewayTopic(topic)) return `gateway ${"gatewayId" in parseGatewayMessage(topic, payload) ? "read" : "malformed"}`;
  const uplink = parseUplink(topic, payload, RECEIVED_AT_MS);
  judgeAll(valuesOf(uplink, damage));
  return uplink.kind;
}

function valuesOf(uplink: Uplink, damage: Damage): readonly DecodedValue[] {
  if (uplink.kind === "senml") return senmlValues(uplink.records);
  if (uplink.kind !== "lorawan-up") return [];
  const at = eventTime(uplink, RECEIVED_AT_MS).timeMs;
  if (!Number.isSafeInteger(at)) throw new Error(`event time ${at}`);
  const profile = damage.oneOf(profiles());
  const frame = damage.chance(2) ? damage.oneOf(FRAMES) : { profile, bytes: uplink.bytes };
  const bytes = damage.bytes(frame.bytes);
  const result = decodeFrame(damage.chance(4) ? profile : frame.profile, { bytes, fPort: damage.oneOf([uplink.fPort, 1, 2, 5, 85]), channels: CHANNELS });
  if (result.kind === "unknown-profile") throw new Error(profile);
  if (result.kind === "undecodable" && result.reason === "") throw new Error("no reason");
  return result.kind === "decoded" ? result.values : [];
}

function judgeAll(values: readonly DecodedValue[]): void {
  for (const value of values) {
    const judged = judge(value);
    const isSound = judged.value === null ? judged.flag === 9 && judged.reasons.length > 0 : Number.isFinite(judged.value) && judged.flag !== 9;
    if (!isSound || (value.timeMs !== null && !Number.isSafeInteger(value.timeMs))) throw new Error(JSON.stringify({ value, judged }));
  }
}

test("a million damaged uplinks: every one is something, none throws, nothing is kept", { timeout: 600_000 }, () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const damage = new Damage(SEED);
  const prepared = (list: readonly (readonly [string, unknown])[]) =>
    list.map(([topic, message]) => {
      const bytes = message instanceof Uint8Array ? message : new TextEncoder().encode(JSON.stringify(message));
      return { topic, bytes, tokens: damage.tokensOf(bytes) };
    });
  const whole = prepared([...OWN, ...published()]);
  const lean = [...prepared(LEAN), ...whole.filter(({ bytes }) => bytes.length < 250)];
  const census = new Map<string, number>();
  collect();
  const before = process.memoryUsage().heapUsed;
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0; // hundreds of thousands of syntax errors: their stacks would be most of the work
  for (let run = 0; run < RUNS; run += 1) {
    const { topic, bytes, tokens } = damage.oneOf(damage.chance(8) ? whole : lean);
    const damaged = damage.chance(4) ? damage.bytes(bytes) : damage.token(bytes, tokens);
    const kind = take(damage.chance(50) ? damage.oneOf(whole).topic : topic, damaged, damage);
    census.set(kind, (census.get(kind) ?? 0) + 1);
  }
  Error.stackTraceLimit = stackTraceLimit;
  collect();
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(MAX_KEPT_BYTES);
  // Damage that nothing gets through would show nothing.
  for (const kind of ["lorawan-up", "senml", "join", "status", "other", "gateway read"]) expect(census.get(kind), kind).toBeGreaterThan(RUNS / 200);
  expect(census.get("malformed")).toBeGreaterThan(RUNS / 10);
});
