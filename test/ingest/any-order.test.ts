import fc from "fast-check";
import { expect, test } from "vitest";
import { Bench, chirpstackUp, DEV_EUI, ldds75, levelSensor, type Sent } from "./support.ts";

const T0_MS = Date.parse("2026-06-01T00:00:00Z");
const STEP_MS = 11 * 60_000; // further apart than a duplicate may be

const RECEIVED_MS = T0_MS + 86_400_000; // all of it late

interface Measured {
  readonly at: number; // place on the time line
  readonly fCnt: number;
  readonly distanceMm: number;
  readonly devAddr: string | null;
}
const measured: fc.Arbitrary<Measured> = fc.record({
  at: fc.integer({ min: 0, max: 8 }),
  fCnt: fc.integer({ min: 0, max: 4 }),
  distanceMm: fc.integer({ min: 300, max: 303 }),
  devAddr: fc.constantFrom(null, "01a"),
});
// Within one moment frames differ in what they say: the same bytes at the same time are copies by definition.
const uplinks = fc.uniqueArray(measured, { maxLength: 12, selector: (m) => `${m.at}|${m.fCnt}|${m.distanceMm}` });

interface Copy {
  readonly of: number; // index of the original
  readonly laterMs: number;
  readonly gateway: number;
}
const COPIES_MAX_MS = 48_000;

function upOf(m: Measured, copy: Copy = { of: 0, laterMs: 0, gateway: 0 }): Sent {
  const time = new Date(T0_MS + m.at * STEP_MS + copy.laterMs).toISOString();
  const rxInfo = [{ gatewayId: `0016c001f153a14${copy.gateway}`, rssi: -90 + 7 * copy.gateway, snr: 7.5, gwTime: time }];
  return { ...chirpstackUp({ fCnt: m.fCnt, data: ldds75(m.distanceMm), time, devAddr: m.devAddr, rxInfo }), receivedAtMs: RECEIVED_MS };
}
function joinOf(at: number): Sent {
  const message = { time: new Date(T0_MS + at * STEP_MS - 1000).toISOString(), deviceInfo: { devEui: DEV_EUI }, devAddr: "01a" };
  return { topic: `application/1/device/${DEV_EUI}/event/join`, payload: JSON.stringify(message), receivedAtMs: RECEIVED_MS };
}
function shuffled<T>(list: readonly T[], order: readonly number[]): T[] {
  return list
    .map((value, i) => ({ value, rank: order[i % Math.max(1, order.length)] ?? 0, i }))
    .sort((a, b) => a.rank - b.rank || a.i - b.i)
    .map(({ value }) => value);
}

const orders = fc.array(fc.integer(), { minLength: 30, maxLength: 30 });

test("any order of arrival, with copies and joins among it, gives the same readings", () => {
  fc.assert(
    fc.property(
      uplinks,
      fc.array(fc.record({ of: fc.nat(), laterMs: fc.integer({ min: 0, max: COPIES_MAX_MS }), gateway: fc.integer({ min: 0, max: 3 }) }), {
        maxLength: 8,
      }),
      fc.array(fc.integer({ min: 0, max: 8 }), { maxLength: 2 }),
      orders,
      fc.integer({ min: 1, max: 7 }),
      (list, copies, joins, order, batchMax) => {
        const originals = list.map((m) => upOf(m));
        const repeated = list.length === 0 ? [] : copies.map((copy) => upOf(list[copy.of % list.length] as Measured, copy));
        const plain = new Bench([levelSensor()]);
        plain.send(...originals, ...repeated);
        const mixed = new Bench([levelSensor()], { batchMax });
        mixed.send(...shuffled([...originals, ...repeated, ...joins.map(joinOf)], order));
        expect(mixed.readings()).toEqual(plain.readings());
        expect(plain.ledger()["stored"] ?? 0).toBe(list.length);
        expect(mixed.ledger()["stored"] ?? 0).toBe(list.length);
        expect(mixed.ledger()["duplicate"] ?? 0).toBe(repeated.length);
      },
    ),
    { numRuns: 150 },
  );
});

test("a duplicate at any point changes nothing", () => {
  fc.assert(
    fc.property(uplinks, orders, (list, order) => {
      const bench = new Bench([levelSensor()]);
      bench.send(
        ...shuffled(
          list.map((m) => upOf(m)),
          order,
        ),
      );
      const before = bench.readings();
      const sessions = bench.db.prepare("SELECT * FROM session").all();
      expect(bench.send(...list.map((m) => upOf(m)))).toEqual(list.map(() => "duplicate: frame"));
      expect(bench.readings()).toEqual(before);
      expect(bench.db.prepare("SELECT * FROM session").all()).toEqual(sessions);
    }),
    { numRuns: 100 },
  );
});
