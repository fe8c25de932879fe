import { expect, test } from "vitest";
import { LoginGuard } from "../../api/login-guard.ts";
import { Metrics } from "../../core/runtime/metrics.ts";

const right = async () => true;
const wrong = async () => false;

function guarded() {
  const clock = { ms: 1_000_000 };
  const metrics = new Metrics();
  return { clock, metrics, guard: new LoginGuard({ nowMs: () => clock.ms, metrics }) };
}

test("an account waits longer after each wrong password, a minute at most, and is forgiven by a right one", async () => {
  const { guard, clock } = guarded();
  const who = { username: "sato", address: null };
  const waits: number[] = [];
  for (let i = 0; i < 16; i += 1) {
    const attempt = await guard.attempt(who, wrong);
    if (attempt.kind === "backing-off") {
      waits.push(attempt.retryAfterS);
      clock.ms += attempt.retryAfterS * 1000 - 1;
      expect((await guard.attempt(who, right)).kind).toBe("backing-off"); // also a right one has to wait
      clock.ms += 1;
      expect(await guard.attempt(who, wrong)).toEqual({ kind: "admitted", correct: false });
    }
  }
  expect(waits).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60, 60, 60]);
  clock.ms += 60_000;
  expect(await guard.attempt(who, right)).toEqual({ kind: "admitted", correct: true });
  expect(await guard.attempt(who, wrong)).toEqual({ kind: "admitted", correct: false });
  expect(await guard.attempt(who, wrong)).toEqual({ kind: "admitted", correct: false });
});

test("an address waits over all the accounts it tries; another address and this machine do not", async () => {
  const { guard } = guarded();
  for (let i = 0; i < 5; i += 1) await guard.attempt({ username: `name-${i}`, address: "203.0.113.7" }, wrong);
  expect((await guard.attempt({ username: "sato", address: "203.0.113.7" }, right)).kind).toBe("backing-off");
  expect((await guard.attempt({ username: "sato", address: "203.0.113.8" }, right)).kind).toBe("admitted");
  expect((await guard.attempt({ username: "sato", address: null }, right)).kind).toBe("admitted");
});

test("addresses of one /64 are one", async () => {
  const { guard } = guarded();
  for (const tail of ["::1", ":0:1::2", "::3:0:0:4", ":ffff:ffff:ffff:ffff", "::5"])
    await guard.attempt({ username: `name${tail}`, address: `2001:db8:1:2${tail === ":0:1::2" ? ":0:1::2" : tail}` }, wrong);
  expect((await guard.attempt({ username: "sato", address: "2001:db8:1:2:9::9" }, right)).kind).toBe("backing-off");
  expect((await guard.attempt({ username: "sato", address: "2001:db8:1:3::1" }, right)).kind).toBe("admitted");
});

test("failures of long ago are forgotten", async () => {
  const { guard, clock } = guarded();
  for (let i = 0; i < 4; i += 1) await guard.attempt({ username: "sato", address: null }, wrong);
  clock.ms += 3_600_000;
  await guard.attempt({ username: "sato", address: null }, wrong);
  expect((await guard.attempt({ username: "sato", address: null }, right)).kind).toBe("admitted");
});

test("two passwords are checked at a time, 32 wait, the next is told to come back; guesses sent at once are still held up", async () => {
  const { guard, metrics } = guarded();
  const release: (() => void)[] = [];
  let checked = 0;
  let most = 0;
  const slow = () =>
    new Promise<boolean>((resolve) => {
      checked += 1;
      release.push(() => resolve(false));
      most = Math.max(most, release.length);
    });
  const attempts = Array.from({ length: 40 }, () => guard.attempt({ username: "sato", address: null }, slow));
  const outcomes = Promise.all(attempts);
  const started = () => new Promise((resolve) => setImmediate(resolve));
  for (await started(); release.length > 0; await started()) release.shift()?.();
  const kinds = (await outcomes).map((o) => o.kind);
  expect(most).toBe(2);
  expect(kinds.filter((k) => k === "busy")).toHaveLength(6);
  expect(checked).toBeLessThanOrEqual(6); // five free guesses, and one that was on its way
  expect(metrics.get("azemichi_web_logins_total", { outcome: "busy" })).toBe(6);
});
