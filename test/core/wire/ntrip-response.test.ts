import { describe, expect, test } from "vitest";
import { httpRefusal, ICY_OK, postOk, type Refusal, sourceRefusal, sourcetableAnswer, streamOk } from "../../../core/wire/ntrip-response.ts";

const NOW_MS = Date.UTC(2026, 10, 23, 3, 4, 5);
const DATE = "Date: Mon, 23 Nov 2026 03:04:05 GMT\r\n";
const SERVER = "Server: NTRIP Azemichi/0.1\r\n";
const REFUSALS: readonly Refusal[] = ["unauthorized", "unknown-mount", "mount-taken", "unsupported-encoding", "malformed", "too-large", "sessions", "busy"];

describe("NTRIP answers (ntrip.md §3.3)", () => {
  test("v1 stream", () => expect(ICY_OK).toBe("ICY 200 OK\r\n\r\n"));

  test("v2 stream: `gnss/data` alone, never chunked", () => {
    expect(streamOk(NOW_MS)).toBe(
      `HTTP/1.1 200 OK\r\nNtrip-Version: Ntrip/2.0\r\n${SERVER}${DATE}Cache-Control: no-store\r\nPragma: no-cache\r\nConnection: close\r\nContent-Type: gnss/data\r\n\r\n`,
    );
  });

  test("v2 base", () => expect(postOk(NOW_MS)).toBe(`HTTP/1.1 200 OK\r\nNtrip-Version: Ntrip/2.0\r\n${SERVER}${DATE}Connection: close\r\n\r\n`));

  test.each([
    ["v1", "SOURCETABLE 200 OK\r\n", "Content-Type: text/plain\r\n"],
    ["v2", "HTTP/1.1 200 OK\r\n", "Content-Type: gnss/sourcetable\r\n"],
    ["browser", "HTTP/1.1 200 OK\r\n", "Content-Type: text/plain; charset=utf-8\r\n"],
  ] as const)("sourcetable for %s: its length is exact in bytes", (dialect, first, type) => {
    const table = "STR;M;美郷;\r\nENDSOURCETABLE\r\n";
    const answer = sourcetableAnswer(table, dialect, NOW_MS);
    expect(answer.startsWith(first)).toBe(true);
    expect(answer).toContain(type);
    const [head, body] = answer.split("\r\n\r\n") as [string, string];
    expect(body).toBe(table);
    expect(head).toContain(`Content-Length: ${Buffer.byteLength(table)}`);
  });

  test.each(REFUSALS)("%s holds no `200`, which SparkFun's client greps for", (refusal) => {
    for (const version of [1, 2] as const) {
      const answer = httpRefusal(refusal, { mount: "M200", version }, NOW_MS);
      expect(answer).not.toContain("200");
      expect(answer).toMatch(version === 1 ? /^HTTP\/1\.0 [45]\d\d / : /^HTTP\/1\.1 [45]\d\d .*\r\nNtrip-Version: Ntrip\/2\.0\r\n/);
      expect(answer.endsWith("\r\n\r\n")).toBe(true);
    }
    expect(sourceRefusal(refusal)).toMatch(/^ERROR - .*\r\n$/);
  });

  test("a mount of evil letters does not come back", () => {
    const answer = httpRefusal("unauthorized", { mount: 'x"\r\nSet-Cookie: a=b', version: 2 }, NOW_MS);
    expect(answer).not.toContain("Cookie");
    expect(answer).toContain('WWW-Authenticate: Basic realm="/"\r\n');
  });

  test("a base hears the two sentences of its specification", () => {
    expect(sourceRefusal("unauthorized")).toBe("ERROR - Bad Password\r\n");
    expect(sourceRefusal("mount-taken")).toBe("ERROR - Mount Point Taken or Invalid\r\n");
  });
});
