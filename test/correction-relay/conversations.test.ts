import { describe, expect, test } from "vitest";
import { BASE_PASSWORD, type Bench, baseOf, basic, FILLER, frame1006, joinRover, joinSource, msm, openBench, ROVER_AUTH, roverOf } from "./support.ts";

const AUTH = `Authorization: ${ROVER_AUTH}`;
const WRONG = `Authorization: ${basic("tractor1", "not it")}`;
const GGA = "$GPGGA,031500.00,3925.2000,N,14033.0000,E,4,12,0.8,45.0,M,38.0,M,1.0,0001*";
const ICY = /^ICY 200 OK\r\n\r\n$/;
const V2 =
  /^HTTP\/1\.1 200 OK\r\nNtrip-Version: Ntrip\/2\.0\r\nServer: NTRIP [^\r]+\r\nDate: [^\r]+ GMT\r\nCache-Control: no-store\r\nPragma: no-cache\r\nConnection: close\r\nContent-Type: gnss\/data\r\n\r\n$/;
const TABLE_V1 = /^SOURCETABLE 200 OK\r\n(?:.+\r\n)+\r\n(?:.+\r\n)*STR;MISATO1;(?:.+\r\n)*ENDSOURCETABLE\r\n$/;
const UNAUTHORIZED_V1 = /^HTTP\/1\.0 401 Unauthorized\r\n(?:.+\r\n)*WWW-Authenticate: Basic realm="\/MISATO1"\r\n(?:.+\r\n)*\r\n$/;

/** ntrip.md §3.1: one row per form that the field sends. `until` is what the client waits for; `closes`: the relay ends the talk. */
const ROWS: readonly { readonly client: string; readonly sends: readonly string[]; readonly answer: RegExp; readonly closes: boolean }[] = [
  { client: "RTKLIB", sends: [`GET /MISATO1 HTTP/1.0\r\nUser-Agent: NTRIP RTKLIB/demo5_b34j\r\n${AUTH}\r\n\r\n`], answer: ICY, closes: false },
  {
    client: "AgIO, HTTP/1.1 without Host",
    sends: [`GET /MISATO1 HTTP/1.1\r\nUser-Agent: NTRIP AgOpenGPSClient/6.4\r\n${AUTH}\r\nAccept: */*\r\nConnection: close\r\n\r\n`],
    answer: ICY,
    closes: false,
  },
  {
    client: "old AgIO, GGA among the headers",
    sends: [`GET /MISATO1 HTTP/1.0\r\nUser-Agent: NTRIP AgOpenGPSClient/4\r\n${AUTH}\r\n${GGA}5D\r\nAccept: */*\r\n\r\n`],
    answer: ICY,
    closes: false,
  },
  {
    client: "gpsd",
    sends: [
      `GET /MISATO1 HTTP/1.1\r\nNtrip-Version: Ntrip/2.0\r\nUser-Agent: NTRIP gpsd/3.25\r\nHost: caster\r\nAccept: rtk/rtcm, dgps/rtcm\r\n${AUTH}\r\nConnection: close\r\n\r\n`,
    ],
    answer: V2,
    closes: false,
  },
  {
    client: "gpsd's table",
    sends: ["GET / HTTP/1.1\r\nNtrip-Version: Ntrip/2.0\r\nUser-Agent: NTRIP gpsd/3.25\r\nHost: caster\r\nConnection: close\r\n\r\n"],
    answer: /^HTTP\/1\.1 200 OK\r\n(?:.+\r\n)*Content-Type: gnss\/sourcetable\r\n(?:.+\r\n)*\r\n(?:.+\r\n)*STR;MISATO1;(?:.+\r\n)*ENDSOURCETABLE\r\n$/,
    closes: true,
  },
  {
    client: "pygnssutils v2",
    sends: [
      `GET /MISATO1 HTTP/1.1\r\nHost: caster:2101\r\nUser-Agent: NTRIP PYGNSSUTILS/1.1\r\n${AUTH}\r\nNtrip-Version: Ntrip/2.0\r\nNtrip-GGA: ${GGA}5D\r\n\r\n`,
    ],
    answer: V2,
    closes: false,
  },
  {
    client: "pygnssutils v1, GGA behind the blank line",
    sends: [`GET /MISATO1 HTTP/1.0\r\nUser-Agent: NTRIP PYGNSSUTILS/1.1\r\n${AUTH}\r\n\r\n${GGA}5D\r\n`],
    answer: ICY,
    closes: false,
  },
  { client: "SparkFun", sends: [`GET /MISATO1 HTTP/1.0\r\nUser-Agent: NTRIP SparkFun_RTK_Surveyor_v1\r\n${AUTH}\r\n\r\n`], answer: ICY, closes: false },
  {
    client: "Lefebure",
    sends: [`GET /MISATO1 HTTP/1.0\r\nUser-Agent: NTRIP LefebureNTRIPClient/20131124\r\nAccept: */*\r\nConnection: close\r\n${AUTH}\r\n\r\n`],
    answer: ICY,
    closes: false,
  },
  {
    client: "Lefebure's copies, no blank line",
    sends: [`GET /MISATO1 HTTP/1.0\r\nUser-Agent: NTRIP LefebureAndroid/1\r\nAccept: */*\r\nConnection: close\r\n${AUTH}\r\n`],
    answer: ICY,
    closes: false,
  },
  {
    client: "u-blox",
    sends: [`GET /MISATO1 HTTP/1.0\r\nUser-Agent: NTRIP u-blox\r\nAccept: */*\r\n${AUTH}\r\nConnection: close\r\n\r\n`],
    answer: ICY,
    closes: false,
  },
  {
    client: "John Deere, colons without space",
    sends: [
      `GET /MISATO1 HTTP/1.1\r\nHost:caster\r\nUser-Agent:NTRIP Cloudbase/4.1.4_JD\r\nAccept:*/*\r\nAuthorization:${ROVER_AUTH}\r\nConnection:close\r\n\r\n`,
    ],
    answer: ICY,
    closes: false,
  },
  { client: "Topcon", sends: [`GET /MISATO1 HTTP/1.1\r\nHost: caster\r\nUser-Agent: NTRIP TPA Client/0.0.0\r\n${AUTH}\r\n\r\n`], answer: ICY, closes: false },
  {
    client: "Trimble, v2 with HTTP/1.0",
    sends: [`GET /MISATO1 HTTP/1.0\r\nUser-Agent: NTRIP TnlAgClient/1.0\r\nNtrip-Version: Ntrip/2.0\r\n${AUTH}\r\n\r\n`],
    answer: V2,
    closes: false,
  },
  { client: "CNH", sends: [`GET /MISATO1 HTTP/1.1\r\nUser-Agent: NTRIP CNHiNTRIP/1.0\r\n${AUTH}\r\n\r\n`], answer: ICY, closes: false },
  { client: "FJD", sends: [`GET /MISATO1 HTTP/1.0\r\nUser-Agent: NTRIP GNSSInternetRadio/1.0\r\n${AUTH}\r\n\r\n`], answer: ICY, closes: false },
  { client: "Outback, agent without NTRIP", sends: [`GET /MISATO1 HTTP/1.0\r\nUser-Agent: HGPS/2.0\r\n${AUTH}\r\n\r\n`], answer: ICY, closes: false },
  { client: "DJI", sends: [`GET /MISATO1 HTTP/1.1\r\nHost: caster\r\nUser-Agent: DJI GS RTK\r\n${AUTH}\r\n\r\n`], answer: ICY, closes: false },
  {
    client: "BKG",
    sends: [`GET /MISATO1 HTTP/1.1\r\nHost: caster\r\nNtrip-Version: Ntrip/2.0\r\nUser-Agent: NTRIP BNC/2.12\r\n${AUTH}\r\nConnection: close\r\n\r\n`],
    answer: V2,
    closes: false,
  },
  { client: "bare LF", sends: [`GET /MISATO1 HTTP/1.0\nUser-Agent: NTRIP x\n${AUTH}\n\n`], answer: ICY, closes: false },
  {
    client: "split over packets",
    sends: ["GE", `T /MISATO1 HTTP/1.0\r\nUser-Agent: NTRIP x\r\nAuthori`, `zation: ${ROVER_AUTH}\r\n\r`, "\n"],
    answer: ICY,
    closes: false,
  },
  { client: "no slash", sends: [`GET MISATO1 HTTP/1.0\r\nUser-Agent: NTRIP x\r\n${AUTH}\r\n\r\n`], answer: ICY, closes: false },
  {
    client: "through a proxy, with a query",
    sends: [`GET http://caster:2101/MISATO1?x=1 HTTP/1.0\r\nUser-Agent: NTRIP x\r\n${AUTH}\r\n\r\n`],
    answer: ICY,
    closes: false,
  },
  {
    client: "percent-encoded, basic in lower case",
    sends: [`GET /%4DISATO1 HTTP/1.0\r\nUSER-AGENT: NTRIP x\r\nauthorization: ${ROVER_AUTH.replace("Basic", "basic")}\r\n\r\n`],
    answer: ICY,
    closes: false,
  },
  { client: "sourcetable, HTTP/0.9-like", sends: ["GET /\r\n"], answer: TABLE_V1, closes: true },
  { client: "sourcetable, no line end at all", sends: ["GET / HTTP/1.0"], answer: TABLE_V1, closes: true },
  {
    client: "sourcetable for AgIO",
    sends: ["GET / HTTP/1.0\r\nUser-Agent: NTRIP iter.dk\r\nAccept: */*\r\nConnection: close\r\n\r\n"],
    answer: TABLE_V1,
    closes: true,
  },
  {
    client: "sourcetable for a browser",
    sends: ["GET / HTTP/1.1\r\nHost: caster:2101\r\nUser-Agent: Mozilla/5.0 (X11)\r\n\r\n"],
    answer: /^HTTP\/1\.1 200 OK\r\n(?:.+\r\n)*Content-Type: text\/plain; charset=utf-8\r\n/,
    closes: true,
  },
  { client: "v1, unknown mount", sends: [`GET /NOWHERE HTTP/1.0\r\nUser-Agent: NTRIP x\r\n${AUTH}\r\n\r\n`], answer: TABLE_V1, closes: true },
  {
    client: "v2, unknown mount",
    sends: [`GET /NOWHERE HTTP/1.1\r\nNtrip-Version: Ntrip/2.0\r\nUser-Agent: NTRIP x\r\n${AUTH}\r\n\r\n`],
    answer: /^HTTP\/1\.1 404 Not Found\r\nNtrip-Version: Ntrip\/2\.0\r\n/,
    closes: true,
  },
  { client: "v1, wrong password", sends: [`GET /MISATO1 HTTP/1.0\r\nUser-Agent: NTRIP x\r\n${WRONG}\r\n\r\n`], answer: UNAUTHORIZED_V1, closes: true },
  {
    client: "v1, no password",
    sends: ["GET /MISATO1 HTTP/1.0\r\nUser-Agent: NTRIP x\r\nAccept: */*\r\nConnection: close\r\n\r\n"],
    answer: UNAUTHORIZED_V1,
    closes: true,
  },
  {
    client: "v2, wrong password",
    sends: [`GET /MISATO1 HTTP/1.1\r\nNtrip-Version: Ntrip/2.0\r\nUser-Agent: NTRIP x\r\n${WRONG}\r\n\r\n`],
    answer: /^HTTP\/1\.1 401 Unauthorized\r\nNtrip-Version: Ntrip\/2\.0\r\n(?:.+\r\n)*WWW-Authenticate: Basic realm="\/MISATO1"\r\n/,
    closes: true,
  },
  {
    client: "v1, mount not this account's",
    sends: [`GET /MISATO2 HTTP/1.0\r\nUser-Agent: NTRIP x\r\n${AUTH}\r\n\r\n`],
    answer: /^HTTP\/1\.0 401 /,
    closes: true,
  },
  {
    client: "RTKLIB as base, no slash",
    sends: [`SOURCE ${BASE_PASSWORD} MISATO1\r\nSource-Agent: NTRIP RTKLIB/2.4.3\r\nSTR: str\r\n\r\n`],
    answer: ICY,
    closes: false,
  },
  { client: "SparkFun as base, slash", sends: [`SOURCE ${BASE_PASSWORD} /MISATO1\r\nSource-Agent: NTRIP dev/\r\n\r\n`], answer: ICY, closes: false },
  {
    client: "a base that glues HTTP/1.1 to the mount",
    sends: [`SOURCE ${BASE_PASSWORD} /MISATO1 HTTP/1.1\r\nSource-Agent: NTRIP x\r\n\r\n`],
    answer: ICY,
    closes: false,
  },
  { client: "SOURCE without blank line", sends: [`SOURCE ${BASE_PASSWORD} MISATO1\r\nSource-Agent: NTRIP x\r\n`], answer: ICY, closes: false },
  { client: "SOURCE, wrong password", sends: ["SOURCE wrong MISATO1\r\nSource-Agent: NTRIP x\r\n\r\n"], answer: /^ERROR - Bad Password\r\n$/, closes: true },
  {
    client: "SOURCE, unknown mount",
    sends: [`SOURCE ${BASE_PASSWORD} NOWHERE\r\nSource-Agent: NTRIP x\r\n\r\n`],
    answer: /^ERROR - Mount Point Taken or Invalid\r\n$/,
    closes: true,
  },
  { client: "SOURCE without a mount", sends: ["SOURCE \r\nSource-Agent: NTRIP x\r\n\r\n"], answer: /^HTTP\/1\.0 400 /, closes: true },
  {
    client: "BKG ntripserver",
    sends: [
      `POST /MISATO1 HTTP/1.1\r\nHost: caster\r\nNtrip-Version: Ntrip/2.0\r\nUser-Agent: NTRIP ntripserver/1\r\nAuthorization: ${basic("anyone", BASE_PASSWORD)}\r\nTransfer-Encoding: chunked\r\n\r\n`,
    ],
    answer: /^HTTP\/1\.1 200 OK\r\nNtrip-Version: Ntrip\/2\.0\r\n(?:.+\r\n)*\r\n$/,
    closes: false,
  },
  {
    client: "POST, wrong password",
    sends: [`POST /MISATO1 HTTP/1.1\r\nNtrip-Version: Ntrip/2.0\r\nAuthorization: ${basic("anyone", "wrong")}\r\n\r\n`],
    answer: /^HTTP\/1\.1 401 Unauthorized\r\n/,
    closes: true,
  },
  {
    client: "POST, unknown mount",
    sends: [`POST /NOWHERE HTTP/1.1\r\nNtrip-Version: Ntrip/2.0\r\nAuthorization: ${basic("", BASE_PASSWORD)}\r\n\r\n`],
    answer: /^HTTP\/1\.1 404 /,
    closes: true,
  },
  {
    client: "POST, an encoding we do not have",
    sends: [`POST /MISATO1 HTTP/1.1\r\nContent-Encoding: br\r\nAuthorization: ${basic("", BASE_PASSWORD)}\r\n\r\n`],
    answer: /^HTTP\/1\.1 415 /,
    closes: true,
  },
  { client: "garbage", sends: ["\u0016\u0003\u0001\u0002\u0000"], answer: /^$/, closes: true },
  { client: "another protocol's method", sends: ["OPTIONS rtsp://caster/MISATO1 RTSP/1.0\r\n\r\n"], answer: /^$/, closes: true },
  { client: "a head without end", sends: [`GET /MISATO1 HTTP/1.0\r\nX: ${"a".repeat(9000)}`], answer: /^HTTP\/1\.0 431 /, closes: true },
];

async function talk(bench: Bench, sends: readonly string[], row: { answer: RegExp; closes: boolean }): Promise<string> {
  const peer = await bench.connect();
  for (const [i, part] of sends.entries()) {
    // Each part reaches the parser by itself: the next one follows when the socket has written it.
    await new Promise<void>((resolve) => peer.socket.write(part, "latin1", () => resolve()));
    if (i < sends.length - 1) await new Promise((resolve) => setImmediate(resolve));
  }
  if (row.closes) return peer.untilClosed();
  await peer.until(() => row.answer.test(peer.text), String(row.answer));
  return peer.text;
}

describe("conversations", () => {
  test.each(ROWS)("$client", async ({ sends, answer, closes }) => {
    await using bench = await openBench({
      bases: [baseOf("MISATO1"), baseOf("MISATO2")],
      rovers: [roverOf("tractor1", { mounts: ["MISATO1", "NOWHERE"] })],
      limits: { idleAtLineEndMs: 40, idleInLineMs: 60 },
    });
    const got = await talk(bench, sends, { answer, closes });
    expect(got).toMatch(answer);
    const refusal = closes && !/^(SOURCETABLE|HTTP\/1\.1 200)/.test(got);
    if (refusal) expect(got).not.toContain("200"); // SparkFun's client greps for it
  });

  test("what a v1 and a v2 rover receive is the same stream", async () => {
    await using bench = await openBench();
    const source = await joinSource(bench);
    const v1 = await joinRover(bench);
    const v2 = await bench.connect();
    v2.send(`GET /MISATO1 HTTP/1.1\r\nNtrip-Version: Ntrip/2.0\r\nUser-Agent: NTRIP x\r\n${AUTH}\r\n\r\n`);
    await v2.untilText("\r\n\r\n");
    const headBytes = v2.received.length;
    const stream = Buffer.concat([frame1006(), FILLER, msm(1077, 1000, { announced: true }), msm(1087, 1000, { announced: false })]);
    source.send(stream);
    expect((await v1.untilBytes(14 + stream.length)).subarray(14)).toEqual(stream);
    expect((await v2.untilBytes(headBytes + stream.length)).subarray(headBytes)).toEqual(stream);
  });
});
