import { decodeMessage, FrameSplitter, messageType } from "rtcm-parser";
import { describe, expect, test } from "vitest";
import { isVisible } from "../../correction-relay/reception.ts";
import { isLoopback } from "../../correction-relay/socket.ts";
import {
  ARP,
  BASE_PASSWORD,
  baseOf,
  basic,
  catalogOf,
  eventually,
  FILLER,
  frame1006,
  frame1033,
  joinRover,
  joinSource,
  msm,
  openBench,
  type Peer,
  ROVER_AUTH,
  ROVER_PASSWORD,
  roverOf,
} from "./support.ts";

const ICY_BYTES = 14;
const epochAt = (ms: number): Uint8Array => msm(1077, ms, { announced: false });
const framesOf = (bytes: Uint8Array): Uint8Array[] => [...new FrameSplitter().push(bytes)];
const join = (...parts: readonly (Uint8Array | string)[]): Buffer => Buffer.concat(parts.map((p) => (typeof p === "string" ? Buffer.from(p) : p)));

describe("a base's stream", () => {
  test("only whole frames leave: noise, damage and half a frame reach nobody, and are counted", async () => {
    await using bench = await openBench();
    const source = await joinSource(bench);
    const rover = await joinRover(bench);
    const damaged = Buffer.from(epochAt(1000));
    damaged[10] = (damaged[10] ?? 0) ^ 1;
    const noise = "$GNRMC,,V,,,,,,,,,,N*4D\r\n\u00d3\u0000";
    source.send(join(noise, epochAt(1000), damaged, FILLER, noise, frame1006(), epochAt(2000).subarray(0, 9)));
    source.socket.end();
    await source.untilClosed();
    expect(rover.received.subarray(ICY_BYTES)).toEqual(join(epochAt(1000), FILLER, frame1006()));
    const count = (name: string): number => bench.metrics.get(`azemichi_relay_${name}_total`, { mount: "MISATO1" });
    expect(count("frames")).toBe(3);
    expect(count("crc_failures")).toBeGreaterThan(0);
    expect(count("skipped_bytes")).toBe(2 * Buffer.byteLength(noise, "utf8") + damaged.length + 9);
  });

  test("chunked upload, cut anywhere, and a last chunk that ends it", async () => {
    await using bench = await openBench();
    const rover = await joinRover(bench);
    const source = await bench.connect();
    source.send(
      `POST /MISATO1 HTTP/1.1\r\nHost: x\r\nNtrip-Version: Ntrip/2.0\r\nAuthorization: ${basic("x", BASE_PASSWORD)}\r\nTransfer-Encoding: chunked\r\n\r\n`,
    );
    await source.untilText("\r\n\r\n");
    const stream = join(frame1006(), epochAt(1000), FILLER);
    const half = 20;
    const chunk = (bytes: Uint8Array): Buffer => join(`${bytes.length.toString(16)}\r\n`, bytes, "\r\n");
    source.send(join(chunk(stream.subarray(0, half)), chunk(stream.subarray(half)), "0\r\n\r\n"));
    await source.untilClosed();
    expect((await rover.untilBytes(ICY_BYTES + stream.length)).subarray(ICY_BYTES)).toEqual(stream);
  });

  test("frames in the segment of the request are not lost", async () => {
    await using bench = await openBench();
    const rover = await joinRover(bench);
    const source = await bench.connect();
    source.send(join(`SOURCE ${BASE_PASSWORD} MISATO1\r\n\r\n`, epochAt(1000)));
    expect((await rover.untilBytes(ICY_BYTES + epochAt(1000).length)).subarray(ICY_BYTES)).toEqual(Buffer.from(epochAt(1000)));
  });

  test("station ids are rewritten where the base has one", async () => {
    await using bench = await openBench({ bases: [baseOf("MISATO1", { stationId: 7 })] });
    const source = await joinSource(bench);
    const rover = await joinRover(bench);
    source.send(join(frame1006(0), msm(1077, 1000, { announced: false, stationId: 0 })));
    const wanted = join(frame1006(7), msm(1077, 1000, { announced: false, stationId: 7 }));
    expect((await rover.untilBytes(ICY_BYTES + wanted.length)).subarray(ICY_BYTES)).toEqual(wanted);
  });

  test("who joins later gets the status line and the cached frames in one segment", async () => {
    await using bench = await openBench();
    const source = await joinSource(bench);
    const early = await joinRover(bench);
    source.send(join(frame1033(), frame1006(), epochAt(1000)));
    await early.untilBytes(ICY_BYTES + frame1033().length + frame1006().length + epochAt(1000).length);
    const late = await bench.connect();
    const segments: Buffer[] = [];
    late.socket.on("data", (chunk) => segments.push(chunk));
    late.send(`GET /MISATO1 HTTP/1.0\r\nUser-Agent: x\r\nAuthorization: ${ROVER_AUTH}\r\n\r\n`);
    await late.untilText("\r\n\r\n");
    expect(segments).toEqual([join("ICY 200 OK\r\n\r\n", frame1006(), frame1033())]);
    source.send(epochAt(2000));
    await late.untilBytes(late.received.length + epochAt(2000).length);
    expect(segments[1]).toEqual(Buffer.from(epochAt(2000)));
  });

  test("a live source keeps its mount; a silent one, also one that only makes noise, is replaced, and rovers stay", async () => {
    await using bench = await openBench();
    const first = await joinSource(bench);
    const rover = await joinRover(bench);
    first.send(epochAt(1000));
    await rover.untilBytes(ICY_BYTES + epochAt(1000).length);
    bench.pass(1900);
    const refused = async (request: string): Promise<string> => (await bench.connect()).send(request).untilClosed();
    expect(await refused(`SOURCE ${BASE_PASSWORD} MISATO1\r\n\r\n`)).toBe("ERROR - Mount Point Taken or Invalid\r\n");
    expect(await refused(`POST /MISATO1 HTTP/1.1\r\nAuthorization: ${basic("", BASE_PASSWORD)}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 409 Conflict\r\n/);
    const bytes = (): number => bench.metrics.get("azemichi_relay_source_bytes_total", { mount: "MISATO1" });
    first.send("noise");
    await eventually(() => bytes() === epochAt(1000).length + 5, "noise");
    bench.pass(100);
    const second = await joinSource(bench);
    await first.untilClosed();
    second.send(epochAt(2000));
    await rover.untilBytes(ICY_BYTES + 2 * epochAt(1000).length);
    expect(rover.received.subarray(ICY_BYTES)).toEqual(join(epochAt(1000), epochAt(2000)));
  });

  test("a damaged length holds nothing back on a stream that goes quiet", async () => {
    await using bench = await openBench();
    const source = await joinSource(bench);
    const rover = await joinRover(bench);
    source.send(epochAt(1000));
    await rover.untilBytes(ICY_BYTES + epochAt(1000).length);
    source.send(join(Buffer.from([0xd3, 0x03, 0xff]), epochAt(2000)));
    const sent = epochAt(1000).length + 3 + epochAt(2000).length;
    await eventually(() => bench.metrics.get("azemichi_relay_source_bytes_total", { mount: "MISATO1" }) === sent, "all bytes");
    bench.pass(1000);
    await rover.untilBytes(ICY_BYTES + 2 * epochAt(1000).length);
    expect(rover.received.subarray(ICY_BYTES)).toEqual(join(epochAt(1000), epochAt(2000)));
  });

  test("a source without a byte for two minutes is closed", async () => {
    await using bench = await openBench();
    const source = await joinSource(bench);
    bench.pass(119_000);
    expect(source.closed).toBe(false);
    bench.pass(1000);
    await source.untilClosed();
  });
});

describe("a rover", () => {
  test("on a mount whose base is silent hears why from 4 s on, every 5 s, and is let go after 20 s of that", async () => {
    await using bench = await openBench();
    const patient = await joinRover(bench);
    for (let second = 0; second < 3; second += 1) bench.pass(1000);
    const source = await joinSource(bench);
    source.send(join(frame1006(), epochAt(1000)));
    const sent = join(frame1006(), epochAt(1000));
    await patient.untilBytes(ICY_BYTES + sent.length);
    const heard: number[] = [];
    let bytes = patient.received.length;
    for (let second = 1; second <= 23; second += 1) {
      bench.pass(1000);
      if (![4, 9, 14, 19].includes(second)) continue;
      await patient.until(() => patient.received.length > bytes, `a sentence after ${second} s`);
      heard.push(second);
      const [arp, notice] = framesOf(patient.received.subarray(bytes));
      expect(arp && Buffer.from(arp)).toEqual(Buffer.from(frame1006()));
      expect(notice && decodeMessage(notice)).toMatchObject({ kind: "1029", text: expect.stringContaining("No corrections from the base") });
      bytes = patient.received.length;
    }
    expect(heard).toEqual([4, 9, 14, 19]);
    expect(patient.closed).toBe(false);
    bench.pass(1000);
    await patient.untilClosed();
    expect(patient.received.length).toBe(bytes);
  });

  test("on a mount whose base is absent waits, and gets data when they come", async () => {
    await using bench = await openBench();
    const patient = await joinRover(bench);
    for (let second = 0; second < 20; second += 1) bench.pass(1000);
    await patient.until(() => framesOf(patient.received.subarray(ICY_BYTES)).length === 4, "four sentences");
    const bytes = patient.received.length;
    const source = await joinSource(bench);
    source.send(epochAt(1000));
    await patient.untilBytes(bytes + epochAt(1000).length);
    expect(patient.received.subarray(bytes)).toEqual(Buffer.from(epochAt(1000)));
  });

  test("that does not read misses whole epochs alone and is cut; the others miss nothing", async () => {
    await using bench = await openBench({ rovers: [roverOf("tractor1"), roverOf("slow")] });
    const source = await joinSource(bench);
    const slow = await joinRover(bench, "MISATO1", basic("slow", ROVER_PASSWORD));
    slow.socket.pause();
    const quick = await joinRover(bench);
    const epochs = Array.from({ length: 60 }, (_, i) => join(...Array.from({ length: 300 }, (_, k) => msm(1077, 1000 * i, { announced: k < 299 }))));
    let expected = ICY_BYTES;
    let rounds = 0;
    // As many epochs as the kernel swallows for the slow one, and a few more: each is sent when the quick one has the last.
    while (bench.metrics.get("azemichi_relay_skipped_deliveries_total", { mount: "MISATO1" }) < 5) {
      const epoch = epochs[rounds % epochs.length] as Buffer;
      rounds += 1;
      if (rounds > 2000) throw new Error("the slow rover was never left out");
      source.send(epoch);
      expected += epoch.length;
      await quick.untilBytes(expected);
    }
    bench.pass(1000);
    expect(bench.rovers.get("slow")?.skippedEpochs).toBeGreaterThan(0);
    expect(bench.rovers.get("tractor1")?.skippedEpochs).toBe(0);
    for (let second = 0; second < 9; second += 1) bench.pass(1000);
    source.send(epochs[0] as Buffer);
    expected += epochs[0]?.length ?? 0;
    await quick.untilBytes(expected);
    bench.pass(1000);
    slow.socket.resume();
    await slow.untilClosed();
    const observed = framesOf(quick.received.subarray(ICY_BYTES)).filter((frame) => messageType(frame) === 1077);
    expect(ICY_BYTES + Buffer.concat(observed).length).toBe(expected);
  });

  test("says where it is: GGA in the head, behind it, several and split; its end is told", async () => {
    await using bench = await openBench();
    expect(bench.rovers.get("tractor1")).toMatchObject({ state: "disconnected", fix: "unknown", position: null });
    const source = await joinSource(bench);
    source.send(join(frame1006(), epochAt(1000)));
    const rover = await bench.connect();
    rover.send(
      `GET /MISATO1 HTTP/1.1\r\nUser-Agent: NTRIP x/1\r\nNtrip-GGA: $GPGGA,031500,3925.2,N,14033.0,E,1,08,1.5,100,M,38,M,,\r\nAuthorization: ${ROVER_AUTH}\r\n\r\n`,
    );
    await rover.untilBytes(ICY_BYTES + frame1006().length);
    bench.pass(1000);
    expect(bench.rovers.get("tractor1")).toMatchObject({
      state: "connected",
      mount: "MISATO1",
      baseId: "misato1",
      agent: "NTRIP x/1",
      fix: "single",
      satellites: 8,
      hdop: 1.5,
    });
    rover.send("$GPGGA,031501,3925.2,N,14033.0,E,5,10,1.0,100,M,38,M,2.0,0\r\n$GPGGA,0315");
    rover.send("02,3925.2,N,14033.0,E,4,14,0.7,100,M,38,M,1.0,0\r\n");
    await eventually(() => {
      bench.pass(0);
      return bench.rovers.get("tractor1")?.fix === "fix";
    }, "the fix");
    const state = bench.rovers.get("tractor1");
    expect(state).toMatchObject({ satellites: 14, hdop: 0.7, ggaAgeS: 1, position: { latDeg: 39.42, lonDeg: 140.55, heightM: 138 } });
    expect(state?.baselineKm).toBeCloseTo(baselineKm(39.42, 140.55, 138), 3);
    rover.socket.end();
    await rover.untilClosed();
    bench.pass(1000);
    expect(bench.rovers.get("tractor1")).toMatchObject({ state: "disconnected", connectedSince: null, fix: "fix" });
  });
});

/** By WGS 84's own numbers, apart from the code under test. */
function baselineKm(latDeg: number, lonDeg: number, heightM: number): number {
  const [lat, lon] = [(latDeg * Math.PI) / 180, (lonDeg * Math.PI) / 180];
  const e2 = 0.0066943800229;
  const n = 6_378_137 / Math.sqrt(1 - e2 * Math.sin(lat) ** 2);
  const x = (n + heightM) * Math.cos(lat) * Math.cos(lon) - ARP.xM;
  const y = (n + heightM) * Math.cos(lat) * Math.sin(lon) - ARP.yM;
  const z = (n * (1 - e2) + heightM) * Math.sin(lat) - ARP.zM;
  return Math.sqrt(x * x + y * y + z * z) / 1000;
}

describe("base health", () => {
  test("absent, silent, sending, silent again, absent", async () => {
    await using bench = await openBench();
    const health = () => bench.bases.get("misato1");
    expect(health()).toMatchObject({ state: "absent", connectedSince: null, lastEpochAt: null, epochAgeS: null, antenna: null, bytesPerS: 0 });
    const source = await joinSource(bench);
    bench.pass(1000);
    expect(health()).toMatchObject({ state: "silent", sourceAgent: "NTRIP Test/1" });
    const rover = await joinRover(bench);
    const gps = (ms: number) => msm(1077, ms, { announced: true, satellites: [1, 5, 30], signals: [2, 16] });
    const glonass = (ms: number) => msm(1087, ms, { announced: false, satellites: [2, 24], signals: [2] });
    const stream = join(frame1006(), frame1033(), gps(1000), glonass(500), gps(2000), glonass(1500));
    source.send(join("noise", stream));
    await rover.untilBytes(ICY_BYTES + stream.length);
    bench.pass(1000);
    expect(health()).toMatchObject({
      state: "sending",
      epochAgeS: 1,
      epochLatencyMs: null, // the frames' time of week is not ours
      satellites: { GPS: 3, GLONASS: 2 },
      frames: 6,
      skippedBytes: 5,
      crcFailures: 0,
      receiver: "TEST RECEIVER",
      rovers: 1,
      antenna: { stationId: 0, x: ARP.xM, y: ARP.yM, z: ARP.zM, heightM: 0 },
      messages: [
        { type: 1006, count: 1, ratePerS: 0.5 },
        { type: 1033, count: 1, ratePerS: 0.5 },
        { type: 1077, count: 2, ratePerS: 1 },
        { type: 1087, count: 2, ratePerS: 1 },
      ],
    });
    bench.pass(5000);
    expect(health()).toMatchObject({ state: "silent", satellites: {} });
    source.socket.end();
    await source.untilClosed();
    bench.pass(1000);
    expect(health()).toMatchObject({ state: "absent", connectedSince: null });
  });

  test("the latency of an epoch, told where the clocks agree", async () => {
    await using bench = await openBench();
    const source = await joinSource(bench);
    // 2026-11-23 03:00:00 UTC is a Monday: 1 day 3 h into the GPS week, 18 s ahead.
    source.send(msm(1077, (27 * 3600 + 18) * 1000 - 120, { announced: false }));
    await eventually(() => {
      bench.pass(0);
      return bench.bases.get("misato1")?.epochLatencyMs === 120;
    }, "a latency of 120 ms");
  });
});

describe("the catalog changes", () => {
  const bases = [baseOf("MISATO1"), baseOf("MISATO2")];
  const rovers = [roverOf("tractor1"), roverOf("tractor2")];
  const other = { hash: "$argon2id$another", digest: null };

  test.each([
    ["a rover's password", catalogOf(bases, [roverOf("tractor1", { password: other }), roverOf("tractor2")]), "rover"],
    ["a rover removed", catalogOf(bases, [roverOf("tractor2")]), "rover"],
    ["a rover's mounts", catalogOf(bases, [roverOf("tractor1", { mounts: ["MISATO2"] }), roverOf("tractor2")]), "rover"],
    ["a rover expired", catalogOf(bases, [roverOf("tractor1", { expiresOn: "2026-11-22" }), roverOf("tractor2")]), "rover"],
    ["the base's password", catalogOf([baseOf("MISATO1", { sourcePassword: other }), bases[1] as (typeof bases)[0]], rovers), "source"],
    ["the mount removed", catalogOf([bases[1] as (typeof bases)[0]], rovers), "both"],
  ] as const)("%s: its live session is cut, the others go on", async (_, changed, cut) => {
    await using bench = await openBench({ bases, rovers });
    const source = await joinSource(bench);
    const rover = await joinRover(bench);
    const otherSource = await joinSource(bench, "MISATO2");
    const neighbour = await joinRover(bench, "MISATO2", basic("tractor2", ROVER_PASSWORD));
    bench.change(changed);
    const gone: Peer[] = cut === "rover" ? [rover] : cut === "source" ? [source] : [rover, source];
    for (const peer of gone) await peer.untilClosed();
    otherSource.send(epochAt(1000));
    await neighbour.untilBytes(ICY_BYTES + epochAt(1000).length);
    for (const peer of [source, rover]) expect(peer.closed).toBe(gone.includes(peer));
  });

  test("what is new works at once; what stays the same is not touched", async () => {
    await using bench = await openBench({ bases, rovers });
    const rover = await joinRover(bench);
    bench.change(catalogOf([...bases, baseOf("NEW1")], [...rovers, roverOf("tractor3")]));
    const source = await joinSource(bench, "NEW1");
    const third = await joinRover(bench, "NEW1", basic("tractor3", ROVER_PASSWORD));
    source.send(epochAt(1000));
    await third.untilBytes(ICY_BYTES + epochAt(1000).length);
    expect(rover.closed).toBe(false);
  });

  test("an account that ends at midnight is cut at midnight", async () => {
    const day = 86_400_000;
    await using bench = await openBench({ rovers: [roverOf("tractor1", { expiresOn: "2026-11-23" })], limits: { holdMs: day } });
    const rover = await joinRover(bench);
    bench.pass(12 * 3_600_000 - 1); // it is noon in Japan
    expect(rover.closed).toBe(false);
    bench.pass(1);
    await rover.untilClosed();
  });
});

describe("limits", () => {
  test("who has not said what it wants after 10 s is closed", async () => {
    await using bench = await openBench();
    const mute = await bench.connect();
    const half = await bench.connect();
    half.send("GET /MIS");
    await eventually(() => {
      bench.pass(0);
      return bench.metrics.get("azemichi_relay_connections") === 2;
    }, "both connections");
    bench.pass(9999);
    expect([mute.closed, half.closed]).toEqual([false, false]);
    bench.pass(1);
    await mute.untilClosed();
    await half.untilClosed();
  });

  test.each([
    ["connections", { connections: 2 }],
    ["pending", { pending: 2 }],
  ])("too many %s are turned away, and counted", async (limit, limits) => {
    await using bench = await openBench({ limits });
    for (let i = 0; i < 2; i += 1) await bench.connect();
    await eventually(() => {
      bench.pass(0);
      return bench.metrics.get("azemichi_relay_connections") === 2;
    }, "two connections");
    const third = await bench.connect();
    await third.untilClosed();
    // The listener's own limit may have turned it away before us.
    expect(third.text).toBe("");
    if (limit === "pending") expect(bench.metrics.get("azemichi_relay_turned_away_total", { limit })).toBe(1);
  });

  test("simulated bases are for loopback, unless they are meant to be served", () => {
    const far = { address: "192.0.2.1", loopback: false };
    const near = { address: "127.0.0.1", loopback: true };
    const sim = baseOf("DEMO_1", { sim: true });
    const rows = [
      [sim, near, false, true],
      [sim, far, false, false],
      [sim, far, true, true],
      [baseOf("REAL"), far, false, true],
    ] as const;
    for (const [base, peer, simServe, visible] of rows) expect(isVisible(base, peer, { simServe })).toBe(visible);
    expect(["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"].every(isLoopback)).toBe(true);
    expect(["192.0.2.1", "::ffff:192.0.2.1", "::2", "", undefined, "128.127.0.1"].some(isLoopback)).toBe(false);
  });

  test("the relay's end closes everything, once", async () => {
    const bench = await openBench();
    const source = await joinSource(bench);
    const rover = await joinRover(bench);
    bench.pass(1000);
    await Promise.all([bench.relay.close(), bench.relay.close()]);
    await source.untilClosed();
    await rover.untilClosed();
    expect(bench.bases.get("misato1")?.state).toBe("absent");
    expect(bench.rovers.get("tractor1")?.state).toBe("disconnected");
    await bench[Symbol.asyncDispose]();
  });
});
