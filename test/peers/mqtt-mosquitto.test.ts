import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startBroker, type TestBroker, until } from "../broker/support.ts";
import { describeNeeding, programPath } from "../support/requirements.ts";
import { selfSigned } from "../support/self-signed.ts";

const UP = "application/1/device/a84041ffff000001/event/up";
const login = ["-u", "cs", "-P", "net-secret"];

interface Run {
  readonly child: ChildProcess;
  readonly exit: Promise<number | null>;
  output(): string;
}

function run(program: string, args: readonly string[], input = ""): Run {
  const child = spawn("stdbuf", ["-oL", programPath(program) ?? program, ...args], { stdio: ["pipe", "pipe", "pipe"] }); // line by line, as to a terminal
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk.toString("utf8")));
  child.stdin.end(input);
  return { child, output: () => output, exit: new Promise((resolve) => child.once("exit", (code) => resolve(code))) };
}

let folder: string;
let t: TestBroker;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "azemichi-mosquitto-"));
  const { cert, key } = selfSigned("localhost");
  const tls = { certPath: join(folder, "cert.pem"), keyPath: join(folder, "key.pem") };
  writeFileSync(tls.certPath, cert);
  writeFileSync(tls.keyPath, key);
  t = await startBroker({ listen: { bind: "127.0.0.1", port: 0, tlsPort: 0, wsPort: null, tls } });
});
afterEach(async () => {
  await t.broker.close();
  rmSync(folder, { recursive: true, force: true });
});
const at = (): string[] => ["-h", "127.0.0.1", "-p", String(t.port), ...login];

describeNeeding(["mosquitto_pub", "mosquitto_sub"], "mosquitto's clients", () => {
  test.each([0, 1, 2])("publish at QoS %i", async (qos) => {
    expect(await run("mosquitto_pub", [...at(), "-q", String(qos), "-t", UP, "-m", "{}"]).exit).toBe(0);
    await until(() => t.journal.length > 0);
    expect(t.journal).toMatchObject([{ source: "cs", topic: UP, payload: "{}" }]);
  });

  test("2,000 lines on one connection at QoS 1 are all acknowledged and journaled in order", async () => {
    const lines = Array.from({ length: 2000 }, (_, i) => `{"n":${i}}`);
    expect(await run("mosquitto_pub", [...at(), "-q", "1", "-t", UP, "-l"], `${lines.join("\n")}\n`).exit).toBe(0);
    expect(t.journal.map((j) => j.payload)).toEqual(lines);
  });

  test("over TLS", async () => {
    const port = String(t.broker.ports.mqtts);
    const tls = ["--cafile", join(folder, "cert.pem"), "--insecure"];
    const pub = run("mosquitto_pub", ["-h", "127.0.0.1", "-p", port, ...login, ...tls, "-q", "1", "-t", UP, "-m", "{}"]);
    expect([await pub.exit, pub.output()]).toEqual([0, ""]);
    expect(t.journal).toHaveLength(1);
  });

  test("a wrong password is said in MQTT's own words", async () => {
    const pub = run("mosquitto_pub", ["-h", "127.0.0.1", "-p", String(t.port), "-u", "cs", "-P", "wrong", "-t", UP, "-m", "{}"]);
    expect(await pub.exit).not.toBe(0);
    expect(pub.output()).toMatch(/bad user name or password/i);
  });

  test("a client like ChirpStack is never disconnected, whatever it says and asks for", async () => {
    const filters = ["command/#", "application/+/device/+/command/#", "application/#", "$share/x/command/#"].flatMap((f) => ["-t", f]);
    const sub = run("mosquitto_sub", [...at(), "-d", "-q", "1", "-i", `chirpstack-${Math.random().toString(16).slice(2)}`, ...filters]);
    await until(() => sub.output().includes("Subscribed"));
    expect(sub.output()).toMatch(/Subscribed \(mid: \d+\): 1, 1, 128, 128/);
    const device = "application/1/device/a84041ffff000001";
    const topics = [`${device}/event/txack`, `${device}/event/ack`, `${device}/event/log`, "as923/gateway/0016c001f153a14c/event/stats"];
    const more = ["as923/gateway/0016c001f153a14c/state/conn", "as923/gateway/0016c001f153a14c/event/up", "azemichi/v1/readings/x", "somewhere/else"];
    for (const topic of [...topics, ...more]) expect(await run("mosquitto_pub", [...at(), "-q", "1", "-t", topic, "-m", "{}"]).exit).toBe(0);
    expect(await run("mosquitto_pub", [...at(), "-q", "1", "-t", `${device}/command/down`, "-m", "the end"]).exit).toBe(0);
    await until(() => sub.output().includes("the end"));
    expect(sub.output().match(/PUBLISH/g)).toHaveLength(1);
    expect([sub.child.exitCode, sub.output().includes("disconnect")]).toEqual([null, false]);
    expect(t.journal.map((j) => j.topic)).toEqual(topics.slice(0, 3));
    expect(t.gatewayTopics).toHaveLength(3);
    sub.child.kill();
    await sub.exit;
  });

  test("a will of a client that is killed arrives", async () => {
    const will = ["--will-topic", UP, "--will-payload", "gone", "--will-qos", "1"];
    const sub = run("mosquitto_sub", [...at(), "-d", ...will, "-t", "command/#"]);
    await until(() => sub.output().includes("Subscribed"));
    sub.child.kill("SIGKILL");
    await until(() => t.journal.length > 0);
    expect(t.journal).toMatchObject([{ topic: UP, payload: "gone" }]);
  });
});
