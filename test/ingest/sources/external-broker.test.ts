import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { Aedes } from "aedes";
import { afterEach, describe, expect, test } from "vitest";
import { createWebSocketStream, WebSocketServer } from "ws";
import { silentLog } from "../../../core/runtime/log.ts";
import { Metrics } from "../../../core/runtime/metrics.ts";
import { PAYLOAD_BYTES_MAX } from "../../../ingest/sources/broker-connection.ts";
import type { SourceJournal } from "../../../ingest/sources/external-broker.ts";
import { clientIdOf, ExternalBrokers } from "../../../ingest/sources/external-brokers.ts";
import { emptyCatalog, KEY, network, TestCatalog } from "../../broker/support.ts";
import { until } from "../../support/peers.ts";
import { startQosZeroServer } from "./qos-zero-server.ts";

const UP = "application/1/device/a84041ffff000001/event/up";
const PACE = { lost: { firstMs: 20, mostMs: 40 }, refused: { firstMs: 120_000, mostMs: 120_000 } };

const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

interface Kept {
  readonly source: string;
  readonly topic: string;
  readonly payload: string;
  readonly dup: boolean;
}

/** A journal whose disk a test holds back or breaks. */
class TestJournal implements SourceJournal {
  readonly kept: Kept[] = [];
  ready = true;
  failing = false;
  disk: Promise<unknown> = Promise.resolve();
  asked = 0;

  async append({ source, topic, payload, dup }: Parameters<SourceJournal["append"]>[0]): Promise<void> {
    this.asked += 1;
    await this.disk;
    if (this.failing) throw new Error("disk is full");
    this.kept.push({ source, topic, payload: Buffer.from(payload).toString("utf8"), dup });
  }
}

interface Sources {
  readonly brokers: ExternalBrokers;
  readonly journal: TestJournal;
  readonly metrics: Metrics;
  readonly catalog: TestCatalog;
  readonly gatewayTopics: string[];
  stage(): string | undefined;
}

function sourcesOf(...networks: readonly { id: string; url: string; kind?: string | null }[]): Sources {
  const catalog = new TestCatalog({ ...emptyCatalog(), networks: networks.map(({ id, url, kind = null }) => ({ ...network(id, "x"), kind, url })) });
  const journal = new TestJournal();
  const metrics = new Metrics();
  const gatewayTopics: string[] = [];
  const onGatewayMessage = (topic: string): void => void gatewayTopics.push(topic);
  const brokers = new ExternalBrokers({
    catalog,
    key: KEY,
    journal,
    onGatewayMessage,
    log: silentLog,
    metrics,
    nowMs: Date.now,
    random: () => 0.5,
    pace: PACE,
  });
  brokers.start();
  open.push(() => brokers.close());
  return { brokers, journal, metrics, catalog, gatewayTopics, stage: () => brokers.states()[0]?.stage };
}

interface Peer {
  readonly aedes: Aedes;
  readonly port: number;
  readonly acknowledged: number[];
  cut(): void;
  close(): Promise<void>;
  publish(topic: string, payload: string, qos?: 0 | 1): Promise<void>;
}

async function startPeer(options: { port?: number; credentials?: readonly [string, string] } = {}): Promise<Peer> {
  const aedes = await Aedes.createBroker();
  const acknowledged: number[] = [];
  const sockets = new Set<Socket>();
  aedes.on("ack", (packet) => void (packet !== undefined && acknowledged.push(packet.messageId ?? -1)));
  const { credentials } = options;
  if (credentials)
    aedes.authenticate = (_client, username, password, done) => {
      const right = username === credentials[0] && password?.toString() === credentials[1];
      done(right ? null : Object.assign(new Error("no"), { returnCode: 4 as const }), right);
    };
  const server: Server = createServer((socket) => {
    sockets.add(socket.once("close", () => sockets.delete(socket)));
    aedes.handle(socket);
  }).listen(options.port ?? 0, "127.0.0.1");
  await once(server, "listening");
  const close = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await new Promise<void>((resolve) => aedes.close(resolve));
  };
  open.push(close);
  return {
    aedes,
    close,
    port: (server.address() as AddressInfo).port,
    acknowledged,
    cut: () => {
      for (const socket of sockets) socket.destroy();
    },
    publish: (topic, payload, qos = 1) =>
      new Promise((resolve, reject) =>
        aedes.publish({ cmd: "publish", topic, payload: Buffer.from(payload), qos, retain: false, dup: false }, (error) => (error ? reject(error) : resolve())),
      ),
  };
}

const connected = (sources: Sources): Promise<void> =>
  until(
    () => sources.stage() === "connected",
    () => JSON.stringify(sources.brokers.states()),
  );

describe("a broker that is not ours", () => {
  test("uplinks are journaled under the network's id, gateways told, the rest acknowledged and counted", async () => {
    const peer = await startPeer();
    const sources = sourcesOf({ id: "cs", url: `mqtt://127.0.0.1:${peer.port}?topic=%23` });
    await connected(sources);
    await peer.publish(UP, "one");
    await peer.publish("as923/gateway/0016c001f153a14c/event/stats", "{}");
    await peer.publish("zigbee2mqtt/lamp", "on");
    await peer.publish("v3/app@ttn/devices/d/down/ack", "two", 0);
    await until(
      () => sources.journal.kept.length === 2 && peer.acknowledged.length === 3,
      () => JSON.stringify(sources.brokers.states()),
    );
    expect(sources.journal.kept).toEqual([
      { source: "cs", topic: UP, payload: "one", dup: false },
      { source: "cs", topic: "v3/app@ttn/devices/d/down/ack", payload: "two", dup: false },
    ]);
    expect(sources.gatewayTopics).toEqual(["as923/gateway/0016c001f153a14c/event/stats"]);
    expect(sources.brokers.states()[0]).toMatchObject({
      address: `mqtt://127.0.0.1:${peer.port}`,
      qos: 1,
      lastError: null,
      counts: { uplinks: 2, unused: 1, gatewayMessages: 1 },
    });
    expect(sources.metrics.get("azemichi_source_uplinks_total", { source: "cs" })).toBe(2);
  });

  test("no acknowledgement leaves before the journal has it; many are under way together, in order", async () => {
    const peer = await startPeer();
    const sources = sourcesOf({ id: "cs", kind: "chirpstack", url: `mqtt://127.0.0.1:${peer.port}` });
    await connected(sources);
    const { promise, resolve } = Promise.withResolvers<void>();
    sources.journal.disk = promise;
    const bodies = Array.from({ length: 10 }, (_, i) => `n${i}`);
    for (const body of bodies) await peer.publish(UP, body);
    await until(
      () => sources.journal.asked === 10,
      () => `${sources.journal.asked} asked`,
    );
    expect(peer.acknowledged).toEqual([]);
    resolve();
    await until(
      () => peer.acknowledged.length === 10,
      () => "acknowledgements",
    );
    expect(sources.journal.kept.map((k) => k.payload)).toEqual(bodies);
    expect(peer.acknowledged).toEqual([...peer.acknowledged].sort((a, b) => a - b));
  });

  test("what the journal refuses is not acknowledged and comes again", async () => {
    const peer = await startPeer();
    const sources = sourcesOf({ id: "cs", url: `mqtt://127.0.0.1:${peer.port}` });
    await connected(sources);
    sources.journal.failing = true;
    await peer.publish(UP, "again");
    await until(
      () => sources.journal.asked >= 2,
      () => "a second try",
    );
    expect([peer.acknowledged, sources.journal.kept]).toEqual([[], []]);
    sources.journal.failing = false;
    await until(
      () => peer.acknowledged.length === 1,
      () => "the acknowledgement",
    );
    expect(sources.journal.kept).toMatchObject([{ payload: "again" }]);
  });

  test("while the journal takes nothing we do not even connect; the broker keeps what comes", async () => {
    const peer = await startPeer();
    const sources = sourcesOf({ id: "cs", url: `mqtt://127.0.0.1:${peer.port}` });
    await connected(sources);
    sources.journal.ready = false;
    peer.cut();
    await until(
      () => sources.stage() === "waiting" && /journal/.test(sources.brokers.states()[0]?.lastError ?? ""),
      () => JSON.stringify(sources.brokers.states()),
    );
    await peer.publish(UP, "kept there");
    sources.journal.ready = true;
    await until(
      () => sources.journal.kept.length === 1,
      () => JSON.stringify(sources.brokers.states()),
    );
  });

  test("cut off: it comes back by itself, finds its session, and takes what came meanwhile", async () => {
    const peer = await startPeer();
    const sources = sourcesOf({ id: "cs", url: `mqtt://127.0.0.1:${peer.port}` });
    await connected(sources);
    peer.cut();
    await peer.publish(UP, "meanwhile");
    await until(
      () => sources.journal.kept.length === 1,
      () => JSON.stringify(sources.brokers.states()),
    );
    await until(
      () => sources.brokers.states()[0]?.counts.connections === 2,
      () => "a second connection",
    );
    expect(sources.brokers.states()[0]).toMatchObject({ sessionLostAt: null, stage: "connected" });
  });

  test("a broker that forgot us is noticed", async () => {
    const first = await startPeer();
    const sources = sourcesOf({ id: "cs", url: `mqtt://127.0.0.1:${first.port}` });
    await connected(sources);
    await first.close();
    await until(
      () => sources.stage() === "waiting",
      () => JSON.stringify(sources.brokers.states()),
    );
    await startPeer({ port: first.port });
    await connected(sources);
    expect(sources.brokers.states()[0]?.sessionLostAt).not.toBeNull();
  });

  test("a wrong password is said plainly, without itself, and asked rarely", async () => {
    const peer = await startPeer({ credentials: ["cs", "right"] });
    const sources = sourcesOf({ id: "cs", url: `mqtt://cs:wrong-secret@127.0.0.1:${peer.port}` });
    await until(
      () => sources.stage() === "refused",
      () => JSON.stringify(sources.brokers.states()),
    );
    const [state] = sources.brokers.states();
    expect(state?.lastError).toContain("refuses user name or password");
    expect(JSON.stringify(state)).not.toContain("wrong-secret");
    expect(Date.parse(state?.nextTryAt ?? "") - Date.parse(state?.lastErrorAt ?? "")).toBeGreaterThanOrEqual(60_000);
    const { networks } = sources.catalog.current();
    sources.catalog.change({ networks: networks.map((n) => ({ ...n, url: `mqtt://cs:right@127.0.0.1:${peer.port}` })) });
    await connected(sources); // a mended entry does not wait
  });

  test("who may subscribe to nothing is told so; to a part, goes on with that", async () => {
    const peer = await startPeer();
    peer.aedes.authorizeSubscribe = (_client, subscription, done) => done(null, subscription.topic.startsWith("v3/") ? subscription : null);
    const sources = sourcesOf({ id: "tts", url: `mqtt://127.0.0.1:${peer.port}` }, { id: "cs", kind: "chirpstack", url: `mqtt://127.0.0.1:${peer.port}` });
    await until(
      () => sources.brokers.states()[1]?.stage === "refused",
      () => JSON.stringify(sources.brokers.states()),
    );
    expect(sources.brokers.states()[1]?.lastError).toContain("subscribe to none");
    await connected(sources);
    expect(sources.brokers.states()[0]?.refusedFilters).toContain("application/+/device/+/event/+");
  });

  test("QoS 0 is all that a broker grants: said, and what cannot be journaled is counted as lost", async () => {
    const server = await startQosZeroServer();
    open.push(() => server.close());
    const sources = sourcesOf({ id: "tts", kind: "tts", url: `mqtt://127.0.0.1:${server.port}` });
    await connected(sources);
    expect(sources.brokers.states()[0]?.qos).toBe(0);
    sources.journal.failing = true;
    server.publish("v3/a/devices/d/up", "gone");
    await until(
      () => sources.brokers.states()[0]?.counts.lost === 1,
      () => JSON.stringify(sources.brokers.states()),
    );
    sources.journal.failing = false;
    server.publish("v3/a/devices/d/up", "kept");
    await until(
      () => sources.journal.kept.length === 1,
      () => "the next",
    );
    expect(sources.brokers.states()[0]).toMatchObject({ stage: "connected", counts: { uplinks: 1, connections: 1 } });
  });

  test("what is longer than any uplink is cut, kept, counted, and acknowledged: it must not come again for ever", async () => {
    const peer = await startPeer();
    const sources = sourcesOf({ id: "cs", url: `mqtt://127.0.0.1:${peer.port}` });
    await connected(sources);
    await peer.publish(UP, "x".repeat(PAYLOAD_BYTES_MAX + 1));
    await peer.publish(UP, "y".repeat(20_000_000));
    await peer.publish(UP, "z");
    await until(
      () => peer.acknowledged.length === 3,
      () => "the acknowledgements",
    );
    expect(sources.journal.kept.map(({ payload }) => [payload[0], payload.length])).toEqual([
      ["x", PAYLOAD_BYTES_MAX],
      ["y", PAYLOAD_BYTES_MAX],
      ["z", 1],
    ]);
    expect(sources.brokers.states()[0]?.counts).toMatchObject({ cut: 2, connections: 1 });
  });

  test("a flood is not read faster than the disk takes it", async () => {
    const peer = await startPeer();
    const sources = sourcesOf({ id: "cs", url: `mqtt://127.0.0.1:${peer.port}` });
    await connected(sources);
    const { promise, resolve } = Promise.withResolvers<void>();
    sources.journal.disk = promise;
    const sent = Promise.all(Array.from({ length: 1000 }, (_, i) => peer.publish(UP, `n${i}`)));
    await until(
      () => sources.metrics.get("azemichi_source_held_total", { source: "cs" }) > 0,
      () => `${sources.journal.asked}`,
    );
    expect(sources.journal.asked).toBeLessThanOrEqual(200);
    resolve();
    await sent;
    await until(
      () => peer.acknowledged.length === 1000,
      () => `${peer.acknowledged.length}`,
    );
    expect(new Set(sources.journal.kept.map((k) => k.payload)).size).toBe(1000);
  });

  test("over WebSocket, under the path of its address", async () => {
    const peer = await startPeer();
    const paths: (string | undefined)[] = [];
    const server = new WebSocketServer({ host: "127.0.0.1", port: 0, handleProtocols: () => "mqtt" });
    server.on("connection", (socket, request) => {
      paths.push(request.url);
      peer.aedes.handle(createWebSocketStream(socket).on("error", () => {}));
    });
    await once(server, "listening");
    open.push(() => {
      for (const client of server.clients) client.terminate();
      server.close();
    });
    const sources = sourcesOf({ id: "cs", url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/mqtt?topic=application/%23` });
    await connected(sources);
    await peer.publish(UP, "one");
    await until(
      () => peer.acknowledged.length === 1,
      () => "the acknowledgement",
    );
    expect([paths, sources.journal.kept.map((k) => k.payload)]).toEqual([["/mqtt"], ["one"]]);
  });

  test("a prefix is taken off", async () => {
    const peer = await startPeer();
    const sources = sourcesOf({ id: "cs", url: `mqtt://127.0.0.1:${peer.port}?prefix=site1/` });
    await connected(sources);
    await peer.publish(`site1/${UP}`, "one");
    await until(
      () => sources.journal.kept.length === 1,
      () => "it",
    );
    expect(sources.journal.kept[0]?.topic).toBe(UP);
  });
});

describe("the entries of the catalog", () => {
  test("are followed live: added, changed, taken away; others are not touched", async () => {
    const [a, b] = [await startPeer(), await startPeer()];
    const sources = sourcesOf({ id: "a", url: `mqtt://127.0.0.1:${a.port}` });
    await connected(sources);
    const entry = { ...network("b", "x"), url: `mqtt://127.0.0.1:${b.port}` };
    const { networks } = sources.catalog.current();
    sources.catalog.change({ networks: [...networks, entry] });
    await until(
      () => sources.brokers.states()[1]?.stage === "connected",
      () => JSON.stringify(sources.brokers.states()),
    );
    sources.catalog.change({ networks: [...networks, { ...entry, kind: "tts" }] });
    await until(
      () => b.aedes.connectedClients === 1 && sources.brokers.states()[1]?.stage === "connected",
      () => JSON.stringify(sources.brokers.states()),
    );
    sources.catalog.change({ networks: [...networks, { ...entry, url: null }] });
    await until(
      () => b.aedes.connectedClients === 0,
      () => "b to be left",
    );
    expect(sources.brokers.states().map(({ networkId, counts }) => [networkId, counts.connections])).toEqual([["a", 1]]);
  });

  test("topics that an entry no longer asks for are not sent any more", async () => {
    const peer = await startPeer();
    const url = `mqtt://127.0.0.1:${peer.port}`;
    const sources = sourcesOf({ id: "n", url });
    await connected(sources);
    sources.catalog.change({ networks: [{ ...network("n", "x"), url, kind: "tts" }] });
    await until(
      () => sources.brokers.states()[0]?.counts.connections === 1 && sources.stage() === "connected",
      () => "the new one",
    );
    await peer.publish(UP, "chirpstack's");
    await peer.publish("v3/a/devices/d/up", "tts's");
    await until(
      () => sources.journal.kept.length === 1,
      () => "it",
    );
    expect([sources.journal.kept[0]?.payload, sources.brokers.states()[0]?.counts.uplinks]).toEqual(["tts's", 1]);
  });

  test("an address that cannot be used is said, with its network", async () => {
    const sources = sourcesOf({ id: "cs", url: "mqtt://h/topic" });
    await until(
      () => sources.stage() === "unusable",
      () => JSON.stringify(sources.brokers.states()),
    );
    expect(sources.brokers.states()[0]?.lastError).toMatch(/url of cs has a path/);
  });

  test.each([
    [`mqtts://127.0.0.1:1?ca=/nowhere/ca.pem`, "/nowhere/ca.pem cannot be read (ENOENT)"],
    ["mqtt://127.0.0.1:1", "nothing listens there"],
  ])("%s: %s", async (url, why) => {
    const sources = sourcesOf({ id: "cs", url });
    await until(
      () => sources.stage() === "waiting",
      () => JSON.stringify(sources.brokers.states()),
    );
    expect(sources.brokers.states()[0]?.lastError).toContain(why);
  });
});

test("client ids: stable, at most 23 letters and digits, other for each folder, site and network", () => {
  const ids = [
    clientIdOf(KEY, "misato", "cs"),
    clientIdOf(KEY, "misato", "tts"),
    clientIdOf(KEY, "other", "cs"),
    clientIdOf(new Uint8Array(32), "misato", "cs"),
  ];
  expect(new Set(ids).size).toBe(4);
  for (const id of ids) expect(id).toMatch(/^[A-Za-z0-9]{23}$/);
  expect(clientIdOf(KEY, "misato", "cs")).toBe(ids[0]);
});
