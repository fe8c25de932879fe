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
function passAll(scanner: PacketScanner, chunks: readonly Uint8Array[]): { passed: Buffer; types: number[] } {
  const passed: Uint8Array[] = [];
  const types: number[] = [];
  let rest = Buffer.alloc(0);
  for (const chunk of chunks) {
    const data = Buffer.concat([rest, chunk]);
    const result = scanner.scan(data, (type) => {
      types.push(type);
      return true;
    });
    if (result.kind === "fault") throw new Error(result.fault);
    passed.push(data.subarray(0, result.passBytes));
    rest = data.subarray(result.passBytes);
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
  expect(scanner.scan(both, (type) => type !== 3)).toEqual({ kind: "pass", passBytes: connect.length, waiting: true });
  expect(scanner.scan(both.subarray(connect.length), () => true)).toEqual({ kind: "pass", passBytes: publish.length + 2, waiting: false });
});
