import fc from "fast-check";
import { expect, test } from "vitest";
import { AckOrder, type HeldAck } from "../../broker/ack-order.ts";

/** Packet ids of the PUBACKs in a buffer. */
function idsIn(acks: Buffer): number[] {
  const ids: number[] = [];
  for (let at = 0; at < acks.length; at += 4) {
    expect([acks[at], acks[at + 1]]).toEqual([0x40, 2]);
    ids.push(acks.readUInt16BE(at + 2));
  }
  return ids;
}

test("whatever is dealt with first, acknowledgements leave in the order of the packets, each once", () => {
  const packet = fc.record({ kind: fc.constantFrom("uplink", "uplink-qos-0", "other"), doneAt: fc.integer({ min: 0, max: 1000 }) });
  fc.assert(
    fc.property(fc.array(packet, { maxLength: 60 }), (packets) => {
      const sent: number[] = [];
      const order = new AckOrder((acks) => sent.push(...idsIn(acks)));
      const others: { id: number; doneAt: number; held: HeldAck | undefined }[] = [];
      packets.forEach(({ kind, doneAt }, i) => {
        if (kind === "uplink") order.uplink(i + 1);
        else if (kind === "uplink-qos-0") order.uplink(0);
        else {
          order.passedOn();
          others.push({ id: i + 1, doneAt, held: order.claim() });
        }
      });
      for (const { id, held } of others.toSorted((a, b) => a.doneAt - b.doneAt)) {
        held?.ready(() => sent.push(id));
        order.journaled(0);
      }
      for (const { kind } of packets) if (kind !== "other") order.journaled(1);
      expect(sent).toEqual(packets.flatMap(({ kind }, i) => (kind === "uplink-qos-0" ? [] : [i + 1])));
    }),
  );
});

test("what is safe is acknowledged with one write", () => {
  const writes: number[][] = [];
  const order = new AckOrder((acks) => writes.push(idsIn(acks)));
  for (let id = 1; id <= 3000; id += 1) order.uplink(id);
  order.journaled(2500);
  order.journaled(500);
  expect(writes.map((ids) => [ids[0], ids.at(-1), ids.length])).toEqual([
    [1, 2500, 2500],
    [2501, 3000, 500],
  ]);
});

test("after the end nothing is acknowledged, and who held one back is told to go on", () => {
  const sent: number[] = [];
  const order = new AckOrder((acks) => sent.push(...idsIn(acks)));
  order.uplink(1);
  order.passedOn();
  order.passedOn();
  const [early, late] = [order.claim(), order.claim()];
  const released: string[] = [];
  early?.ready(() => released.push("early"));
  expect(released).toEqual([]); // the uplink before it is not safe yet
  order.close();
  expect(released).toEqual(["early"]);
  late?.ready(() => released.push("late"));
  order.journaled(1);
  expect([released, sent]).toEqual([["early", "late"], []]);
});

test("a release that ends the connection stops the rest", () => {
  const sent: number[] = [];
  const order = new AckOrder((acks) => sent.push(...idsIn(acks)));
  order.passedOn();
  order.uplink(7);
  const held = order.claim();
  order.journaled(1);
  held?.ready(() => order.close());
  expect(sent).toEqual([]);
});
