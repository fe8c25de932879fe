import { gzipSync } from "node:zlib";
import { BASE_PASSWORD, basic, ROVER_AUTH, ROVER_PASSWORD } from "./support.ts";

const AUTH = `Authorization: ${ROVER_AUTH}`;
export const GGA = "$GPGGA,031500.00,3925.2000,N,14033.0000,E,4,12,0.8,45.0,M,38.0,M,1.0,0001*7B";
const GGA_BARE = GGA.replace(/\*.*/, "");

/** A request for the mount MISATO1 as a client sends it: its bytes as published in the client's source, or as seen by casters. */
export interface RoverRow {
  readonly client: string;
  readonly sends: string;
  readonly answer: "ICY" | "HTTP/1.1"; // NTRIP 1.0, or 2.0
  readonly gga?: true; // its position is known from the request alone
  readonly noBlankLine?: true; // only quiet ends the request
}

const get = (...lines: readonly string[]): string => `${lines.join("\r\n")}\r\n\r\n`;

export const ROVERS: readonly RoverRow[] = [
  { client: "RTKLIB", sends: get("GET /MISATO1 HTTP/1.0", "User-Agent: NTRIP RTKLIB/demo5_b34j", AUTH), answer: "ICY" },
  {
    client: "RTKLIB behind something that puts a version in",
    sends: get("GET /MISATO1 HTTP/1.0", "User-Agent: NTRIP RTKLIB/2.4.3 b34", "Ntrip-Version: Ntrip/2.0", AUTH),
    answer: "ICY",
  },
  {
    client: "AgIO, HTTP/1.0",
    sends: get("GET /MISATO1 HTTP/1.0", "User-Agent: NTRIP AgOpenGPSClient/6.4", AUTH, "Accept: */*", "Connection: close"),
    answer: "ICY",
  },
  {
    client: "AgIO, HTTP/1.1 without Host",
    sends: get("GET /MISATO1 HTTP/1.1", "User-Agent: NTRIP AgOpenGPSClient/6.4", AUTH, "Accept: */*", "Connection: close"),
    answer: "ICY",
  },
  {
    client: "AgIO that says version 2 hands the answer's head to the receiver all the same",
    sends: get("GET /MISATO1 HTTP/1.1", "User-Agent: NTRIP AgOpenGPSClient/6.8", "Ntrip-Version: Ntrip/2.0", AUTH),
    answer: "ICY",
  },
  {
    client: "old AgIO, GGA among the headers",
    sends: get("GET /MISATO1 HTTP/1.0", "User-Agent: NTRIP AgOpenGPSClient/4", AUTH, GGA, "Accept: */*", "Connection: close"),
    answer: "ICY",
    gga: true,
  },
  {
    client: "gpsd",
    sends: get(
      "GET /MISATO1 HTTP/1.1",
      "Ntrip-Version: Ntrip/2.0",
      "User-Agent: NTRIP gpsd/3.25",
      "Host: caster",
      "Accept: rtk/rtcm, dgps/rtcm",
      AUTH,
      "Connection: close",
    ),
    answer: "HTTP/1.1",
  },
  {
    client: "pygnssutils v2, Ntrip-GGA",
    sends: get("GET /MISATO1 HTTP/1.1", "Host: caster:2101", "User-Agent: NTRIP PYGNSSUTILS/1.1", AUTH, "Ntrip-Version: Ntrip/2.0", `Ntrip-GGA: ${GGA}`),
    answer: "HTTP/1.1",
    gga: true,
  },
  {
    client: "Ntrip-GGA without $ and without checksum",
    sends: get("GET /MISATO1 HTTP/1.1", "User-Agent: NTRIP x", AUTH, `ntrip-gga:${GGA_BARE.slice(1)}`),
    answer: "ICY",
    gga: true,
  },
  {
    client: "pygnssutils v1, GGA behind the blank line",
    sends: `${get("GET /MISATO1 HTTP/1.0", "User-Agent: NTRIP PYGNSSUTILS/1.1", AUTH)}${GGA}\r\n`,
    answer: "ICY",
    gga: true,
  },
  {
    client: "several GGA behind the blank line, of several talkers",
    sends: `${get("GET /MISATO1 HTTP/1.0", "User-Agent: NTRIP x", AUTH)}$GNGGA,,,,,,0,,,,,,,,\r\n$BDGGA,031459.00,,,,,0,00,,,,,,,\r\n${GGA}\r\n`,
    answer: "ICY",
    gga: true,
  },
  {
    client: "a start-up GGA of fix 0 in the header is no error",
    sends: get("GET /MISATO1 HTTP/1.0", "User-Agent: NTRIP x", AUTH, "Ntrip-GGA: $GPGGA,,,,,,0,,,,,,,,*66"),
    answer: "ICY",
  },
  { client: "SparkFun", sends: get("GET /MISATO1 HTTP/1.0", "User-Agent: NTRIP SparkFun_RTK_Surveyor_v1", AUTH), answer: "ICY" },
  {
    client: "Lefebure",
    sends: get("GET /MISATO1 HTTP/1.0", "User-Agent: NTRIP LefebureNTRIPClient/20131124", "Accept: */*", "Connection: close", AUTH),
    answer: "ICY",
  },
  {
    client: "Lefebure's Android copies, no blank line",
    sends: `GET /MISATO1 HTTP/1.0\r\nUser-Agent: NTRIP LefebureAndroid/1\r\nAccept: */*\r\nConnection: close\r\n${AUTH}\r\n`,
    answer: "ICY",
    noBlankLine: true,
  },
  {
    client: "Lefebure's Android copies, whose Base64 ends with LF",
    sends: `GET /MISATO1 HTTP/1.0\r\nUser-Agent: NTRIP LefebureAndroid/1\r\nAccept: */*\r\nConnection: close\r\n${AUTH}\n\r\n`,
    answer: "ICY",
  },
  {
    client: "no blank line, and a GGA each second, so that it is never quiet",
    sends: `GET /MISATO1 HTTP/1.0\r\nUser-Agent: NTRIP x\r\n${AUTH}\r\n${GGA}\r\n${GGA}\r\n`,
    answer: "ICY",
    gga: true,
  },
  {
    client: "u-blox samples",
    sends: get("GET /MISATO1 HTTP/1.0", "User-Agent: NTRIP u-blox", "Accept: */*", AUTH, "Connection: close"),
    answer: "ICY",
  },
  {
    client: "John Deere, colons without space",
    sends: get("GET /MISATO1 HTTP/1.1", "Host:caster", "User-Agent:NTRIP Cloudbase/4.1.4_JD", "Accept:*/*", `Authorization:${ROVER_AUTH}`, "Connection:close"),
    answer: "ICY",
  },
  { client: "Topcon", sends: get("GET /MISATO1 HTTP/1.1", "Host: caster", "User-Agent: NTRIP TPA Client/0.0.0", AUTH), answer: "ICY" },
  {
    client: "Trimble, v2 first",
    sends: get("GET /MISATO1 HTTP/1.1", "Host: caster:2101", "User-Agent: NTRIP TnlAgClient/1.0", "Ntrip-Version: Ntrip/2.0", AUTH),
    answer: "HTTP/1.1",
  },
  {
    client: "Trimble, v2 in HTTP/1.0",
    sends: get("GET /MISATO1 HTTP/1.0", "User-Agent: NTRIP TnlAgClient/1.0", "Ntrip-Version: Ntrip/2.0", AUTH),
    answer: "HTTP/1.1",
  },
  { client: "Trimble, then v1", sends: get("GET /MISATO1 HTTP/1.0", "User-Agent: NTRIP TnlAgClient/1.0", AUTH), answer: "ICY" },
  {
    client: "Trimble, v1 said aloud",
    sends: get("GET /MISATO1 HTTP/1.1", "User-Agent: NTRIP TnlAgClient/1.0", "Ntrip-Version: Ntrip/1.0", AUTH),
    answer: "ICY",
  },
  { client: "CNH", sends: get("GET /MISATO1 HTTP/1.1", "User-Agent: NTRIP CNHiNTRIP/1.0", AUTH), answer: "ICY" },
  { client: "FJD", sends: get("GET /MISATO1 HTTP/1.0", "User-Agent: NTRIP GNSSInternetRadio/1.0", AUTH), answer: "ICY" },
  { client: "Outback, agent without NTRIP", sends: get("GET /MISATO1 HTTP/1.0", "User-Agent: HGPS/2.0", AUTH), answer: "ICY" },
  { client: "DJI, agent without NTRIP", sends: get("GET /MISATO1 HTTP/1.1", "Host: caster", "User-Agent: DJI GS RTK", AUTH), answer: "ICY" },
  {
    client: "NovAtel, V1",
    sends: get("GET /MISATO1 HTTP/1.1", "Host: caster", "User-Agent: NTRIP NovAtelClient/1.0", "Accept: */*", AUTH, "Connection: close"),
    answer: "ICY",
  },
  {
    client: "NovAtel, V2",
    sends: get("GET /MISATO1 HTTP/1.1", "Host: caster", "Ntrip-Version: Ntrip/2.0", "User-Agent: NTRIP NovAtelClient/1.0", AUTH, "Connection: close"),
    answer: "HTTP/1.1",
  },
  {
    client: "BKG's BNC",
    sends: get("GET /MISATO1 HTTP/1.1", "Host: caster", "Ntrip-Version: Ntrip/2.0", "User-Agent: NTRIP BNC/2.12", AUTH, "Connection: close"),
    answer: "HTTP/1.1",
  },
  {
    client: "Rpanion, which is ready at ICY alone",
    sends: get("GET /MISATO1 HTTP/1.1", "User-Agent: NTRIP Rpanion-server/1.0.0", "Ntrip-Version: Ntrip/2.0", AUTH),
    answer: "ICY",
  },
  { client: "an HTTP library, which cannot read ICY", sends: get("GET /MISATO1 HTTP/1.1", "Host: caster", "User-Agent: curl/8.5.0", AUTH), answer: "HTTP/1.1" },
  { client: "no user agent", sends: get("GET /MISATO1 HTTP/1.0", AUTH), answer: "ICY" },
  { client: "bare LF", sends: `GET /MISATO1 HTTP/1.0\nUser-Agent: NTRIP x\n${AUTH}\n\n`, answer: "ICY" },
  { client: "lines that end with CR alone", sends: `GET /MISATO1 HTTP/1.0\rUser-Agent: NTRIP x\r${AUTH}\r\r`, answer: "ICY", noBlankLine: true },
  { client: "no line end at all", sends: `GET /MISATO1 HTTP/1.0User-Agent: NTRIP x${AUTH}Accept: */*`, answer: "ICY", noBlankLine: true },
  {
    client: "no line end at all, spaces instead, and a GGA",
    sends: `GET /MISATO1 HTTP/1.1 Host:caster User-Agent: NTRIP x ${AUTH} Ntrip-GGA: ${GGA} Connection:close`,
    answer: "ICY",
    gga: true,
    noBlankLine: true,
  },
  { client: "HTTP/0.9-like with headers", sends: get("GET /MISATO1", "User-Agent: NTRIP x", AUTH), answer: "ICY" },
  { client: "no slash", sends: get("GET MISATO1 HTTP/1.0", "User-Agent: NTRIP x", AUTH), answer: "ICY" },
  { client: "slashes on both sides", sends: get("GET //MISATO1/ HTTP/1.0", "User-Agent: NTRIP x", AUTH), answer: "ICY" },
  { client: "through a proxy, absolute URI", sends: get("GET http://caster:2101/MISATO1 HTTP/1.0", "User-Agent: NTRIP x", AUTH), answer: "ICY" },
  { client: "query behind the mount", sends: get("GET /MISATO1?user=1&x=%20 HTTP/1.0", "User-Agent: NTRIP x", AUTH), answer: "ICY" },
  { client: "percent-encoded mount", sends: get("GET /%4DISATO%31 HTTP/1.0", "User-Agent: NTRIP x", AUTH), answer: "ICY" },
  {
    client: "headers in lower case",
    sends: get("get /MISATO1 http/1.0", "user-agent: NTRIP x", AUTH.replace("Authorization: Basic", "authorization: basic")),
    answer: "ICY",
  },
  { client: "BASIC in upper case, several spaces", sends: get("GET /MISATO1 HTTP/1.0", AUTH.replace("Basic ", "BASIC   ")), answer: "ICY" },
  { client: "empty header values", sends: get("GET /MISATO1 HTTP/1.0", "User-Agent:", "Ntrip-GGA:", "STR: ", AUTH), answer: "ICY" },
  { client: "lines that are no headers", sends: get("GET /MISATO1 HTTP/1.0", "hello", ": empty name", AUTH, "hello"), answer: "ICY" },
  { client: "blank lines before the request", sends: `\r\n\r\n${get("GET /MISATO1 HTTP/1.0", AUTH)}`, answer: "ICY" },
  { client: "user a@b", sends: get("GET /MISATO1 HTTP/1.0", `Authorization: ${basic("sato@example.jp", ROVER_PASSWORD)}`), answer: "ICY" },
  {
    client: "user a-at-b of the same account",
    sends: get("GET /MISATO1 HTTP/1.0", `Authorization: ${basic("sato-at-example.jp", ROVER_PASSWORD)}`),
    answer: "ICY",
  },
  {
    client: "user a%40b of the same account",
    sends: get("GET /MISATO1 HTTP/1.0", `Authorization: ${basic("sato%40example.jp", ROVER_PASSWORD)}`),
    answer: "ICY",
  },
];

/** A base that begins to feed MISATO1, and how it packs what it sends. */
export interface BaseRow {
  readonly client: string;
  readonly sends: string;
  readonly answer: "ICY" | "HTTP/1.1";
  readonly packs?: (bytes: Uint8Array) => Uint8Array;
  readonly noBlankLine?: true;
}

const POST_AUTH = `Authorization: ${basic("anyone", BASE_PASSWORD)}`;
const chunk = (bytes: Uint8Array): Uint8Array => Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from("\r\n")]);

export const BASES: readonly BaseRow[] = [
  { client: "RTKLIB, no slash", sends: get(`SOURCE ${BASE_PASSWORD} MISATO1`, "Source-Agent: NTRIP RTKLIB/2.4.3", "STR: my text"), answer: "ICY" },
  { client: "SparkFun, slash", sends: get(`SOURCE ${BASE_PASSWORD} /MISATO1`, "Source-Agent: NTRIP dev/"), answer: "ICY" },
  { client: "HTTP/1.1 behind the mount", sends: get(`SOURCE ${BASE_PASSWORD} /MISATO1 HTTP/1.1`, "Source-Agent: NTRIP x"), answer: "ICY" },
  { client: "HTTP/1.0 behind a mount without slash", sends: get(`SOURCE ${BASE_PASSWORD} MISATO1 HTTP/1.0`, "Source-Agent: NTRIP x"), answer: "ICY" },
  { client: "nothing but the line", sends: `SOURCE ${BASE_PASSWORD} MISATO1\r\n`, answer: "ICY", noBlankLine: true },
  { client: "no line end at all", sends: `SOURCE ${BASE_PASSWORD} /MISATO1`, answer: "ICY", noBlankLine: true },
  { client: "no line end at all, with headers", sends: `SOURCE ${BASE_PASSWORD} /MISATO1Source-Agent: NTRIP xSTR: `, answer: "ICY", noBlankLine: true },
  { client: "no blank line", sends: `SOURCE ${BASE_PASSWORD} MISATO1\r\nSource-Agent: NTRIP x\r\nSTR: \r\n`, answer: "ICY", noBlankLine: true },
  { client: "bare LF", sends: `SOURCE ${BASE_PASSWORD} MISATO1\nSource-Agent: NTRIP x\n\n`, answer: "ICY" },
  { client: "lower case", sends: get(`source ${BASE_PASSWORD} MISATO1`, "source-agent:NTRIP x"), answer: "ICY" },
  { client: "a user name before the password", sends: get(`SOURCE anyone ${BASE_PASSWORD} MISATO1`, "Source-Agent: NTRIP x"), answer: "ICY" },
  {
    client: "BKG ntripserver, chunked",
    sends: get(
      "POST /MISATO1 HTTP/1.1",
      "Host: caster",
      "Ntrip-Version: Ntrip/2.0",
      "User-Agent: NTRIP NtripServerPOSIX/1.5",
      POST_AUTH,
      "Connection: close",
      "Transfer-Encoding: chunked",
    ),
    answer: "HTTP/1.1",
    packs: chunk,
  },
  {
    client: "Leica and Trimble bases, plain",
    sends: get("POST /MISATO1 HTTP/1.1", "Host: caster:2101", "Ntrip-Version: Ntrip/2.0", "User-Agent: NTRIP Leica GR50/4.5", POST_AUTH),
    answer: "HTTP/1.1",
  },
  {
    client: "announces chunks and sends none",
    sends: get("POST /MISATO1 HTTP/1.1", "Ntrip-Version: Ntrip/2.0", POST_AUTH, "Transfer-Encoding: chunked"),
    answer: "HTTP/1.1",
  },
  { client: "POST without Ntrip-Version wants no ICY", sends: get("POST /MISATO1 HTTP/1.1", "User-Agent: NTRIP x", POST_AUTH), answer: "HTTP/1.1" },
  { client: "POST of HTTP/1.0, no slash", sends: get("POST MISATO1 HTTP/1.0", POST_AUTH), answer: "HTTP/1.1" },
  {
    client: "POST of gzip",
    sends: get("POST /MISATO1 HTTP/1.1", "Ntrip-Version: Ntrip/2.0", POST_AUTH, "Content-Encoding: gzip"),
    answer: "HTTP/1.1",
    packs: gzipSync,
  },
  {
    client: "POST of gzip in chunks",
    sends: get("POST /MISATO1 HTTP/1.1", "Ntrip-Version: Ntrip/2.0", POST_AUTH, "Transfer-Encoding: gzip, chunked"),
    answer: "HTTP/1.1",
    packs: (bytes) => chunk(gzipSync(bytes)),
  },
];

/** Talks that the relay ends: tables and refusals. */
export interface ClosedRow {
  readonly client: string;
  readonly sends: string;
  readonly answer: RegExp; // the whole of it
}

const WRONG = `Authorization: ${basic("tractor1", "not it")}`;
const V2 = "Ntrip-Version: Ntrip/2.0";
const TABLE = "(?:.+\\r\\n)*STR;MISATO1;(?:.+\\r\\n)*ENDSOURCETABLE\\r\\n";
const TABLE_V1 = new RegExp(`^SOURCETABLE 200 OK\\r\\n(?:.+\\r\\n)*Content-Type: text/plain\\r\\n(?:.+\\r\\n)*\\r\\n${TABLE}$`);
const TABLE_V2 = new RegExp(
  `^HTTP/1\\.1 200 OK\\r\\nNtrip-Version: Ntrip/2\\.0\\r\\n(?:.+\\r\\n)*Content-Type: gnss/sourcetable\\r\\n(?:.+\\r\\n)*\\r\\n${TABLE}$`,
);
const TABLE_BROWSER = new RegExp(`^HTTP/1\\.1 200 OK\\r\\n(?:.+\\r\\n)*Content-Type: text/plain; charset=utf-8\\r\\n(?:.+\\r\\n)*\\r\\n${TABLE}$`);
const refusal = (status: string, ...headers: readonly string[]): RegExp =>
  new RegExp(`^HTTP/1\\.${status}\\r\\n(?:.+\\r\\n)*${headers.map((h) => `${h}\\r\\n(?:.+\\r\\n)*`).join("")}Content-Length: 0\\r\\n\\r\\n$`);
const REALM = 'WWW-Authenticate: Basic realm="/MISATO1"';

export const TABLES: readonly ClosedRow[] = [
  { client: "HTTP/0.9-like", sends: "GET /\r\n", answer: TABLE_V1 },
  { client: "no line end at all", sends: "GET / HTTP/1.0", answer: TABLE_V1 },
  { client: "AgIO", sends: get("GET / HTTP/1.0", "User-Agent: NTRIP iter.dk", "Accept: */*", "Connection: close"), answer: TABLE_V1 },
  {
    client: "gpsd",
    sends: get("GET / HTTP/1.1", V2, "User-Agent: NTRIP gpsd/3.25", "Host: caster", "Connection: close"),
    answer: TABLE_V2,
  },
  { client: "a browser", sends: get("GET / HTTP/1.1", "Host: caster:2101", "User-Agent: Mozilla/5.0 (X11)"), answer: TABLE_BROWSER },
  { client: "curl that speaks NTRIP 2.0", sends: get("GET / HTTP/1.1", "User-Agent: curl/8.5.0", V2), answer: TABLE_V2 },
  { client: "through a proxy", sends: get("GET http://caster:2101 HTTP/1.0", "User-Agent: NTRIP x"), answer: TABLE_V1 },
  { client: "a query nobody understands", sends: get("GET /?x=1 HTTP/1.0", "User-Agent: NTRIP x"), answer: TABLE_V1 },
  { client: "v1, unknown mount", sends: get("GET /NOWHERE HTTP/1.0", "User-Agent: NTRIP x", AUTH), answer: TABLE_V1 },
];

export const REFUSALS: readonly ClosedRow[] = [
  { client: "v2, unknown mount", sends: get("GET /NOWHERE HTTP/1.1", V2, "User-Agent: NTRIP x", AUTH), answer: refusal("1 404 Not Found", V2) },
  { client: "a browser, unknown mount", sends: get("GET /favicon.ico HTTP/1.1", "User-Agent: Mozilla/5.0"), answer: refusal("1 404 Not Found") },
  { client: "v1, wrong password", sends: get("GET /MISATO1 HTTP/1.0", "User-Agent: NTRIP x", WRONG), answer: refusal("0 401 Unauthorized", REALM) },
  { client: "v2, wrong password", sends: get("GET /MISATO1 HTTP/1.1", V2, "User-Agent: NTRIP x", WRONG), answer: refusal("1 401 Unauthorized", V2, REALM) },
  { client: "v1, no password", sends: get("GET /MISATO1 HTTP/1.0", "Accept: */*", "Connection: close"), answer: refusal("0 401 Unauthorized", REALM) },
  {
    client: "Digest, which is not offered",
    sends: get("GET /MISATO1 HTTP/1.1", V2, 'Authorization: Digest username="tractor1"'),
    answer: refusal("1 401 Unauthorized", V2, REALM),
  },
  { client: "not this account's mount", sends: get("GET /MISATO2 HTTP/1.0", "User-Agent: NTRIP x", AUTH), answer: refusal("0 401 Unauthorized") },
  { client: "a strict query that is not understood", sends: get("GET /?strict&filter=STR;(A HTTP/1.1", V2), answer: refusal("1 400 Bad Request", V2) },
  { client: "SOURCE, wrong password", sends: get("SOURCE wrong MISATO1", "Source-Agent: NTRIP x"), answer: /^ERROR - Bad Password\r\n$/ },
  {
    client: "SOURCE, unknown mount",
    sends: get(`SOURCE ${BASE_PASSWORD} NOWHERE`, "Source-Agent: NTRIP x"),
    answer: /^ERROR - Mount Point Taken or Invalid\r\n$/,
  },
  { client: "SOURCE without a mount", sends: get("SOURCE ", "Source-Agent: NTRIP x"), answer: refusal("0 400 Bad Request") },
  { client: "POST, wrong password", sends: get("POST /MISATO1 HTTP/1.1", V2, WRONG), answer: refusal("1 401 Unauthorized", V2, REALM) },
  { client: "POST, unknown mount", sends: get("POST /NOWHERE HTTP/1.1", V2, POST_AUTH), answer: refusal("1 404 Not Found", V2) },
  {
    client: "POST, an encoding we do not have",
    sends: get("POST /MISATO1 HTTP/1.1", "Content-Encoding: br", POST_AUTH),
    answer: refusal("1 415 Unsupported Media Type", V2),
  },
  { client: "TLS on the plain port", sends: "\u0016\u0003\u0001\u0002\u0000", answer: /^$/ },
  { client: "another protocol's method", sends: "OPTIONS rtsp://caster/MISATO1 RTSP/1.0\r\n\r\n", answer: /^$/ },
  { client: "a head without end", sends: `GET /MISATO1 HTTP/1.0\r\nX: ${"a".repeat(9000)}`, answer: refusal("0 431 Request Header Fields Too Large") },
  {
    client: "a head over 8 kB that ends",
    sends: get("GET /MISATO1 HTTP/1.0", `X: ${"a".repeat(9000)}`, AUTH),
    answer: refusal("0 431 Request Header Fields Too Large"),
  },
];
