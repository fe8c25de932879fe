import { expect, test } from "vitest";
import type { Finding } from "../../core/domain/live.ts";
import { FindingEvents } from "../../correction-relay/finding-events.ts";

const T0 = Date.UTC(2026, 10, 23);
const found = (code: string, severity: Finding["severity"], en = code): Finding => ({ code, ja: en, en, severity, value: 1, threshold: 2 });

test("told when it begins, when it gets worse, and once when it is over for a minute", () => {
  const events = new FindingEvents("misato1");
  const told: string[] = [];
  const at = (s: number, findings: Finding[]) => told.push(...events.update(findings, T0 + s * 1000).map((e) => `${s} ${e.severity} ${e.code}`));
  at(0, [found("slips", "warning", "120"), found("no-qzss", "hint")]);
  at(1, [found("slips", "warning", "121")]);
  at(2, []);
  at(3, [found("slips", "fault")]);
  at(4, [found("slips", "warning")]);
  at(63, []);
  at(64, []);
  at(65, []);
  at(66, [found("slips", "warning")]);
  expect(told).toEqual(["0 warning slips", "3 alarm slips", "64 info slips-over", "66 warning slips"]);
});

test("two systems are two events", () => {
  const events = new FindingEvents("misato1");
  expect(events.update([found("system-lost", "fault", "All GPS gone"), found("system-lost", "fault", "All QZSS gone")], T0)).toEqual([
    { code: "system-lost", ja: "All GPS gone", en: "All GPS gone", at: "2026-11-23T00:00:00.000Z", baseId: "misato1", roverId: null, severity: "alarm" },
    expect.objectContaining({ en: "All QZSS gone" }),
  ]);
});
