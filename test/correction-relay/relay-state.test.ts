import { createHash } from "node:crypto";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createLog } from "../../core/runtime/log.ts";
import { Metrics } from "../../core/runtime/metrics.ts";
import { type GuardMemory, NO_MEMORY } from "../../correction-relay/guard-memory.ts";
import { RelayState } from "../../correction-relay/relay-state.ts";

const STOP = { atMs: 1000, reason: { code: "arp-jumped", ja: "位置", en: "position" } };
const STOPPED: GuardMemory = {
  ...NO_MEMORY,
  stop: STOP,
  learned: { xM: -3_809_853.5411, yM: 3_135_020.9352, zM: 4_028_484.1529 },
  descriptors: { "1033": { antenna: "A", antennaSerial: "", receiver: "R", firmware: "1", receiverSerial: "" } },
};
const LAST = { lastEpochAtMs: 5, arp: null, receiver: "R", systems: ["GPS"] };
const SERVED = { baseId: "misato1", atMs: 7, plotId: null, datums: { plot1: "JGD2011/2011" } };

let folder = "";
let lines: string[] = [];
let metrics = new Metrics();
const opened = () =>
  RelayState.open({
    folder: join(folder, "state"),
    log: createLog({ level: "error", write: (line) => void lines.push(line) }),
    metrics,
  });
const path = (name = "relay-state.json") => join(folder, "state", name);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "azemichi-state-"));
  lines = [];
  metrics = new Metrics();
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function filled(): Promise<void> {
  const state = await opened();
  state.setGuard("misato1", STOPPED, "now");
  state.setBase("misato1", LAST);
  state.setRover("tractor1", SERVED);
  await state.close();
}

describe("relay state", () => {
  test("all of it is there again, in a file that only its owner reads", async () => {
    await filled();
    expect(statSync(path()).mode & 0o777).toBe(0o600);
    const again = await opened();
    expect([again.guard("misato1"), again.base("misato1"), again.rover("tractor1")]).toEqual([STOPPED, LAST, SERVED]);
    expect([again.damaged, again.guard("other"), lines]).toEqual([false, null, []]);
    await again.close();
    expect(metrics.get("azemichi_relay_state_writes_total")).toBe(2); // the stop at once, the rest after it; nothing when nothing changed
  });

  test("what can wait is written by the tick, at most once a second", async () => {
    const state = await opened();
    state.setRover("tractor1", SERVED);
    expect(readdirSync(join(folder, "state"))).toEqual([]);
    state.tick(10_000);
    state.setRover("tractor2", SERVED);
    state.tick(10_500);
    await state.close();
    expect((await opened()).rover("tractor2")).toEqual(SERVED);
    expect(metrics.get("azemichi_relay_state_writes_total")).toBe(2);
  });

  test("many stops at once end in a file with all of them", async () => {
    const state = await opened();
    for (let i = 0; i < 50; i += 1) state.setGuard(`base${i}`, { ...STOPPED, recheckPassedMs: i }, "now");
    await state.close();
    const again = await opened();
    for (let i = 0; i < 50; i += 1) expect(again.guard(`base${i}`)).toMatchObject({ recheckPassedMs: i });
    expect(metrics.get("azemichi_relay_state_writes_total")).toBeLessThan(5);
  });

  test("a damaged file is kept aside, what was written before it is used, and all counts as lost", async () => {
    await filled();
    const state = await opened();
    state.setGuard("misato2", NO_MEMORY, "now");
    await state.close();
    writeFileSync(path(), readFileSync(path()).subarray(0, 60));
    const again = await opened();
    expect([again.damaged, again.guard("misato1"), again.guard("misato2")]).toEqual([true, STOPPED, null]);
    expect(readFileSync(path("relay-state.json.damaged"))).toEqual(readFileSync(path()));
    expect(lines[0]).toContain("damaged");
    rmSync(path());
    const gone = await opened();
    expect([gone.damaged, gone.guard("misato1")]).toEqual([true, STOPPED]);
    writeFileSync(path("relay-state.json.previous"), "{}");
    const nothing = await opened();
    expect([nothing.damaged, nothing.guard("misato1")]).toEqual([true, null]);
  });

  test("one entry that cannot be read takes no other with it", async () => {
    await filled();
    const state = await opened();
    state.setGuard("misato2", NO_MEMORY, "now");
    await state.close();
    const body = JSON.stringify(JSON.parse(readFileSync(path(), "utf8").replace('"atMs":1000', '"atMs":"soon"')).state);
    writeFileSync(path(), `{"version":1,"sha256":"${createHash("sha256").update(body).digest("hex")}","state":${body}}\n`);
    const again = await opened();
    expect([again.damaged, again.guard("misato1"), again.guard("misato2")]).toEqual([true, null, NO_MEMORY]);
  });

  test("any damage is noticed", async () => {
    await filled();
    const whole = readFileSync(path());
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 3), fc.integer({ min: 1, max: 255 }), fc.boolean(), async (at, flip, cut) => {
        const bytes = Buffer.from(cut ? whole.subarray(0, at) : whole);
        if (!cut) bytes[at] = (bytes[at] as number) ^ flip;
        writeFileSync(path(), bytes);
        expect((await opened()).damaged).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  test("what is oldest goes at the limit, but no stop", async () => {
    const state = await opened();
    state.setGuard("stopped", STOPPED, "soon");
    for (let i = 0; i < 2001; i += 1) state.setGuard(`base${i}`, { ...NO_MEMORY, recheckPassedMs: i }, "soon");
    expect([state.guard("stopped"), state.guard("base0"), state.guard("base1")]).toEqual([STOPPED, null, null]);
    expect(state.guard("base2")).toMatchObject({ recheckPassedMs: 2 });
    expect(metrics.get("azemichi_relay_state_forgotten_total", { part: "guard" })).toBe(2);
  });

  test.skipIf(process.getuid?.() === 0)("a disk that takes nothing is told once and tried again", async () => {
    const state = await opened();
    chmodSync(join(folder, "state"), 0o500);
    state.setGuard("misato1", STOPPED, "now");
    await state.close();
    chmodSync(join(folder, "state"), 0o700);
    expect(lines).toHaveLength(1);
    state.tick(1_000_000);
    await state.close();
    expect((await opened()).guard("misato1")).toEqual(STOPPED);
  });

  test("a folder that is gone is told once and tried again", async () => {
    const state = await opened();
    rmSync(join(folder, "state"), { recursive: true });
    state.setGuard("misato1", STOPPED, "now");
    await state.close();
    await state.close();
    expect(lines).toHaveLength(1);
    expect(metrics.get("azemichi_relay_state_write_failures_total")).toBe(3);
    await opened();
    state.tick(1_000_000);
    await state.close();
    expect((await opened()).guard("misato1")).toEqual(STOPPED);
  });
});
