import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ChunkedBody } from "../../../core/wire/chunked-body.ts";

function through(pieces: readonly Uint8Array[]): { bytes: Buffer; ended: string } {
  const body = new ChunkedBody();
  const bytes = Buffer.concat(pieces.flatMap((piece) => [...body.push(piece)]));
  return { bytes, ended: body.ended };
}
const text = (s: string): Buffer => Buffer.from(s, "latin1");

describe("chunked body", () => {
  test.each([
    ["the example of RFC 9112", "4\r\nWiki\r\n7\r\npedia i\r\nB\r\nn \r\nchunks.\r\n0\r\n\r\n", "Wikipedia in \r\nchunks.", "whole"],
    ["bare LF, extension, upper case", "A;x=y\n0123456789\n", "0123456789", "no"],
    ["announced, but not chunked", "\u00d3\u0000\u0000G\u00eaK", "\u00d3\u0000\u0000G\u00eaK", "no"],
    ["a size that is none", "4\r\nWiki\r\nzz\r\nmore", "Wiki", "damaged"],
    ["a size line without end", `4${" ".repeat(300)}`, "", "damaged"],
    ["data longer than its size", "2\r\nabcd", "ab", "damaged"],
    ["a size beyond reason", "ffffffff\r\nab", "", "damaged"],
  ])("%s", (_, sent, inside, ended) => {
    expect(through([text(sent)])).toEqual({ bytes: text(inside), ended });
  });

  test("any bytes in any chunks, cut anywhere", () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { minLength: 1, maxLength: 8 }),
        fc.array(fc.nat(500), { maxLength: 10 }),
        (chunks, cuts) => {
          const wire = Buffer.concat([...chunks.flatMap((c) => [text(`${c.length.toString(16)}\r\n`), c, text("\r\n")]), text("0\r\n\r\n")]);
          const edges = [0, ...cuts.filter((c) => c < wire.length).sort((a, b) => a - b), wire.length];
          const got = through(edges.slice(1).map((edge, i) => wire.subarray(edges[i], edge)));
          expect(got).toEqual({ bytes: Buffer.concat(chunks), ended: "whole" });
        },
      ),
    );
  });
});
