import fc from "fast-check";
import { expect, test } from "vitest";
import { ChunkedReader } from "../../../firmware-sim/gnss/chunked-reader.ts";
import { chunkOf } from "../../../firmware-sim/gnss/ntrip-connection.ts";

const bytes = (text: string): Uint8Array => Buffer.from(text, "latin1");
const read = (reader: ChunkedReader, input: Uint8Array): Buffer => Buffer.concat([...reader.push(input)]);

test("the example of RFC 9112's grammar: sizes in hexadecimal, an extension, an end", () => {
  expect(read(new ChunkedReader(), bytes("4\r\nWiki\r\n5;x=1\r\npedia\r\nE\r\n in\r\n\r\nchunks.\r\n0\r\n\r\nignored")).toString()).toBe(
    "Wikipedia in\r\n\r\nchunks.",
  );
});

test("any chunks, cut anywhere, give their data", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), { maxLength: 8 }), fc.array(fc.nat(2000), { maxLength: 20 }), (pieces, cuts) => {
      const stream = Buffer.concat(pieces.map(chunkOf));
      const at = [0, ...cuts.filter((c) => c < stream.length).sort((a, b) => a - b), stream.length];
      const reader = new ChunkedReader();
      const out = at.slice(1).map((end, i) => read(reader, stream.subarray(at[i], end)));
      expect(Buffer.concat(out).equals(Buffer.concat(pieces))).toBe(true);
    }),
  );
});

test.each(["zz\r\n", "\r\n", "-1\r\n", "12345678\r\n", "1".repeat(300)])("%j is no chunk", (text) => {
  expect(() => read(new ChunkedReader(), bytes(text))).toThrow(RangeError);
});
