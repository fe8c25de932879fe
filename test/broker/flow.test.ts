import { expect, test } from "vitest";
import { ConnectionFlow, SharedFlow } from "../../broker/flow.ts";
import { TokenBucket } from "../../broker/token-bucket.ts";

test("a bucket gives its burst at once, then its rate, and never more than the burst", () => {
  const bucket = new TokenBucket({ perSecond: 10, burst: 3, nowMs: 0 });
  expect([0, 0, 0, 0].map((at) => bucket.take(at))).toEqual([true, true, true, false]);
  expect(bucket.waitMs(40)).toBe(60);
  expect([99, 100, 150].map((at) => bucket.take(at))).toEqual([false, true, false]);
  expect([10_000, 10_000, 10_000, 10_000].map((at) => bucket.take(at))).toEqual([true, true, true, false]);
  expect(bucket.take(5000)).toBe(false); // a clock set back gives nothing
});

function flowOf(shared: SharedFlow, inFlightMax: number): { flow: ConnectionFlow; woken: () => number } {
  let woken = 0;
  const flow = new ConnectionFlow({ shared, nowMs: () => 0, wake: () => (woken += 1) });
  flow.open({ rate: null, inFlightMax });
  return { flow, woken: () => woken };
}

test("nothing passes before the log-in", () => {
  const flow = new ConnectionFlow({ shared: new SharedFlow({ messagesMax: 9, bytesMax: 99 }), nowMs: () => 0, wake: () => {} });
  expect(flow.admit(1)).toBe("in-flight");
});

test("at the cap a connection waits until half of it is dealt with, and is woken once", () => {
  const { flow, woken } = flowOf(new SharedFlow({ messagesMax: 99, bytesMax: 999 }), 4);
  expect(Array.from({ length: 5 }, () => flow.admit(1))).toEqual(["pass", "pass", "pass", "pass", "in-flight"]);
  const done = Array.from({ length: 4 }, () => flow.handOver());
  done[0]?.();
  done[0]?.(); // told twice, counted once
  expect(woken()).toBe(0);
  done[1]?.();
  done[2]?.();
  expect(woken()).toBe(1);
  expect(flow.admit(1)).toBe("pass");
});

test("the shared bound counts bytes too, and what a closed connection never handed over is given back", () => {
  const shared = new SharedFlow({ messagesMax: 99, bytesMax: 100 });
  const one = flowOf(shared, 50);
  const two = flowOf(shared, 50);
  expect([one.flow.admit(60), one.flow.admit(40), two.flow.admit(1)]).toEqual(["pass", "pass", "shared"]);
  const done = one.flow.handOver();
  one.flow.close();
  expect(two.woken()).toBe(1); // 60 of 100 left
  expect(shared.messages).toBe(1);
  done();
  expect(shared.messages).toBe(0);
});
