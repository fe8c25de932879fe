import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Dechunker } from "../../correction-relay/rtcm-parser/bin/dechunker.ts";
import { formOf } from "../../correction-relay/rtcm-parser/bin/transfer-coding.ts";
import { runCommand } from "./command.ts";
import { chunked, concat, EXAMPLE_1005 } from "./fixtures.ts";

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const asChunks = (parts: readonly Uint8Array[], end = "0\r\n\r\n"): Uint8Array =>
  concat(...parts.flatMap((part) => [bytesOf(`${part.length.toString(16)}\r\n`), part, bytesOf("\r\n")]), bytesOf(end));

function dechunked(bytes: Uint8Array, sizes: readonly number[]): { data: Uint8Array; dechunker: Dechunker } {
  const dechunker = new Dechunker();
  const parts: Uint8Array[] = [];
  for (const piece of chunked(bytes, sizes)) parts.push(...dechunker.push(piece));
  return { data: concat(...parts), dechunker };
}

describe("HTTP chunks", () => {
  test("any data in any chunks and any pieces comes back", () => {
    const chunk = fc.uint8Array({ minLength: 1, maxLength: 300 });
    fc.assert(
      fc.property(fc.array(chunk, { maxLength: 8 }), fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }), (parts, sizes) => {
        const { data, dechunker } = dechunked(asChunks(parts), sizes);
        expect(data).toEqual(concat(...parts));
        expect(dechunker).toMatchObject({ chunks: parts.length + 1, state: "done" });
      }),
    );
  });

  test.each([
    ["extensions and blanks", "5 ;name=value\r\nhello\r\n0\r\n\r\n", "hello", "done"],
    ["bare line feeds", "5\nhello\n0\n\n", "hello", "done"],
    ["trailers", "5\r\nhello\r\n0\r\nA: b\r\nC: d\r\n\r\nleft out", "hello", "done"],
    ["a body cut off within a chunk", "5\r\nhello\r\nFF\r\nwor", "hellowor", "data"],
    ["no size where one should be", "5\r\nhello\r\nworld\r\n", "hello", "broken"],
    ["more data than the size said", "5\r\nhello!\r\n", "hello", "broken"],
    ["a negative size", "-5\r\nhello", "", "broken"],
    ["a line without end", "5".repeat(3000), "", "broken"],
  ])("%s", (_, text, expected, state) => {
    for (const sizes of [[1], [3, 7], [5000]]) {
      const { data, dechunker } = dechunked(bytesOf(text), sizes);
      expect(new TextDecoder().decode(data)).toBe(expected);
      expect(dechunker.state).toBe(state);
    }
  });

  test("any bytes at all only ever break it", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void dechunked(bytes, [7])));
  });
});

describe("the form of an input, by its first bytes", () => {
  test.each([
    ["a frame", EXAMPLE_1005, "plain"],
    ["NMEA", bytesOf("$GNGGA,0,,,,,0*00\r\n"), "plain"],
    ["a comment", bytesOf("# 35 messages\r\n"), "plain"],
    ["digits that are no chunk", bytesOf(`12\r\n${"x".repeat(100)}`), "plain"],
    ["digits, then a frame that is longer than they say", concat(bytesOf("12\r\n"), EXAMPLE_1005, EXAMPLE_1005), "plain"],
    ["chunks", asChunks([EXAMPLE_1005, EXAMPLE_1005]), "chunked"],
    ["one chunk and the last", asChunks([EXAMPLE_1005]), "chunked"],
    ["a chunk that was cut off", asChunks([EXAMPLE_1005]).subarray(0, 20), "chunked"],
    ["text that was cut off", bytesOf("FF\r\nhello"), "plain"],
    ["a size line that was cut off", bytesOf("1F"), "plain"],
    ["gzip", new Uint8Array(gzipSync(EXAMPLE_1005)), "gzip"],
    ["nothing", new Uint8Array(0), "plain"],
  ])("%s", (_, bytes, form) => {
    expect(formOf(bytes, true)).toBe(form);
    // Whatever comes first decides nothing that the whole would not.
    for (let length = 0; length < bytes.length; length += 1) expect([form, "need-more"]).toContain(formOf(bytes.subarray(0, length), false));
  });
});

describe("the command takes a transfer coding off", () => {
  const frames = concat(EXAMPLE_1005, EXAMPLE_1005, EXAMPLE_1005);
  const halves = [frames.subarray(0, 33), frames.subarray(33)];
  const gzip = (bytes: Uint8Array): Uint8Array => new Uint8Array(gzipSync(bytes));
  const truthOf = async (input: readonly Uint8Array[], ...options: string[]): Promise<Record<string, unknown>> =>
    JSON.parse((await runCommand(["truth", ...options, "-"], input)).stdout) as Record<string, unknown>;
  const places = [
    [0, 25, 1005],
    [25, 25, 1005],
    [50, 25, 1005],
  ];

  test.each([
    ["chunks", asChunks(halves), { chunks: 3, dechunkedBytes: 75 }],
    ["chunks, each a gzip member", asChunks(halves.map(gzip)), { chunks: 3, gunzippedBytes: 75 }],
    ["gzip", gzip(frames), { gunzippedBytes: 75 }],
    ["gzip members in chunks that do not respect them", asChunks([...chunked(concat(...halves.map(gzip)), [11])]), { gunzippedBytes: 75 }],
  ])("%s", async (_, bytes, expected) => {
    for (const sizes of [[1], [1460]]) {
      const truth = await truthOf([...chunked(bytes, sizes)]);
      expect(truth["transferDecoding"]).toMatchObject(expected);
      expect(truth).toMatchObject({ bytes: bytes.length, frameList: places, framing: { bytesOutsideFrames: 0 } });
    }
  });

  test("--raw leaves it on, in both commands", async () => {
    const bytes = asChunks(halves);
    const truth = await truthOf([bytes], "--raw");
    expect(truth).not.toHaveProperty("transferDecoding");
    expect(truth["frameList"]).toEqual([[4, 25, 1005], expect.anything()]);
    expect((await runCommand(["--raw", "-"], [bytes])).stdout.trim().split("\n")).toHaveLength(2);
    expect((await runCommand(["-"], [bytes])).stdout.trim().split("\n")).toHaveLength(3);
  });

  test.each([
    ["chunks", asChunks([frames, frames], "junk\r\n"), "no chunk size after 2 chunks, 150 bytes", 6],
    ["gzip", gzip(frames).map((byte, i, all) => (i === all.length - 8 ? byte ^ 1 : byte)), "gzip: ", 0],
  ])("%s that break off wrong: what was found comes out, then the reason, and status 1", async (_, bytes, reason, count) => {
    const lines = await runCommand(["-"], [bytes]);
    expect(lines).toMatchObject({ status: 1, stderr: expect.stringContaining(reason) });
    expect(lines.stdout.split("\n").length - 1).toBe(count);
    if (count === 0) return;
    const truth = await runCommand(["truth", "-"], [bytes]);
    expect(truth).toMatchObject({ status: 1, stderr: expect.stringContaining(reason) });
    expect(JSON.parse(truth.stdout)).toMatchObject({ framing: { frames: count }, transferDecoding: { error: expect.stringContaining(reason) } });
  });

  test("a member that was cut off is no error: the capture stopped there", async () => {
    const { status, stdout } = await runCommand(["-"], [gzip(frames).subarray(0, -6)]);
    expect(status).toBe(0);
    expect(stdout.split("\n").length - 1).toBe(3);
  });
});
