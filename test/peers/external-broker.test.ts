import { type ChildProcess, spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { connectAsync, type MqttClient } from "mqtt";
import { afterEach, beforeEach, expect, test } from "vitest";
import { silentLog } from "../../core/runtime/log.ts";
import { Metrics } from "../../core/runtime/metrics.ts";
import { ExternalBrokers } from "../../ingest/sources/external-brokers.ts";
import { emptyCatalog, KEY, network, TestCatalog } from "../broker/support.ts";
import { type FieldSite, fieldSiteOf } from "../support/field-process.ts";
import { freePort, until } from "../support/peers.ts";
import { describeNeeding, programPath } from "../support/requirements.ts";
import { selfSigned } from "../support/self-signed.ts";

const UP = "application/1/device/a84041ffff000001/event/up";
const PACE = { lost: { firstMs: 50, mostMs: 100 }, refused: { firstMs: 120_000, mostMs: 120_000 } };

let folder: string;
const open: (() => unknown)[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "azemichi-external-"));
});
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
  rmSync(folder, { recursive: true, force: true });
});

interface Mosquitto {
  readonly port: number;
  output(): string;
  /** SIGTERM: writes its queues to disk. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

/** Debian's mosquitto as it stands beside a ChirpStack: accounts by a password file, queues that survive a restart. */
async function mosquitto(listener: readonly string[] = []): Promise<Mosquitto> {
  const port = await freePort();
  const passwords = join(folder, "passwords");
  writeFileSync(passwords, `cs:${hashed("secret-of-cs")}\n`, { mode: 0o600 });
  mkdirSync(join(folder, "store"));
  const config = join(folder, "mosquitto.conf");
  const lines = [
    `listener ${port} 127.0.0.1`,
    ...listener,
    `password_file ${passwords}`,
    `user ${userInfo().username}`, // started as root, it would become another
    "persistence true",
    `persistence_location ${join(folder, "store")}/`,
    "max_queued_messages 0",
  ];
  writeFileSync(config, `${lines.join("\n")}\n`);
  let child: ChildProcess | undefined;
  let output = "";
  const stop = async (): Promise<void> => {
    const ended = new Promise((resolve) => child?.once("exit", resolve));
    if (child?.exitCode === null && child.kill("SIGTERM")) await ended;
  };
  open.push(stop);
  return {
    port,
    output: () => output,
    stop,
    async start() {
      const from = output.length;
      child = spawn(programPath("mosquitto") ?? "mosquitto", ["-c", config], { stdio: ["ignore", "pipe", "pipe"] });
      for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk: Buffer) => (output += chunk.toString("utf8")));
      await until(
        () => output.slice(from).includes("running"),
        () => output,
      );
    },
  };
}

/** As mosquitto_passwd(1) writes it: `$6$`, salt and SHA-512 of password and salt, both in base64. */
function hashed(password: string): string {
  const salt = randomBytes(12);
  return `$6$${salt.toString("base64")}$${createHash("sha512").update(password).update(salt).digest("base64")}`;
}

async function publisher(port: number): Promise<MqttClient> {
  const client = await connectAsync({ host: "127.0.0.1", port, protocol: "mqtt", username: "cs", password: "secret-of-cs", reconnectPeriod: 0 });
  open.push(() => client.end(true));
  return client;
}

async function publishAll(client: MqttClient, bodies: readonly string[]): Promise<void> {
  for (let at = 0; at < bodies.length; at += 100) await Promise.all(bodies.slice(at, at + 100).map((body) => client.publishAsync(UP, body, { qos: 1 })));
}

interface Sources {
  readonly brokers: ExternalBrokers;
  readonly kept: { payload: string; dup: boolean }[];
}

function sourcesAt(url: string): Sources {
  const catalog = new TestCatalog({ ...emptyCatalog(), networks: [{ ...network("cs", "x"), kind: "chirpstack", url }] });
  const kept: { payload: string; dup: boolean }[] = [];
  const journal = {
    ready: true,
    append: async ({ payload, dup }: { payload: Uint8Array; dup: boolean }) => void kept.push({ payload: Buffer.from(payload).toString("utf8"), dup }),
  };
  const parts = { catalog, key: KEY, journal, log: silentLog, metrics: new Metrics(), nowMs: Date.now, random: () => 0.5, pace: PACE };
  const brokers = new ExternalBrokers({ ...parts, onGatewayMessage: () => {} });
  brokers.start();
  open.push(() => brokers.close());
  return { brokers, kept };
}

const state = (sources: Sources) => sources.brokers.states()[0];
const reach = (sources: Sources, stage: string): Promise<void> =>
  until(
    () => state(sources)?.stage === stage,
    () => JSON.stringify(sources.brokers.states()),
  );

describeNeeding(["mosquitto"], "a mosquitto beside a network server", () => {
  test("away at our start, stopped and started again: what it holds for us comes, once and marked as what it is", async () => {
    const peer = await mosquitto();
    const sources = sourcesAt(`mqtt://cs:secret-of-cs@127.0.0.1:${peer.port}`);
    await reach(sources, "waiting");
    expect(state(sources)?.lastError).toContain("nothing listens there");
    await peer.start();
    await reach(sources, "connected");
    await publishAll(await publisher(peer.port), ["one"]);
    await until(
      () => sources.kept.length === 1,
      () => "the first",
    );
    await sources.brokers.close();
    await publishAll(await publisher(peer.port), ["two", "three"]);
    await peer.stop();
    await peer.start();
    const again = sourcesAt(`mqtt://cs:secret-of-cs@127.0.0.1:${peer.port}`);
    await until(
      () => again.kept.length === 2,
      () => JSON.stringify(again.brokers.states()),
    );
    expect(again.kept).toEqual([
      { payload: "two", dup: false },
      { payload: "three", dup: false },
    ]);
    await peer.stop();
    await reach(again, "waiting");
    await peer.start();
    await reach(again, "connected");
    expect(state(again)).toMatchObject({ qos: 1, sessionLostAt: null });
  });

  test("a wrong password is refused in its words, and ours", async () => {
    const peer = await mosquitto();
    await peer.start();
    const sources = sourcesAt(`mqtt://cs:wrong@127.0.0.1:${peer.port}`);
    await reach(sources, "refused");
    expect(state(sources)?.lastError).toMatch(/the broker refuses us: user name or password is wrong/);
  });

  test("TLS: an authority of its own is trusted when named, else not; never another name", async () => {
    const { cert, key } = selfSigned("localhost");
    writeFileSync(join(folder, "cert.pem"), cert);
    writeFileSync(join(folder, "key.pem"), key);
    const peer = await mosquitto([`certfile ${join(folder, "cert.pem")}`, `keyfile ${join(folder, "key.pem")}`]);
    await peer.start();
    const at = (host: string, query: string): Sources => sourcesAt(`mqtts://cs:secret-of-cs@${host}:${peer.port}${query}`);
    const trusted = at("localhost", `?ca=${join(folder, "cert.pem")}`);
    await reach(trusted, "connected");
    const unknown = at("localhost", "");
    await reach(unknown, "waiting");
    expect(state(unknown)?.lastError).toContain("signed by nobody we trust");
    const otherName = at("127.0.0.1", `?ca=${join(folder, "cert.pem")}`);
    await reach(otherName, "waiting");
    expect(state(otherName)?.lastError).toContain("for another name");
    const plain = sourcesAt(`mqtt://cs:secret-of-cs@127.0.0.1:${peer.port}`);
    await reach(plain, "waiting");
    expect(state(plain)?.lastError).toMatch(/closed before the broker answered|cut by the other side/);
  });

  test("field killed while the broker sends: every message that the broker had is in the journal", { timeout: 90_000 }, async () => {
    const peer = await mosquitto();
    await peer.start();
    const field = await fieldSiteOf({
      site: { id: "external" },
      networks: [{ id: "cs", kind: "chirpstack", url: `mqtt://cs:secret-of-cs@127.0.0.1:${peer.port}` }],
    });
    const client = await publisher(peer.port);
    const first = await field.start();
    await until(
      () => first.output().includes("external broker connected"),
      () => first.output(),
    );
    const bodies = Array.from({ length: 4000 }, (_, i) => `n${i}`);
    for (let kill = 0; kill < 2; kill += 1) {
      const running = kill === 0 ? first : await field.start();
      const half = publishAll(client, bodies.slice(kill * 2000, (kill + 1) * 2000));
      await until(
        () => lastSeq(field) > kill * 2000 + 500,
        () => running.output(),
      );
      running.child.kill("SIGKILL");
      await Promise.all([running.exit, half]);
    }
    const last = await field.start();
    open.push(() => last.child.kill("SIGKILL"));
    await until(
      () => lastSeq(field) >= bodies.length && countOf(field) === bodies.length,
      () => `${countOf(field)} of ${bodies.length}`,
    );
    expect(journaled(field).sort()).toEqual([...bodies].sort());
    expect(dupsOf(field)).toBeGreaterThan(0); // sent again by the broker, and marked so
  });
});

function asked<T>(field: FieldSite, sql: string): T[] {
  const db = new DatabaseSync(join(field.folder, "journal.db"), { readOnly: true });
  try {
    return db.prepare(sql).all() as T[];
  } finally {
    db.close();
  }
}
const countOf = (field: FieldSite): number => asked<{ n: number }>(field, "SELECT count(DISTINCT payload) AS n FROM uplink WHERE source = 'cs'")[0]?.n ?? 0;
const lastSeq = (field: FieldSite): number => asked<{ n: number }>(field, "SELECT coalesce(max(seq), 0) AS n FROM uplink")[0]?.n ?? 0;
const dupsOf = (field: FieldSite): number => asked(field, "SELECT seq FROM uplink WHERE source = 'cs' AND dup = 1").length;
const journaled = (field: FieldSite): string[] =>
  asked<{ payload: Uint8Array }>(field, "SELECT DISTINCT payload FROM uplink WHERE source = 'cs'").map(({ payload }) => Buffer.from(payload).toString("utf8"));
