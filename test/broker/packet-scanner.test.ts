import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { PacketScanner } from "../../broker/packet-scanner.ts";

const limits = { connectBytesMax: 1024, packetBytesMax: 4096 };

function remainingLength(length: number): number[] {
  const out: number[] = [];
  let left = length;
  do {
    const digit = left % 128;
    left = Math.floor(left / 128);
    out.push(left > 0 ? digit | 0x80 : digit);
  } while (left > 0);
  return out;
}
function packet(type: number, bodyBytes: number): Buffer {
  return Buffer.concat([Buffer.from([type << 4, ...remainingLength(bodyBytes)]), Buffer.alloc(bodyBytes, 0x33)]);
}

/** What a consumer gets when a stream arrives in pieces and every packet may pass. */
function passAll(scanner: PacketScanner, chunks: readonly Buffer[]): { passed: Buffer; types: number[] } {
  const passed: Uint8Array[] = [];
  const types: number[] = [];
  let rest = Buffer.alloc(0);
  for (const chunk of chunks) {
    const data = Buffer.concat([rest, chunk]);
    const result = scanner.scan(data, (head) => {
      types.push(head >> 4);
      return true;
    });
    if (result.kind === "fault") throw new Error(result.fault);
    passed.push(...result.pieces);
    rest = data.subarray(result.consumedBytes);
  }
  return { passed: Buffer.concat(passed), types };
}

test("any chunking passes the same bytes and sees the same packets", () => {
  const packets = fc.array(fc.record({ type: fc.integer({ min: 2, max: 14 }), bodyBytes: fc.integer({ min: 0, max: 300 }) }), { maxLength: 20 });
  fc.assert(
    fc.property(packets, fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 50 }), (list, cuts) => {
      const stream = Buffer.concat([packet(1, 40), ...list.map(({ type, bodyBytes }) => packet(type, bodyBytes))]);
      const chunks: Buffer[] = [];
      for (let at = 0, i = 0; at < stream.length; i += 1) {
        const size = cuts[i % cuts.length] as number;
        chunks.push(stream.subarray(at, at + size));
        at += size;
      }
      const { passed, types } = passAll(new PacketScanner(limits), chunks);
      expect(passed.equals(stream)).toBe(true);
      expect(types).toEqual([1, ...list.map(({ type }) => type)]);
    }),
  );
});

describe("faults", () => {
  test.each<[string, Buffer, string]>([
    ["first packet is no CONNECT", packet(3, 10), "not-connect"],
    ["CONNECT of 1,025 bytes", packet(1, 1022), "oversize"],
    ["announces 256 MB", Buffer.from([0x10, 0xff, 0xff, 0xff, 0x7f]), "oversize"],
    ["length of five bytes", Buffer.from([0x10, 0xff, 0xff, 0xff, 0xff, 0x01]), "bad-length"],
  ])("%s", (_name, bytes, fault) => {
    expect(new PacketScanner(limits).scan(bytes, () => true)).toEqual({ kind: "fault", fault });
  });

  test("the largest packets that may pass do", () => {
    const scanner = new PacketScanner(limits);
    expect(scanner.scan(packet(1, 1021), () => true)).toMatchObject({ kind: "pass", waiting: false });
    expect(scanner.scan(packet(3, 4093), () => true)).toMatchObject({ kind: "pass", waiting: false });
    expect(scanner.scan(packet(3, 4094), () => true)).toEqual({ kind: "fault", fault: "oversize" });
  });
});

test("a packet that has to wait stays whole, with all that follows", () => {
  const scanner = new PacketScanner(limits);
  const connect = packet(1, 10);
  const publish = packet(3, 20);
  const both = Buffer.concat([connect, publish, packet(12, 0)]);
  expect(scanner.scan(both, (head) => head >> 4 !== 3)).toEqual({ kind: "pass", pieces: [connect], consumedBytes: connect.length, waiting: true });
  const rest = both.subarray(connect.length);
  expect(scanner.scan(rest, () => true)).toEqual({ kind: "pass", pieces: [rest], consumedBytes: rest.length, waiting: false });
});

test("each PUBLISH of QoS 0 or 1 is shown whole however it arrives; what is taken does not pass", () => {
  const entry = fc.record({ head: fc.constantFrom(0x30, 0x32, 0x3a, 0x34, 0xc0, 0x82), bodyBytes: fc.integer({ min: 0, max: 300 }), taken: fc.boolean() });
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 20 }), fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 50 }), (list, cuts) => {
      const packets = list.map(({ head, bodyBytes, taken }, i) => {
        const made = Buffer.concat([Buffer.from([head, ...remainingLength(bodyBytes)]), Buffer.alloc(bodyBytes, i)]);
        return { made, shown: head === 0x30 || head === 0x32 || head === 0x3a, taken };
      });
      const stream = Buffer.concat([packet(1, 40), ...packets.map(({ made }) => made)]);
      const shown = packets.filter((p) => p.shown);
      let n = 0;
      const passed: Buffer[] = [];
      const scanner = new PacketScanner(limits);
      let rest = Buffer.alloc(0);
      for (let at = 0, i = 0; at < stream.length; i += 1) {
        const size = cuts[i % cuts.length] as number;
        const data = Buffer.concat([rest, stream.subarray(at, at + size)]);
        at += size;
        const result = scanner.scan(
          data,
          () => true,
          (bytes, head, from, to) => {
            const expected = shown[n] as (typeof shown)[number];
            n += 1;
            expect(head).toBe(expected.made[0]);
            expect(bytes.subarray(from, to).equals(expected.made.subarray(expected.made.length - (to - from)))).toBe(true);
            return expected.taken ? "taken" : "pass";
          },
        );
        if (result.kind === "fault") throw new Error(result.fault);
        passed.push(...result.pieces);
        rest = data.subarray(result.consumedBytes);
      }
      expect(n).toBe(shown.length);
      expect(Buffer.concat(passed).equals(Buffer.concat([packet(1, 40), ...packets.filter((p) => !(p.shown && p.taken)).map((p) => p.made)]))).toBe(true);
    }),
  );
});
