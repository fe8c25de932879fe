import { expect, test } from "vitest";
import { ClockCheck, type ClockTraces, hostTraces } from "../../correction-relay/clock-check.ts";

const NOW_MS = Date.UTC(2026, 10, 23);
const traces = (of: { exists?: string[]; modified?: Record<string, number>; ntp?: boolean | null }): ClockTraces => ({
  exists: async (path) => of.exists?.includes(path) ?? false,
  modifiedAtMs: async (path) => of.modified?.[path] ?? null,
  ntpSynchronized: async () => of.ntp ?? null,
});

test.each([
  ["systemd-timesyncd has synchronised", { exists: ["/run/systemd/timesync/synchronized"] }, "trusted"],
  ["chrony wrote its drift an hour ago", { modified: { "/var/lib/chrony/drift": NOW_MS - 3_600_000 } }, "trusted"],
  ["ntpd wrote its drift last week", { modified: { "/var/lib/ntp/ntp.drift": NOW_MS - 7 * 86_400_000 } }, "unknown"],
  ["systemd says yes", { ntp: true }, "trusted"],
  ["systemd says no", { ntp: false }, "off"],
  ["nothing tells", {}, "unknown"],
] as const)("%s", async (_, of, wanted) => {
  const check = new ClockCheck(traces({ ...of } as Parameters<typeof traces>[0]));
  expect(check.state).toBe("unknown");
  await check.look(NOW_MS);
  check.tick(NOW_MS, []);
  expect(check.state).toBe(wanted);
});

test.each([
  ["one base cannot tell a slow uplink from a wrong clock", null, [300], "unknown"],
  ["two bases in a plausible time", null, [300, 4000], "trusted"],
  ["all far behind by the same: it is our clock, or all of them", null, [4000, 4000], "unknown"],
  ["an epoch that came before it was measured", null, [-200, 300], "off"],
  ["the same, against the host's own word", true, [-200], "off"],
  ["a host that says no is believed", false, [300, 300], "off"],
] as const)("%s", async (_, ntp, leastMs, wanted) => {
  const check = new ClockCheck(traces({ ntp }));
  await check.look(NOW_MS);
  check.tick(NOW_MS, leastMs);
  expect(check.state).toBe(wanted);
});

test("a trace that may not be read is none", async () => {
  const check = new ClockCheck({ ...traces({}), exists: () => Promise.reject(new Error("EACCES")) });
  await check.look(NOW_MS);
  expect(check.state).toBe("unknown");
});

test("the host itself can be asked", async () => {
  const check = new ClockCheck(hostTraces);
  await check.look(Date.now());
  check.tick(Date.now(), []);
  expect(["trusted", "unknown", "off"]).toContain(check.state);
});
