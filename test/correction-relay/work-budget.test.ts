import { expect, test } from "vitest";
import { WorkBudget } from "../../correction-relay/work-budget.ts";
import { baseOf, eventually, frame1006, joinRover, joinSource, openBench } from "./support.ts";

const ICY_BYTES = 14;
/** Costs 979 bytes of CRC for every second byte. */
const hostile = (bytes: number): Uint8Array => new Uint8Array(bytes).map((_, i) => (i % 2 === 0 ? 0xd3 : 0x03));

test("what is over the burst is paid back at the rate", () => {
  const budget = new WorkBudget({ perS: 1_000_000, burst: 50_000 }, 0);
  expect(budget.spend({ checkedBytes: 40_000, frames: 10 }, 0)).toBe(0);
  expect(budget.spend({ checkedBytes: 60_000, frames: 10 }, 0)).toBe(20);
  expect(budget.spend({ checkedBytes: 60_000, frames: 10 }, 20)).toBe(0);
  expect(budget.spend({ checkedBytes: 60_000, frames: 10 }, 60_000)).toBe(0);
  expect(budget.spend({ checkedBytes: 110_001, frames: 10 }, 60_000)).toBe(1);
});

test("a clock that steps back gives nothing and takes nothing", () => {
  const budget = new WorkBudget({ perS: 1000, burst: 0 }, 10_000);
  expect(budget.spend({ checkedBytes: 100, frames: 0 }, 5000)).toBe(100);
  expect(budget.spend({ checkedBytes: 100, frames: 0 }, 5100)).toBe(0);
});

test("a base of nothing but false headers is read slowly, and does not keep another one waiting", async () => {
  await using bench = await openBench({ bases: [baseOf("EVIL"), baseOf("GOOD")], limits: { sourceWorkPerS: 1000, sourceWorkBurst: 10_000 } });
  const [evil, good] = [await joinSource(bench, "EVIL"), await joinSource(bench, "GOOD")];
  const rover = await joinRover(bench, "GOOD");
  const heldBack = (): number => bench.metrics.get("azemichi_relay_source_held_back_total", { mount: "EVIL" });
  evil.send(hostile(1_000_000));
  await eventually(() => heldBack() > 0, "held back");
  good.send(frame1006());
  await rover.untilBytes(ICY_BYTES + frame1006().length);
  expect(heldBack()).toBe(1);
  expect(bench.metrics.get("azemichi_relay_source_bytes_total", { mount: "EVIL" })).toBeLessThanOrEqual(4096);
});

test("a turn that does much takes a rest, and neither order nor end is lost", async () => {
  await using bench = await openBench({ limits: { sourceWorkPerTurn: 1 } });
  const rover = await joinRover(bench);
  const source = await bench.connect();
  const stream = Buffer.concat(Array.from({ length: 2000 }, (_, i) => frame1006(i)));
  // The first of it in the segment of the request, and the end right behind it.
  source.send(Buffer.concat([Buffer.from("SOURCE base-secret MISATO1\r\n\r\n"), stream]));
  source.socket.end();
  await source.untilClosed();
  expect((await rover.untilBytes(ICY_BYTES + stream.length)).subarray(ICY_BYTES)).toEqual(stream);
});
