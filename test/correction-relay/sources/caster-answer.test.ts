import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readCasterAnswer } from "../../../correction-relay/sources/caster-answer.ts";

const stream = (bodyAt: number, more: { chunked?: boolean; gzip?: boolean; server?: string | null } = {}) => ({
  kind: "stream",
  bodyAt,
  chunked: false,
  gzip: false,
  server: null,
  ...more,
});
const refused = (why: string, line: string) => ({ kind: "refused", why, line });
const answer = (text: string, ended = false) => readCasterAnswer(Buffer.from(text, "latin1"), ended);

describe("what casters of the field answer", () => {
  test.each([
    ["NTRIP 1.0", "ICY 200 OK\r\n\r\n\u00d3", stream(14)],
    ["RTKLIB's caster leaves the blank line out", "ICY 200 OK\r\n\u00d3\0", stream(12)],
    ["OK alone, bare LF", "OK\n\u00d3", stream(3)],
    ["headers behind ICY", "ICY 200 OK\r\nServer: NTRIP X/1\r\nContent-Length: 0\r\n\r\n\u00d3", stream(52)],
    ["a stream without a word", "\u00d3\0\u0013", stream(0)],
    ["NTRIP 2.0", "HTTP/1.1 200 OK\r\nServer: Y\r\nContent-Type: gnss/data\r\n\r\n", stream(55, { server: "Y" })],
    ["chunked", "HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n\r\n", stream(47, { chunked: true })],
    ["gzip", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n", stream(43, { gzip: true })],
    ["pygnssutils: no CRLF behind the status", "HTTP/1.1 200 OKNtrip-Version: Ntrip/2.0\r\nContent-Type: gnss/data\r\n\r\n\u00d3", stream(68)],
    ["wrong password, NTRIP 1.0", "HTTP/1.0 401 Unauthorized\r\n\r\n", refused("password", "HTTP/1.0 401 Unauthorized")],
    ["wrong password in words", "ERROR - Bad Password\r\n", refused("password", "ERROR - Bad Password")],
    ["forbidden", "HTTP/1.1 403 Forbidden\r\n\r\n", refused("password", "HTTP/1.1 403 Forbidden")],
    ["a ban", "ERROR - your IP is banned, see the rules\r\n", refused("banned", "ERROR - your IP is banned, see the rules")],
    ["a ban with good manners", "HTTP/1.1 403 Forbidden\r\nX: This address has been blocked\r\n", refused("banned", "HTTP/1.1 403 Forbidden")],
    ["unknown mount, NTRIP 1.0", "SOURCETABLE 200 OK\r\nServer: x\r\n", refused("mount", "SOURCETABLE 200 OK")],
    ["unknown mount, NTRIP 2.0", "HTTP/1.1 404 Not Found\r\n\r\n", refused("mount", "HTTP/1.1 404 Not Found")],
    [
      "a table where a stream was asked for",
      "HTTP/1.1 200 OK\r\nContent-Type: gnss/sourcetable\r\n\r\n",
      refused("mount", "a sourcetable: there is no such mount"),
    ],
    ["full", "HTTP/1.1 503 Service Unavailable\r\n\r\n", refused("busy", "HTTP/1.1 503 Service Unavailable")],
    ["no caster at all", "SSH-2.0-OpenSSH_9.2\r\n", refused("other", "SSH-2.0-OpenSSH_9.2")],
  ])("%s", (_, text, expected) => expect(answer(text)).toEqual(expected));

  test("an answer in pieces is waited for, byte by byte, and read the same", () => {
    const whole = "HTTP/1.1 200 OK\r\nServer: Y\r\nContent-Type: gnss/data\r\n\r\n";
    for (let n = 0; n < whole.length; n += 1) expect(answer(whole.slice(0, n)).kind).toBe("need-more");
    expect(answer(whole).kind).toBe("stream");
  });

  test("half an answer at the end of the connection is a refusal", () => {
    expect(answer("HTTP/1.1 20", true).kind).toBe("refused");
    expect(answer("garbage", true)).toEqual(refused("other", "garbage"));
  });

  test("whatever comes: an answer within 8 KiB, and its body lies inside", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 9000 }), (bytes) => {
        const read = readCasterAnswer(bytes, true);
        expect(read.kind).not.toBe("need-more");
        if (read.kind === "stream") expect(read.bodyAt).toBeLessThanOrEqual(bytes.length);
      }),
    );
  });
});
