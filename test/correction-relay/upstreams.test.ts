import { createServer, type Server, type Socket } from "node:net";
import { gzipSync } from "node:zlib";
import { withStationId } from "rtcm-parser";
import { describe, expect, test } from "vitest";
import {
  ARP,
  BASE_PASSWORD,
  type Bench,
  baseOf,
  basic,
  eventually,
  frame1006,
  joinRover,
  joinSource,
  msm,
  openBench,
  ROVER_PASSWORD,
  roverOf,
} from "./support.ts";

const ICY_BYTES = 14;
const epochAt = (ms: number): Uint8Array => msm(1077, ms, { announced: false });
const GGA = "$GPGGA,000001.00,3925.2000,N,14033.0000,E,4,12,0.8,60.0,M,36.0,M,1.0,0000*";
const withSum = (line: string): string =>
  `${line}${[...line.slice(1, -1)]
    .reduce((sum, c) => sum ^ c.charCodeAt(0), 0)
    .toString(16)
    .toUpperCase()
    .padStart(2, "0")}`;

/** Lets the relay look, again and again, until it is so. */
const passing = (bench: Bench, ms: number, condition: () => boolean, what: string): Promise<void> =>
  eventually(() => {
    bench.pass(ms);
    return condition();
  }, what);

/** A peer of another make: says what a test tells it to, and keeps what it hears. */
interface OtherCaster extends AsyncDisposable {
  readonly port: number;
  readonly heads: string[];
  readonly sockets: Socket[];
}

async function otherCaster(answer: (head: string, attempt: number) => string | Uint8Array | null): Promise<OtherCaster> {
  const heads: string[] = [];
  const sockets: Socket[] = [];
  const server: Server = createServer((socket) => {
    sockets.push(socket);
    let head = "";
    let answered = false;
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      head += chunk.toString("latin1");
      if (answered) heads[heads.length - 1] = head;
      if (answered || !head.includes("\r\n\r\n")) return;
      answered = true;
      heads.push(head);
      const said = answer(head, heads.length);
      if (said === null) socket.end();
      else socket.write(said);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  return {
    port,
    heads,
    sockets,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

const pulling = (url: string, more: Parameters<typeof baseOf>[1] = {}) =>
  openBench({ bases: [baseOf("MISATO1", { pull: url, ...more })], rovers: [roverOf("tractor1"), roverOf("tractor2")] });

describe("pull from another caster", () => {
  test("our own, one session shared by all rovers", async () => {
    await using other = await openBench();
    const source = await joinSource(other);
    await using bench = await pulling(`ntrip://tractor1:${ROVER_PASSWORD}@127.0.0.1:${other.port}/MISATO1`);
    const rovers = [await joinRover(bench), await joinRover(bench)];
    await eventually(() => bench.metrics.get("azemichi_relay_upstream_attempts_total", { mount: "MISATO1" }) === 1, "an attempt");
    other.pass(1000);
    await passing(other, 0, () => other.rovers.get("tractor1")?.state === "connected", "one session there");
    source.send(Buffer.concat([frame1006(), epochAt(1000)]));
    for (const rover of rovers) await rover.untilBytes(ICY_BYTES + frame1006().length + epochAt(1000).length);
    expect(rovers[0]?.received).toEqual(rovers[1]?.received);
    expect(other.rovers.get("tractor1")?.service?.sessions).toBe(1);
  });

  test.each([
    ["NTRIP 1.0", "ICY 200 OK\r\n\r\n"],
    ["RTKLIB's caster, without a blank line", "ICY 200 OK\r\n"],
    ["NTRIP 2.0 of pygnssutils, without CRLF", "HTTP/1.1 200 OKNtrip-Version: Ntrip/2.0\r\nContent-Type: gnss/data\r\n\r\n"],
  ])("%s", async (_, head) => {
    await using other = await otherCaster(() => Buffer.concat([Buffer.from(head, "latin1"), epochAt(1000)]));
    await using bench = await pulling(`ntrip://u%40x:p%3Aw@127.0.0.1:${other.port}/OTHER`);
    const rover = await joinRover(bench);
    await eventually(() => other.sockets.length === 1, "a connection");
    await eventually(() => bench.metrics.get("azemichi_relay_epochs_total", { mount: "MISATO1" }) === 1, "an epoch");
    other.sockets[0]?.write(epochAt(2000));
    await eventually(() => rover.received.includes(Buffer.from(epochAt(2000))), "the next epoch at the rover");
    expect(other.heads[0]).toMatch(/^GET \/OTHER HTTP\/1\.1\r\nHost: 127\.0\.0\.1:\d+\r\nNtrip-Version: Ntrip\/2\.0\r\nUser-Agent: NTRIP /);
    expect(other.heads[0]).toContain(`Authorization: ${basic("u@x", "p:w")}\r\n`);
  });

  test("chunks and gzip are taken off", async () => {
    const packed = gzipSync(epochAt(1000));
    const chunk = Buffer.concat([Buffer.from(`${packed.length.toString(16)}\r\n`), packed, Buffer.from("\r\n")]);
    await using other = await otherCaster(() =>
      Buffer.concat([Buffer.from("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n\r\n"), chunk]),
    );
    await using bench = await pulling(`ntrip://127.0.0.1:${other.port}/OTHER`);
    await eventually(() => bench.metrics.get("azemichi_relay_epochs_total", { mount: "MISATO1" }) === 1, "an epoch");
  });

  test("a caster that has no word for version 2 is asked in version 1", async () => {
    await using other = await otherCaster((head) => (head.includes("Ntrip-Version") ? null : "ICY 200 OK\r\n\r\n"));
    await using bench = await pulling(`ntrip://127.0.0.1:${other.port}/OTHER`);
    await eventually(() => other.heads.length === 2, "a second attempt");
    expect(other.heads[1]).toMatch(/^GET \/OTHER HTTP\/1\.0\r\nUser-Agent: NTRIP /);
    await passing(bench, 0, () => bench.bases.get("misato1")?.truth?.source.note === null, "no complaint");
  });

  test.each([
    ["a refused password", "HTTP/1.0 401 Unauthorized\r\n\r\n", "password"],
    ["a ban", "ERROR - this IP is banned\r\n", "banned"],
  ])("%s ends it, and is said", async (_, answer, code) => {
    await using other = await otherCaster(() => answer);
    await using bench = await pulling(`ntrip://127.0.0.1:${other.port}/OTHER`);
    await passing(bench, 0, () => bench.bases.get("misato1")?.truth?.source.note?.code === code, "the reason");
    for (let second = 0; second < 600; second += 1) bench.pass(1000);
    expect(other.heads.length).toBe(1);
    expect(bench.bases.get("misato1")?.truth?.source).toMatchObject({ kind: "pull" });
  });

  test("on demand: only while somebody listens, and 30 s longer", async () => {
    await using other = await otherCaster(() => "ICY 200 OK\r\n\r\n");
    await using bench = await pulling(`ntrip://127.0.0.1:${other.port}/OTHER`, { pullMode: "demand" });
    bench.pass(1000);
    expect(bench.metrics.get("azemichi_relay_upstream_attempts_total", { mount: "MISATO1" })).toBe(0);
    const rover = await joinRover(bench);
    bench.pass(1000);
    await passing(bench, 0, () => bench.bases.get("misato1")?.state === "silent", "a session");
    rover.socket.destroy();
    await passing(bench, 0, () => bench.bases.get("misato1")?.rovers === 0, "nobody");
    for (let second = 0; second < 29; second += 1) bench.pass(1000);
    expect(bench.bases.get("misato1")?.state).toBe("silent");
    bench.pass(2000);
    bench.pass(0);
    expect(bench.bases.get("misato1")?.state).toBe("absent");
    await eventually(() => other.sockets[0]?.destroyed ?? false, "the end there");
    await passing(bench, 0, () => true, "a look");
    expect(bench.bases.get("misato1")?.truth?.source.note).toBeNull(); // nobody wants it: nothing is amiss
  });

  test("on demand: a rover on NEAR, who may be given to this base, is a demand too", async () => {
    await using other = await otherCaster(() => "ICY 200 OK\r\n\r\n");
    const antenna = { x: ARP.xM, y: ARP.yM, z: ARP.zM };
    await using bench = await pulling(`ntrip://127.0.0.1:${other.port}/OTHER`, { pullMode: "demand", stationId: 1, antenna });
    for (let second = 0; second < 20; second += 1) bench.pass(1000);
    expect(bench.metrics.get("azemichi_relay_upstream_attempts_total", { mount: "MISATO1" })).toBe(0);
    const rover = await joinRover(bench, "NEAR");
    await passing(bench, 0, () => other.sockets.length === 1, "a connection");
    await passing(bench, 0, () => bench.bases.get("misato1")?.state === "silent", "a session");
    for (let second = 1; second <= 3; second += 1) {
      other.sockets[0]?.write(Buffer.concat([frame1006(1), epochAt(second * 1000)]));
      await eventually(() => bench.metrics.get("azemichi_relay_epochs_total", { mount: "MISATO1" }) === second, "an epoch");
      bench.pass(1000);
    }
    await eventually(() => rover.received.includes(Buffer.from(withStationId(epochAt(3000), 1))), "data");
  });

  test("a closed port is said in words, and tried again", async () => {
    const other = await otherCaster(() => "ICY 200 OK\r\n\r\n");
    const { port } = other;
    await other[Symbol.asyncDispose]();
    await using bench = await pulling(`ntrip://127.0.0.1:${port}/OTHER`);
    await passing(bench, 0, () => bench.bases.get("misato1")?.truth?.source.note?.code === "port-closed", "the reason");
    await eventually(() => bench.metrics.get("azemichi_relay_upstream_attempts_total", { mount: "MISATO1" }) >= 2, "another attempt");
  });
});

describe("plain TCP", () => {
  test("we connect to a receiver", async () => {
    await using other = await otherCaster(() => null);
    await using bench = await pulling(`tcp://127.0.0.1:${other.port}`);
    await eventually(() => other.sockets.length === 1, "a connection");
    other.sockets[0]?.write(Buffer.concat([Buffer.from("$GNRMC,,V\r\n"), epochAt(1000)]));
    await eventually(() => bench.metrics.get("azemichi_relay_epochs_total", { mount: "MISATO1" }) === 1, "an epoch");
  });
});

describe("a network (VRS)", () => {
  const vrs = (port: number, pullSessions = 8) => pulling(`ntrip://127.0.0.1:${port}/VRS`, { kind: "network", pullSessions });
  const sendGga = (line: string): string => `${withSum(line)}\r\n`;

  test("each rover has a session of its own with its own GGA, and no other's data", async () => {
    await using other = await otherCaster(() => "ICY 200 OK\r\n\r\n");
    await using bench = await vrs(other.port);
    const rovers = [await joinRover(bench), await joinRover(bench, "MISATO1", basic("tractor2", ROVER_PASSWORD))];
    bench.pass(1000);
    expect(other.heads.length).toBe(0); // nobody has said yet where it is
    const lines = [GGA, GGA.replace("3925.2000", "3926.9000")];
    for (const [i, rover] of rovers.entries()) {
      rover.send(sendGga(lines[i] as string));
      await passing(bench, 1000, () => other.heads.length === i + 1, `session ${i}`);
      expect(other.heads[i]).toContain(`Ntrip-GGA: ${withSum(lines[i] as string)}\r\n`);
    }
    other.sockets[0]?.write(Buffer.concat([frame1006(1), epochAt(1000)]));
    await eventually(() => rovers[0]?.received.includes(Buffer.from(epochAt(1000))) ?? false, "the first one's data");
    expect(rovers[1]?.received.includes(Buffer.from(epochAt(1000)))).toBe(false);
  });

  test("no more sessions than the account has; a place is free when its rover leaves", async () => {
    await using other = await otherCaster(() => "ICY 200 OK\r\n\r\n");
    await using bench = await vrs(other.port, 1);
    const first = await joinRover(bench);
    const second = await joinRover(bench, "MISATO1", basic("tractor2", ROVER_PASSWORD));
    await second.untilClosed();
    first.socket.destroy();
    await passing(bench, 0, () => bench.rovers.get("tractor1")?.state === "disconnected", "the first one gone");
    const third = await joinRover(bench, "MISATO1", basic("tractor2", ROVER_PASSWORD));
    bench.pass(1000);
    expect(third.closed).toBe(false);
  });

  test("a refused password ends it for all rovers, and is said to staff and driver", async () => {
    await using other = await otherCaster(() => "HTTP/1.1 401 Unauthorized\r\n\r\n");
    await using bench = await vrs(other.port);
    const first = await joinRover(bench);
    await passing(bench, 0, () => bench.bases.get("misato1")?.truth?.source.note?.code === "awaits-gga", "what it waits for");
    first.send(sendGga(GGA));
    await passing(bench, 1000, () => bench.bases.get("misato1")?.truth?.source.note?.code === "password", "the reason");
    expect(bench.rovers.get("tractor1")?.service?.notice?.code).toBe("password");
    first.socket.destroy();
    await passing(bench, 0, () => bench.rovers.get("tractor1")?.state === "disconnected", "the first one gone");
    const second = await joinRover(bench, "MISATO1", basic("tractor2", ROVER_PASSWORD));
    await second.untilClosed();
    expect(second.received.toString("utf8")).toContain("ユーザー名かパスワード");
    bench.pass(1000);
    expect(other.heads.length).toBe(1);
    expect(bench.bases.get("misato1")?.truth?.source.note?.code).toBe("password");
  });

  test("a reference over 50 km away is not this rover's", async () => {
    await using other = await otherCaster(() => "ICY 200 OK\r\n\r\n");
    await using bench = await vrs(other.port);
    const rover = await joinRover(bench);
    rover.send(sendGga(GGA.replace("3925.2000", "3825.2000")));
    await passing(bench, 1000, () => other.heads.length === 1, "a session");
    other.sockets[0]?.write(Buffer.concat([frame1006(1), epochAt(1000)]));
    await passing(bench, 1000, () => rover.closed, "the end");
    expect(rover.received.includes(Buffer.from(epochAt(1000)))).toBe(false);
  });

  test("it takes no push", async () => {
    await using bench = await vrs(1);
    const base = await bench.connect();
    expect(await base.send(`SOURCE ${BASE_PASSWORD} MISATO1\r\n\r\n`).untilClosed()).toBe("ERROR - Mount Point Taken or Invalid\r\n");
  });
});
