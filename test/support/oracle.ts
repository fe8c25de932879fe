import { spawn } from "node:child_process";
import { appendFileSync, statSync } from "node:fs";
import { connectAsync, type MqttClient } from "mqtt";
import { chirpstackUp, NETWORK } from "./field-site.ts";
import { hasShared, sharedPath } from "./requirements.ts";

/** A load whose acknowledged uplinks are written down, one `devEui fCnt` a line: each of them has to be found again, once. */
export interface OracleOptions {
  readonly port: number;
  readonly ackedFile: string;
  readonly publishers: number;
  readonly firstPublisher?: number; // number of the first device; 0
  readonly count: number; // publishes in all, repeated ones included
  readonly window: number; // unacknowledged at once, per publisher
  readonly ratePerS: number; // in all; 0 = as fast as acknowledged
  readonly repeatedShare: number;
  readonly signal: AbortSignal; // ends it, for a test that failed
}
export interface OracleResult {
  readonly acknowledged: number; // publishes, repeated ones included
  readonly reconnects: number;
}

const EVENT_OFFSET_MS = 86_400_000;

export const oracleDevEui = (publisher: number): string => (0xbe4c000000000000n + BigInt(publisher)).toString(16);
/** What the frame with this counter measures: the value traces a reading to its uplink. */
export const oracleDistanceMm = (fCnt: number): number => 300 + (fCnt % 4000);

/** How many lines are there at least; cheap enough to ask all the time. */
export function acknowledgedAtLeast(ackedFile: string): number {
  try {
    return Math.floor(statSync(ackedFile).size / 23); // the longest line of a run: 16 + 1 + 5 + 1
  } catch {
    return 0; // nothing acknowledged yet
  }
}

/** Publishes until `count` are acknowledged, over reconnects; by the bench's own load tool where it is there. */
export function runOracle(options: OracleOptions): Promise<OracleResult> {
  return hasShared() ? runLoadTool(options) : runOwn(options);
}

function runLoadTool(o: OracleOptions): Promise<OracleResult> {
  const values: Record<string, string | number> = {
    port: o.port,
    payload: "chirpstack",
    topic: "application/bench/device/{devEui}/event/up",
    "client-id": "oracle-{i}",
    user: NETWORK.username,
    password: NETWORK.password,
    publishers: o.publishers,
    window: o.window,
    count: o.count,
    rate: o.ratePerS,
    "dup-share": o.repeatedShare,
    "first-dev": o.firstPublisher ?? 0,
    acked: o.ackedFile,
  };
  const args = Object.entries(values).flatMap(([key, value]) => [`--${key}`, String(value)]);
  const child = spawn(process.execPath, [sharedPath("bench/mqttload.mjs"), ...args], {
    stdio: ["ignore", "pipe", "inherit"],
    signal: o.signal,
    killSignal: "SIGKILL",
  });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code) => {
      if (code !== 0) return reject(new Error(`mqttload ended with ${code}`));
      const told = JSON.parse(output) as { acked_in_all: number; reconnects: number };
      return resolve({ acknowledged: told.acked_in_all, reconnects: told.reconnects });
    });
  });
}

/** The same load by an MQTT client, which sends again after a reconnect what was not acknowledged. */
async function runOwn(o: OracleOptions): Promise<OracleResult> {
  const startMs = Date.now();
  let reconnects = 0;
  let acknowledged = 0;
  const publish = async (client: MqttClient, publisher: number, quota: number): Promise<void> => {
    let next = 0;
    let begun = 0;
    const one = async (): Promise<void> => {
      while (begun < quota && !o.signal.aborted) {
        begun += 1;
        const repeats = next > 0 && Math.random() < o.repeatedShare;
        const fCnt = repeats ? Math.floor(Math.random() * next) : next++;
        const frame = Buffer.from([0x0c, 0xe4, 0, 0, 0, 0, 0, 1]);
        frame.writeUInt16BE(oracleDistanceMm(fCnt), 2);
        const devEui = oracleDevEui((o.firstPublisher ?? 0) + publisher);
        const time = new Date(startMs - EVENT_OFFSET_MS + fCnt * 1000).toISOString();
        const { topic, body } = chirpstackUp({ devEui, fCnt, fPort: 2, bytesHex: frame.toString("hex"), time });
        await client.publishAsync(topic, body, { qos: 1 });
        acknowledged += 1;
        appendFileSync(o.ackedFile, `${devEui} ${fCnt}\n`);
      }
    };
    await Promise.all(Array.from({ length: o.window }, one));
  };
  await Promise.all(
    Array.from({ length: o.publishers }, async (_, publisher) => {
      const client = await connectAsync({ host: "127.0.0.1", port: o.port, ...NETWORK, clientId: `oracle-${publisher}`, reconnectPeriod: 300 });
      client.on("reconnect", () => (reconnects += 1));
      client.on("error", () => {}); // it tries again by itself
      await publish(client, publisher, Math.ceil(o.count / o.publishers));
      await client.endAsync();
    }),
  );
  return { acknowledged, reconnects };
}
