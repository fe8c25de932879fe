import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type NtripRequest, NtripRequestParser, type Parsed } from "../../../core/wire/ntrip-request.ts";

const AUTH = "Authorization: Basic dHJhY3RvcjE6c2VjcmV0"; // tractor1:secret
const CREDENTIALS = { username: "tractor1", password: "secret" };
const GGA = "$GPGGA,031500,3925.2,N,14033.0,E,4,12,0.8,45,M,38,M,1.0,1*5E";

const get = (more: Partial<NtripRequest>): NtripRequest =>
  ({ kind: "get", mount: "M", version: 1, agent: null, credentials: null, query: null, host: null, gga: [], ...more }) as NtripRequest;

/** From ntrip.md §3.1 and §3.2; `idle` where the client sends no blank line. */
const ROWS: readonly { name: string; head: string; idle?: true; request: NtripRequest }[] = [
  { name: "HTTP/0.9-like", head: "GET /M\r\n", idle: true, request: get({}) },
  { name: "no line end", head: "GET /M HTTP/1.0", idle: true, request: get({}) },
  {
    name: "no line ends between headers",
    head: `GET /M HTTP/1.1User-Agent: NTRIP x${AUTH}Proxy-Connection: closeNtrip-GGA: ${GGA}Host:h`,
    idle: true,
    request: get({ agent: "NTRIP x", credentials: CREDENTIALS, gga: [GGA], host: "h" } as Partial<NtripRequest>),
  },
  {
    name: "lines that end with CR alone",
    head: `GET /M HTTP/1.1\rUser-Agent: a\r${AUTH}\r\r`,
    idle: true,
    request: get({ agent: "a", credentials: CREDENTIALS }),
  },
  {
    name: "Android's Base64, which ends its line with LF",
    head: `GET /M HTTP/1.0\r\nUser-Agent: a\r\n${AUTH}\n\r\n`,
    request: get({ agent: "a", credentials: CREDENTIALS }),
  },
  {
    name: "Android's Base64 of more than 57 bytes, broken after 76 characters",
    head: `GET /M HTTP/1.0\r\nAuthorization: Basic ${btoa(`sato@example.jp:${"p".repeat(60)}`).replace(/(.{76})/, "$1\n")}\n\r\n`,
    request: get({ credentials: { username: "sato@example.jp", password: "p".repeat(60) } }),
  },
  { name: "Host with port", head: "GET /M HTTP/1.1\r\nHost: rtk.example:2101\r\n\r\n", request: get({ host: "rtk.example" } as Partial<NtripRequest>) },
  { name: "Host of evil letters", head: "GET /M HTTP/1.1\r\nHost: a;b\r\n\r\n", request: get({}) },
  { name: "a version typed by hand", head: "GET /M HTTP/1.1\r\nNtrip-Version: 2.0\r\n\r\n", request: get({ version: 2 }) },
  { name: "version 1 said aloud", head: "GET /M HTTP/1.1\r\nNtrip-Version: Ntrip/1.0\r\n\r\n", request: get({}) },
  { name: "HTTP/1.1 without Host", head: `GET /M HTTP/1.1\r\n${AUTH}\r\n\r\n`, request: get({ credentials: CREDENTIALS }) },
  { name: "bare LF", head: `GET /M HTTP/1.0\nUser-Agent: a\n${AUTH}\n\n`, request: get({ agent: "a", credentials: CREDENTIALS }) },
  {
    name: "no space behind colons",
    head: "GET /M HTTP/1.1\r\nUser-Agent:NTRIP Cloudbase/4.1.4_JD\r\n\r\n",
    request: get({ agent: "NTRIP Cloudbase/4.1.4_JD" }),
  },
  { name: "empty values", head: "GET /M HTTP/1.0\r\nSTR: \r\nUser-Agent:\r\n\r\n", request: get({}) },
  { name: "v2 header with HTTP/1.0", head: "GET /M HTTP/1.0\r\nNTRIP-VERSION: ntrip/2.0\r\n\r\n", request: get({ version: 2 }) },
  { name: "GGA among the headers", head: `GET /M HTTP/1.0\r\n${GGA}\r\nAccept: */*\r\n\r\n`, request: get({ gga: [GGA] }) },
  { name: "Ntrip-GGA", head: `GET /M HTTP/1.0\r\nNtrip-GGA: ${GGA}\r\n\r\n`, request: get({ gga: [GGA] }) },
  { name: "Ntrip-GGA without $", head: `GET /M HTTP/1.0\r\nntrip-gga:${GGA.slice(1)}\r\n\r\n`, request: get({ gga: [GGA] }) },
  { name: "absolute URI", head: "GET http://host:2101/M HTTP/1.0\r\n\r\n", request: get({}) },
  { name: "absolute URI of the table", head: "GET http://host:2101 HTTP/1.0\r\n\r\n", request: get({ mount: "" }) },
  { name: "query", head: "GET /M?STR;;RTCM HTTP/1.0\r\n\r\n", request: get({ query: "STR;;RTCM" }) },
  { name: "percent-encoded", head: "GET /A%20B HTTP/1.0\r\n\r\n", request: get({ mount: "A B" }) },
  { name: "a stray percent sign", head: "GET /A%2 HTTP/1.0\r\n\r\n", request: get({ mount: "A%2" }) },
  { name: "no path", head: "GET  HTTP/1.0\r\n\r\n", request: get({ mount: "" }) },
  {
    name: "user with @ and colon in the password",
    head: `GET /M HTTP/1.0\r\nAuthorization: BASIC ${btoa("a@b.jp:x:y")}\r\n\r\n`,
    request: get({ credentials: { username: "a@b.jp", password: "x:y" } }),
  },
  {
    name: "user without colon",
    head: `GET /M HTTP/1.0\r\nAuthorization: Basic ${btoa("me")}\r\n\r\n`,
    request: get({ credentials: { username: "me", password: "" } }),
  },
  { name: "blank lines before", head: "\r\n\nGET /M HTTP/1.0\r\n\r\n", request: get({}) },
  {
    name: "POST",
    head: `POST /M HTTP/1.1\r\nHost: h\r\nNtrip-Version: Ntrip/2.0\r\nUser-Agent: u\r\n${AUTH}\r\nTransfer-Encoding: Chunked\r\n\r\n`,
    request: { kind: "post", mount: "M", version: 2, agent: "u", credentials: CREDENTIALS, chunked: true, contentEncoding: null },
  },
  {
    name: "POST of gzip",
    head: "POST M HTTP/1.1\r\nContent-Encoding: GZIP\r\n\r\n",
    request: { kind: "post", mount: "M", version: 1, agent: null, credentials: null, chunked: false, contentEncoding: "gzip" },
  },
  {
    name: "POST of gzip within chunks",
    head: "POST M HTTP/1.1\r\nTransfer-Encoding: GZIP, chunked\r\n\r\n",
    request: { kind: "post", mount: "M", version: 1, agent: null, credentials: null, chunked: true, contentEncoding: "gzip" },
  },
  ...(
    [
      ["SOURCE, no slash", "SOURCE pw M", "pw"],
      ["SOURCE, slash", "SOURCE pw /M", "pw"],
      ["SOURCE, HTTP/1.1 behind", "SOURCE pw /M HTTP/1.1", "pw"],
      ["SOURCE, empty password", "SOURCE  M", ""],
      ["SOURCE, mount alone", "SOURCE M", ""],
      ["SOURCE, password with a space", "SOURCE p w M", "p w"],
    ] as const
  ).map(([name, line, password]) => ({
    name,
    head: `${line}\r\nSource-Agent: NTRIP s\r\nSTR: \r\n\r\n`,
    request: { kind: "source" as const, mount: "M", version: 1 as const, agent: "NTRIP s", credentials: null, password },
  })),
];

function parse(head: string, idle: boolean): Parsed {
  const parser = new NtripRequestParser();
  const parsed = parser.push(Buffer.from(head, "latin1"));
  return idle && parsed.kind === "need-more" ? parser.idle() : parsed;
}

describe("NTRIP request", () => {
  test.each(ROWS)("$name", ({ head, idle, request }) => {
    expect(parse(head, idle === true)).toMatchObject({ kind: "request", request });
  });

  test.each(ROWS.filter(({ idle }) => idle === undefined))("$name: any cutting gives the same, and the bytes behind are kept", ({ head, request }) => {
    const behind = Buffer.from([0xd3, 0, 0, 0x47, 0xea, 0x4b, 0x0a, 0x0a]);
    const all = Buffer.concat([Buffer.from(head, "latin1"), behind]);
    fc.assert(
      fc.property(fc.array(fc.nat(all.length), { maxLength: 6 }), (cuts) => {
        const parser = new NtripRequestParser();
        const edges = [0, ...cuts.sort((a, b) => a - b), all.length];
        for (let i = 1; i < edges.length; i += 1) {
          const parsed = parser.push(all.subarray(edges[i - 1], edges[i]));
          if (parsed.kind === "need-more") continue;
          expect(parsed).toMatchObject({ kind: "request", request });
          const rest = parsed.kind === "request" ? parsed.rest : Buffer.alloc(0);
          expect(Buffer.concat([rest, all.subarray(edges[i])])).toEqual(behind);
          return;
        }
        throw new Error("no request found");
      }),
    );
  });

  test.each([
    ["TLS on the plain port", "\u0016\u0003\u0001", "not-ntrip"],
    ["another method", "PUT /M HTTP/1.1\r\n\r\n", "not-ntrip"],
    ["a head that goes on", `GET /M HTTP/1.0\r\nX: ${"x".repeat(8200)}`, "too-large"],
    ["a long head that ends", `GET /M HTTP/1.0\r\nX: ${"x".repeat(8200)}\r\n\r\n`, "too-large"],
    ["SOURCE of nothing", "SOURCE \r\n\r\n", "malformed"],
  ])("%s is refused", (_, head, reason) => {
    expect(parse(head, false)).toEqual({ kind: "error", reason });
  });

  test("a second GGA in a row ends a head without blank line, and goes to the rover", () => {
    const parser = new NtripRequestParser();
    const text = `GET /M HTTP/1.0\r\n${AUTH}\r\n${GGA}\r\n`;
    expect(parser.push(Buffer.from(text)).kind).toBe("need-more");
    const parsed = parser.push(Buffer.from(GGA));
    expect(parsed).toMatchObject({ kind: "request", request: get({ credentials: CREDENTIALS, gga: [GGA] }) });
    expect(parsed.kind === "request" && Buffer.from(parsed.rest).toString()).toBe(GGA);
  });

  test("whether a line is whole is known, so that a quiet client is not taken at half a word", () => {
    const parser = new NtripRequestParser();
    parser.push(Buffer.from("GET /M HTTP/1.0\r\nAuthor"));
    expect(parser.atLineEnd).toBe(false);
    parser.push(Buffer.from("ization: x\r\n"));
    expect(parser.atLineEnd).toBe(true);
  });

  test("never throws, whatever the bytes", () => {
    const anyHead = fc.oneof(
      fc.uint8Array({ maxLength: 400 }),
      fc
        .tuple(
          fc.constantFrom("GET ", "POST ", "SOURCE ", "get "),
          fc.string({ unit: "binary", maxLength: 300 }),
          fc.constantFrom("", "\r\n", "\n\n", "\r\n\r\n"),
        )
        .map((p) => Buffer.from(p.join(""))),
    );
    fc.assert(
      fc.property(fc.array(anyHead, { minLength: 1, maxLength: 4 }), (pieces) => {
        const parser = new NtripRequestParser(1000);
        for (const piece of pieces) if (parser.push(piece).kind !== "need-more") return;
        expect(["request", "error"]).toContain(parser.idle().kind);
      }),
    );
  });
});
