import { expect, test } from "vitest";
import { readAnswer } from "../../../firmware-sim/gnss/ntrip-answer.ts";

const bytes = (text: string): Uint8Array => Buffer.from(text, "latin1");

test.each([
  ["v1", "ICY 200 OK\r\n\r\n", { kind: "accepted", bodyAt: 12, chunked: false }],
  ["v1 without a blank line, data at once", "ICY 200 OK\r\n\xd3\x00", { kind: "accepted", bodyAt: 12, chunked: false }],
  ["an old caster's answer to SOURCE", "OK\r\n", { kind: "accepted", bodyAt: 4, chunked: false }],
  ["v2", "HTTP/1.1 200 OK\r\nContent-Type: gnss/data\r\n\r\n\xd3", { kind: "accepted", bodyAt: 44, chunked: false }],
  ["v2 chunked, headers in any case", "HTTP/1.1 200 OK\r\ntransfer-encoding:chunked\r\n\r\n", { kind: "accepted", bodyAt: 46, chunked: true }],
  ["wrong password, v2", "HTTP/1.1 401 Unauthorized\r\n", { kind: "refused", reason: "HTTP/1.1 401 Unauthorized" }],
  ["wrong password, v1", "ERROR - Bad Password\r\n", { kind: "refused", reason: "ERROR - Bad Password" }],
  ["unknown mount, v1", "SOURCETABLE 200 OK\r\n", { kind: "refused", reason: "SOURCETABLE 200 OK" }],
  ["unknown mount, v2", "HTTP/1.1 200 OK\r\nContent-Type: gnss/sourcetable\r\n\r\n", { kind: "refused", reason: "a source table: no such mount" }],
  ["half a line", "ICY 20", { kind: "need-more" }],
  ["half a header", "HTTP/1.1 200 OK\r\nServer: x\r\n", { kind: "need-more" }],
  ["a line without end", "x".repeat(8192), { kind: "refused", reason: "no answer line" }],
  ["a header without end", `HTTP/1.1 200 OK\r\n${"x".repeat(8192)}`, { kind: "refused", reason: "endless header" }],
])("%s", (_, text, expected) => expect(readAnswer(bytes(text))).toEqual(expected));
