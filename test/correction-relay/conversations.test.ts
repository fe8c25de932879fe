import { describe, expect, test } from "vitest";
import { AGENTS } from "../../correction-relay/agents.ts";
import { BASES, GGA, REFUSALS, ROVERS, TABLES } from "./client-requests.ts";
import { type Bench, baseOf, eventually, FILLER, frame1006, joinRover, joinSource, msm, openBench, type Peer, ROVER_AUTH, roverOf } from "./support.ts";

const ANSWER = {
  ICY: /^ICY 200 OK\r\n\r\n/,
  "HTTP/1.1":
    /^HTTP\/1\.1 200 OK\r\nNtrip-Version: Ntrip\/2\.0\r\nServer: NTRIP [^\r]+\r\nDate: [^\r]+ GMT\r\nCache-Control: no-store\r\nPragma: no-cache\r\nConnection: close\r\nContent-Type: gnss\/data\r\n\r\n/,
} as const;
const POST_OK = /^HTTP\/1\.1 200 OK\r\nNtrip-Version: Ntrip\/2\.0\r\n(?:.+\r\n)*\r\n/;
const EPOCH = Buffer.concat([frame1006(), FILLER, msm(1077, 1000, { announced: true }), msm(1087, 1000, { announced: false })]);
const PATIENT = { idleAtLineEndMs: 5000, idleInLineMs: 5000 };
const QUICK = { idleAtLineEndMs: 40, idleInLineMs: 60 };

const town = (limits: typeof QUICK) =>
  openBench({
    bases: [baseOf("MISATO1"), baseOf("MISATO2")],
    rovers: [roverOf("tractor1", { mounts: ["MISATO1", "NOWHERE"] }), roverOf("sato", { username: "sato@example.jp" })],
    limits,
  });

/** Each byte reaches the parser by itself: the next one follows when the socket has written it. */
async function sendByteByByte(peer: Peer, text: string): Promise<void> {
  for (const byte of Buffer.from(text, "latin1")) {
    await new Promise<void>((resolve) => peer.socket.write(Buffer.of(byte), () => resolve()));
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function answered(peer: Peer, answer: RegExp): Promise<number> {
  await peer.until(() => answer.test(peer.text), String(answer));
  return (answer.exec(peer.text) as RegExpExecArray)[0].length;
}

/** The base's stream arrives behind the answer, byte for byte. */
async function getsStream(bench: Bench, rover: Peer, headBytes: number): Promise<void> {
  const source = await joinSource(bench);
  source.send(EPOCH);
  expect((await rover.untilBytes(headBytes + EPOCH.length)).subarray(headBytes)).toEqual(EPOCH);
}

describe("rovers (ntrip.md §3.1)", () => {
  test.each(ROVERS)("$client", async ({ sends, answer, gga, noBlankLine }) => {
    await using bench = await town(noBlankLine ? QUICK : PATIENT);
    const peer = await bench.connect();
    const headBytes = await answered(peer.send(Buffer.from(sends, "latin1")), ANSWER[answer]);
    await getsStream(bench, peer, headBytes);
    bench.pass(0);
    const state = [...bench.rovers.values()].find((r) => r.state === "connected");
    if (gga) expect(state?.position).toMatchObject({ latDeg: 39.42, lonDeg: 140.55 });
    else expect(state?.position).toBeNull();
  });

  test.each(ROVERS.filter(({ noBlankLine }) => !noBlankLine))("$client: byte by byte", async ({ sends, answer, gga }) => {
    await using bench = await town(PATIENT);
    const peer = await bench.connect();
    await sendByteByByte(peer, sends);
    await getsStream(bench, peer, await answered(peer, ANSWER[answer]));
    if (gga)
      await eventually(() => {
        bench.pass(0);
        return [...bench.rovers.values()].some((r) => r.position?.latDeg === 39.42);
      }, "its position");
  });

  test.each(AGENTS)("the override for $agent is shown by a row, and needed there", ({ agent, version }) => {
    const shown = ROVERS.filter(({ sends }) => agent.test(/User-Agent: (.*)/.exec(sends)?.[1] ?? ""));
    const overridden = shown.filter(({ sends }) => (/Ntrip-Version: Ntrip\/2/.test(sends) ? 2 : 1) !== version);
    expect(overridden.map(({ answer }) => answer)).toContain(version === 2 ? "HTTP/1.1" : "ICY");
  });

  test("several GGA in one packet, and one split over many: the last one counts", async () => {
    await using bench = await town(PATIENT);
    const peer = await joinRover(bench);
    const later = "$GPGGA,031501.00,3930.0000,N,14033.0000,E,5,12,0.8,45.0,M,38.0,M,1.0,0001";
    peer.send(`${GGA}\r\n$GPGSV,1,1,00*79\r\n${GGA}\r\n${later.slice(0, 20)}`);
    await sendByteByByte(peer, `${later.slice(20)}\r\n`);
    await eventually(() => {
      bench.pass(0);
      return bench.rovers.get("tractor1")?.fix === "float";
    }, "the last GGA");
    expect(bench.rovers.get("tractor1")?.position?.latDeg).toBe(39.5);
  });

  test("what a v1 and a v2 rover receive is the same stream", async () => {
    await using bench = await town(PATIENT);
    const source = await joinSource(bench);
    const v1 = await joinRover(bench);
    const v2 = await bench.connect();
    v2.send(`GET /MISATO1 HTTP/1.1\r\nNtrip-Version: Ntrip/2.0\r\nUser-Agent: NTRIP x\r\nAuthorization: ${ROVER_AUTH}\r\n\r\n`);
    const headBytes = await answered(v2, ANSWER["HTTP/1.1"]);
    source.send(EPOCH);
    expect((await v1.untilBytes(14 + EPOCH.length)).subarray(14)).toEqual(EPOCH);
    expect((await v2.untilBytes(headBytes + EPOCH.length)).subarray(headBytes)).toEqual(EPOCH);
  });

  test("a known mount whose base is absent takes the rover", async () => {
    await using bench = await town(PATIENT);
    const peer = await joinRover(bench, "MISATO1");
    bench.pass(3000);
    expect(peer.closed).toBe(false);
  });
});

describe("bases (ntrip.md §3.1)", () => {
  test.each(BASES)("$client", async ({ sends, answer, packs = (bytes) => bytes, noBlankLine }) => {
    await using bench = await town(noBlankLine ? QUICK : PATIENT);
    const rover = await joinRover(bench);
    const base = await bench.connect();
    await answered(base.send(Buffer.from(sends, "latin1")), answer === "ICY" ? ANSWER.ICY : POST_OK);
    base.send(packs(EPOCH));
    expect((await rover.untilBytes(14 + EPOCH.length)).subarray(14)).toEqual(EPOCH);
  });

  test.each(BASES.filter(({ noBlankLine }) => !noBlankLine))("$client: data in the packet of the request", async ({ sends, packs = (bytes) => bytes }) => {
    await using bench = await town(PATIENT);
    const rover = await joinRover(bench);
    const base = await bench.connect();
    base.send(Buffer.concat([Buffer.from(sends, "latin1"), packs(EPOCH)]));
    expect((await rover.untilBytes(14 + EPOCH.length)).subarray(14)).toEqual(EPOCH);
  });

  test("a mount in use: NTRIP 1.0's sentence, 409 to a POST, and the base on it stays", async () => {
    await using bench = await town(PATIENT);
    const first = await joinSource(bench);
    const asks = async (sends: string): Promise<string> => (await bench.connect()).send(sends).untilClosed();
    expect(await asks(BASES[0]?.sends ?? "")).toBe("ERROR - Mount Point Taken or Invalid\r\n");
    expect(await asks(BASES.find(({ answer }) => answer === "HTTP/1.1")?.sends ?? "")).toMatch(/^HTTP\/1\.1 409 Conflict\r\n/);
    expect(first.closed).toBe(false);
  });
});

/** Exact: what a client counts by `Content-Length` is all there is. */
function expectExactLength(got: string): void {
  const [head = "", ...rest] = got.split("\r\n\r\n");
  const length = /\r\nContent-Length: (\d+)/.exec(head)?.[1];
  if (length !== undefined) expect(Number(length)).toBe(Buffer.byteLength(rest.join("\r\n\r\n"), "latin1"));
}

describe("the table (ntrip.md §3.3)", () => {
  test.each(TABLES)("$client", async ({ sends, answer }) => {
    await using bench = await town(QUICK);
    const got = await (await bench.connect()).send(sends).untilClosed();
    expect(got).toMatch(answer);
    expect(got).toContain("\r\nContent-Length: ");
    expectExactLength(got);
  });

  test("names the caster as the client calls it", async () => {
    await using bench = await town(QUICK);
    const casOf = async (host: string): Promise<string | undefined> =>
      (await (await bench.connect()).send(`GET / HTTP/1.1\r\nUser-Agent: NTRIP x\r\n${host}\r\n\r\n`).untilClosed())
        .split("\r\n")
        .find((line) => line.startsWith("CAS;"));
    expect(await casOf("Host: rtk.misato.example:2101")).toMatch(/^CAS;rtk\.misato\.example;\d+;/);
    expect(await casOf('Host: a;b"c')).toMatch(/^CAS;127\.0\.0\.1;\d+;/);
  });

  test("a query leaves what fits, `auth` what the account may use", async () => {
    await using bench = await town(QUICK);
    const mounts = async (query: string, head = ""): Promise<readonly string[]> => {
      const got = await (await bench.connect()).send(`GET /?${query} HTTP/1.1\r\nNtrip-Version: Ntrip/2.0\r\nUser-Agent: NTRIP x\r\n${head}\r\n`).untilClosed();
      expectExactLength(got);
      expect(got.endsWith("ENDSOURCETABLE\r\n")).toBe(true);
      const listed = [...got.matchAll(/^(?:STR;([^;]+)|(CAS|NET));/gm)].map(([, mount, record]) => mount ?? record ?? "");
      return listed.filter((name) => !/_(M4|L)$/.test(name)); // each mount's forms stand beside it
    };
    expect(await mounts("")).toEqual(["CAS", "NET", "MISATO1", "MISATO2"]);
    expect(await mounts("STR;MISATO2")).toEqual(["MISATO2"]);
    expect(await mounts("match=STR;")).toEqual(["MISATO1", "MISATO2"]);
    expect(await mounts("filter=STR;!MISATO2")).toEqual(["MISATO1"]);
    expect(await mounts("auth&STR;", `Authorization: ${ROVER_AUTH}\r\n`)).toEqual(["MISATO1"]);
    expect(await (await bench.connect()).send("GET /?auth HTTP/1.1\r\nNtrip-Version: Ntrip/2.0\r\n\r\n").untilClosed()).toMatch(/^HTTP\/1\.1 401 /);
  });
});

describe("refusals (ntrip.md §3.3)", () => {
  test.each(REFUSALS)("$client", async ({ sends, answer }) => {
    await using bench = await town(QUICK);
    const got = await (await bench.connect()).send(Buffer.from(sends, "latin1")).untilClosed();
    expect(got).toMatch(answer);
    expect(got).not.toContain("200"); // SparkFun's client greps for it
    expectExactLength(got);
  });

  test("who has not said what it wants after 10 s is closed, however busily it talks", async () => {
    await using bench = await town(PATIENT);
    const silent = await bench.connect();
    const talker = await bench.connect();
    talker.send("GET /MISATO1 HTTP/1.0\r\nX: ");
    await eventually(() => {
      bench.pass(0);
      return bench.metrics.get("azemichi_relay_connections") === 2;
    }, "both");
    bench.pass(9000);
    talker.send("y");
    expect([silent.closed, talker.closed]).toEqual([false, false]);
    bench.pass(1000);
    expect([await silent.untilClosed(), await talker.untilClosed()]).toEqual(["", ""]);
  });
});
