import fc from "fast-check";
import { expect, test } from "vitest";
import { PacketTrimmer } from "../../../ingest/sources/packet-trimmer.ts";

const LIMIT = 200;

/** MQTT 3.1.1 §2.2.3: the remaining length, 7 bits a byte, least significant first. */
function packet(first: number, body: Uint8Array): Buffer {
  const length: number[] = [];
  for (let rest = body.length; ; rest >>= 7) {
    length.push(rest > 127 ? (rest & 0x7f) | 0x80 : rest);
    if (rest <= 127) return Buffer.concat([Buffer.from([first, ...length]), body]);
  }
}

async function through(chunks: readonly Buffer[]): Promise<Buffer> {
  const trimmer = new PacketTrimmer(LIMIT);
  const out: Buffer[] = [];
  trimmer.on("data", (chunk: Buffer) => out.push(chunk));
  const ended = new Promise((resolve, reject) => trimmer.once("end", resolve).once("error", reject));
  for (const chunk of chunks) trimmer.write(chunk);
  trimmer.end();
  await ended;
  return Buffer.concat(out);
}

const body = (max: number) => fc.uint8Array({ maxLength: max }).map((bytes) => Buffer.from(bytes));
const publish = fc.tuple(fc.constantFrom(0x30, 0x32, 0x3b), fc.oneof(body(20), body(3 * LIMIT), fc.constant(Buffer.alloc(40_000, 7))));
const other = fc.tuple(fc.constantFrom(0x20, 0x90, 0xd0), body(20));

test("any packets in any chunks: short ones as they came, long ones to their bound, and what follows in step", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.oneof(publish, other), { maxLength: 8 }), fc.array(fc.nat(60_000), { maxLength: 12 }), async (packets, cuts) => {
      const stream = Buffer.concat(packets.map(([first, bytes]) => packet(first, bytes)));
      const at = [...new Set(cuts.map((c) => c % (stream.length + 1)))].sort((a, b) => a - b);
      const chunks = [0, ...at].map((from, i) => stream.subarray(from, at[i] ?? stream.length));
      expect(await through(chunks)).toEqual(Buffer.concat(packets.map(([first, bytes]) => packet(first, bytes.subarray(0, LIMIT)))));
    }),
    { numRuns: 200 },
  );
});

test.each([
  ["a length of five bytes", Buffer.from([0x30, 0xff, 0xff, 0xff, 0xff, 0x01])],
  ["a long packet that is no PUBLISH", packet(0x90, Buffer.alloc(LIMIT + 1))],
])("%s ends the stream", async (_what, bytes) => {
  await expect(through([bytes])).rejects.toThrow("no MQTT");
});
