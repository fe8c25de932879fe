import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { readSimState, type SimState, writeSimState } from "../../../firmware-sim/lpwa/sim-state.ts";

const folder = mkdtempSync(join(tmpdir(), "azemichi-sim-state-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const STATE: SimState = { session: 4_000_000_000, firstStartMs: 1, sentUntilMs: 1_795_413_600_123, fCnts: { "02a2e31c00000101": 7, "02a2e31c00000102": 0 } };

test("what is written is read, readable by its owner alone, with no draft left behind", () => {
  const path = join(folder, "new", "sim-state.json");
  writeSimState(path, STATE);
  writeSimState(path, { ...STATE, sentUntilMs: null });
  expect(readSimState(path)).toEqual({ ...STATE, sentUntilMs: null });
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readdirSync(join(folder, "new"))).toEqual(["sim-state.json"]);
});

test("no file is no state", () => expect(readSimState(join(folder, "absent.json"))).toBeNull());

test("a file cut short at any byte is no state", () => {
  const path = join(folder, "cut.json");
  writeSimState(path, STATE);
  const whole = readFileSync(path);
  for (let bytes = 0; bytes < whole.length - 1; bytes += 1) {
    writeFileSync(path, whole.subarray(0, bytes));
    expect(readSimState(path)).toBeNull();
  }
});

test.each([
  ["a list", []],
  ["no counters", { session: 1, firstStartMs: 1, sentUntilMs: null }],
  ["a negative counter", { ...STATE, fCnts: { "02a2e31c00000101": -1 } }],
  ["a counter beyond 32 bits", { ...STATE, fCnts: { "02a2e31c00000101": 2 ** 32 } }],
  ["a device that is none", { ...STATE, fCnts: { tractor: 1 } }],
  ["a time that is text", { ...STATE, sentUntilMs: "yesterday" }],
  ["more devices than any fleet", { ...STATE, fCnts: Object.fromEntries(Array.from({ length: 1001 }, (_, i) => [i.toString(16).padStart(16, "0"), 1])) }],
])("%s is no state", (_, content) => {
  const path = join(folder, "strange.json");
  writeFileSync(path, JSON.stringify(content));
  expect(readSimState(path)).toBeNull();
});
