import { spawn } from "node:child_process";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { silentLog } from "../../../core/runtime/log.ts";
import { DEMO_BASES } from "../../../firmware-sim/demo/demo-site.ts";
import { BaseTransmitter } from "../../../firmware-sim/gnss/base-transmitter.ts";
import { checksumOf } from "../../../firmware-sim/gnss/nmea-gga.ts";
import { chunkOf } from "../../../firmware-sim/gnss/ntrip-connection.ts";
import { RoverReceiver, runRover } from "../../../firmware-sim/gnss/rover-simulator.ts";
import { eventually } from "../../correction-relay/support.ts";
import { describeNeeding, programPath } from "../../support/requirements.ts";

const BASE = DEMO_BASES[0] as (typeof DEMO_BASES)[number];
const T0_MS = Date.UTC(2026, 10, 23, 6);

describe("what the receiver makes of corrections", () => {
  const transmitter = new BaseTransmitter(BASE);
  const epochAt = (s: number): Buffer => Buffer.concat(transmitter.framesAt(T0_MS + s * 1000));
  const at = (s: number): number => T0_MS + s * 1000 + 100;

  test("none: single. Fresh: float, after some seconds fixed. Old: float, then single", () => {
    const rover = new RoverReceiver();
    expect(rover.fixAt(at(0))).toEqual({ quality: 1, ageS: null, stationId: null });
    for (let s = 0; s <= 6; s += 1) {
      rover.receive(epochAt(s), at(s));
      expect(rover.fixAt(at(s))).toMatchObject({ quality: s < 5 ? 5 : 4, ageS: 0.1, stationId: BASE.stationId });
    }
    expect(rover.fixAt(at(15))).toMatchObject({ quality: 4, ageS: 9.1 });
    expect(rover.fixAt(at(17))).toMatchObject({ quality: 5, ageS: 11.1 });
    expect(rover.fixAt(at(70))).toEqual({ quality: 1, ageS: null, stationId: null });
    rover.receive(epochAt(80), at(80));
    expect(rover.fixAt(at(80)).quality).toBe(5); // converges anew
  });

  test("damaged and foreign bytes are no corrections", () => {
    const rover = new RoverReceiver();
    const damaged = epochAt(90);
    for (let i = 10; i < damaged.length; i += 40) damaged[i] = (damaged[i] as number) ^ 0x55;
    rover.receive(damaged, at(90));
    rover.receive(Buffer.from("$GNGGA,this is not RTCM*00\r\n"), at(90));
    expect(rover.fixAt(at(90)).quality).toBe(1);
    expect(rover.counters.frames).toBe(0);
    expect(rover.counters.skippedBytes).toBeGreaterThan(0);
  });
});

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** A caster of one conversation: says `answer` to whoever asks, keeps what it heard. */
async function scriptedCaster(answer: (request: string, socket: Socket) => void): Promise<{ port: number; heard: string[] }> {
  const heard: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    const nth = heard.push("") - 1;
    socket.on("data", (bytes) => {
      const asked = heard[nth]?.includes("\r\n\r\n") ?? false;
      heard[nth] += bytes.toString("latin1");
      if (!asked && heard[nth]?.includes("\r\n\r\n")) answer(heard[nth] as string, socket);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, heard };
}

function startRover(port: number, protocol: "v1" | "v2"): void {
  const ending = new AbortController();
  const target = { host: "127.0.0.1", port, mount: "DEMO_ROKUGO", username: "tractor", password: "p:w", protocol };
  const running = runRover(target, () => ({ latDeg: 39.42, lonDeg: 140.55, heightM: 60 }), {
    log: silentLog,
    nowMs: Date.now,
    random: Math.random,
    signal: ending.signal,
  });
  closers.push(async () => {
    ending.abort();
    await running;
  });
}
/** The last whole GGA line, checked, as fields. */
function lastGga(heard: string): string[] {
  const line = heard.split("\r\n").findLast((l) => /^\$GNGGA,.*\*[0-9A-F]{2}$/.test(l)) ?? "";
  const [, body = "", sum] = /^\$(.*)\*(..)$/.exec(line) ?? [];
  expect(sum ?? checksumOf(body)).toBe(checksumOf(body));
  return body.split(",");
}
const epochNow = (): Buffer => Buffer.concat(new BaseTransmitter(BASE).framesAt(Math.floor(Date.now() / 1000) * 1000));

describe("conversations", () => {
  test("v1: no version header, ICY without a blank line, corrections in the same segment", async () => {
    const caster = await scriptedCaster((_, socket) => socket.write(Buffer.concat([Buffer.from("ICY 200 OK\r\n"), epochNow()])));
    startRover(caster.port, "v1");
    await eventually(() => lastGga(caster.heard[0] ?? "")[6] === "5", "a float");
    const request = caster.heard[0]?.split("\r\n\r\n")[0];
    expect(request).toBe(
      `GET /DEMO_ROKUGO HTTP/1.0\r\nUser-Agent: NTRIP Azemichi-Sim/0.1\r\nAuthorization: Basic ${Buffer.from("tractor:p:w").toString("base64")}`,
    );
  });

  test("v2 with a chunked body, cut in the middle of frames", async () => {
    const caster = await scriptedCaster((_, socket) => {
      socket.write("HTTP/1.1 200 OK\r\nNtrip-Version: Ntrip/2.0\r\nTransfer-Encoding: chunked\r\n\r\n");
      const epoch = epochNow();
      for (let i = 0; i < epoch.length; i += 100) socket.write(chunkOf(epoch.subarray(i, i + 100)));
    });
    startRover(caster.port, "v2");
    await eventually(() => lastGga(caster.heard[0] ?? "")[6] === "5", "a float");
    expect(caster.heard[0]).toContain("Ntrip-Version: Ntrip/2.0\r\n");
  });

  test("comes back when it is refused, when the caster says nothing sensible, and when the connection breaks", async () => {
    const answers = ["HTTP/1.1 401 Unauthorized\r\n\r\n", "SOURCETABLE 200 OK\r\n", "", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnot a chunk\r\n"];
    const caster = await scriptedCaster((_, socket) => {
      const said = answers.shift();
      if (said === undefined) socket.write(Buffer.concat([Buffer.from("ICY 200 OK\r\n\r\n"), epochNow()]));
      else socket.end(said);
    });
    startRover(caster.port, "v2");
    await eventually(() => lastGga(caster.heard[4] ?? "")[6] === "5", "the fifth connection");
  });
});

describeNeeding(["str2str"], "RTKLIB's caster", () => {
  test("str2str lets the v1 rover in and its corrections are found", async () => {
    const source = createServer((socket) => {
      const transmitter = new BaseTransmitter(BASE);
      const send = (): void => void socket.write(Buffer.concat(transmitter.framesAt(Math.floor(Date.now() / 1000) * 1000)));
      const timer = setInterval(send, 500);
      socket.on("close", () => clearInterval(timer));
      socket.on("error", () => {});
      send();
    });
    await new Promise<void>((resolve) => source.listen(0, "127.0.0.1", resolve));
    const free = createServer();
    await new Promise<void>((resolve) => free.listen(0, "127.0.0.1", resolve));
    const { port } = free.address() as AddressInfo;
    await new Promise((resolve) => free.close(resolve));
    // RTKLIB's caster knows one account; a colon in the password would end it.
    const out = `ntripc://tractor:pw@:${port}/DEMO_ROKUGO:DEMO_ROKUGO;RTCM 3.3;1006(5),1077(1);2;GPS;SIM;JPN;39.42;140.55;1;0;SIM;none;B;N;0;`;
    const str2str = spawn(programPath("str2str") as string, ["-in", `tcpcli://127.0.0.1:${(source.address() as AddressInfo).port}`, "-out", out], {
      stdio: "ignore",
    });
    closers.push(async () => {
      const gone = new Promise((resolve) => str2str.once("exit", resolve));
      str2str.kill("SIGKILL");
      await gone;
      source.close();
    });
    const log: string[] = [];
    const receiver = new AbortController();
    const running = runRover(
      { host: "127.0.0.1", port, mount: "DEMO_ROKUGO", username: "tractor", password: "pw", protocol: "v1" },
      () => ({ latDeg: 39.42, lonDeg: 140.55, heightM: 60 }),
      { log: { ...silentLog, info: (event) => void log.push(event) }, nowMs: Date.now, random: Math.random, signal: receiver.signal },
    );
    closers.push(async () => {
      receiver.abort();
      await running;
    });
    await eventually(() => log.includes("rover connected") && log.includes("corrections arrive"), "corrections through RTKLIB's caster");
  });
});
