import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { SeriesJson, SnapshotJson } from "../../core/domain/api.ts";
import { DEFAULT_BAND, paddyMark } from "../../core/domain/paddy-status.ts";
import type { ReadingJson } from "../../core/domain/reading.ts";
import { eventually, killGroup, type Service, startService } from "../support/service.ts";

describe("the demo", () => {
  let service: Service;
  beforeAll(async () => {
    service = await startService();
  });
  afterAll(() => killGroup(service));

  const get = async <T>(path: string): Promise<T> => (await (await fetch(new URL(`/api/v1/${path}`, service.ready.url))).json()) as T; // on loopback, without log-in
  const levels = (snapshot: SnapshotJson): ReadingJson[] => snapshot.readings.filter((r) => r.quantity === "water.level");
  const markOf = (r: ReadingJson, intervalS: number): string =>
    paddyMark({ levelCm: r.value, flag: r.quality.flag, timeMs: Date.parse(r.time), intervalS, nowMs: Date.now(), band: DEFAULT_BAND });

  async function marks(): Promise<Map<string, string>> {
    const snapshot = await get<SnapshotJson>("snapshot");
    const intervals = new Map(snapshot.devices.map((d) => [d.id, d.intervalS]));
    return new Map(levels(snapshot).map((r) => [r.plotId ?? "", markOf(r, intervals.get(r.deviceId) ?? 0)]));
  }

  test("lives soon after ready: ●, ▲ and ✕ on the map, bases send, a tractor has its fix", async () => {
    expect(service.ready.demo).toBe(true);
    await eventually(
      async () => {
        const found = [...(await marks()).values()];
        const { bases, rovers } = await get<SnapshotJson>("snapshot");
        return (
          found.filter((m) => m === "ok").length >= 8 &&
          found.includes("high") &&
          found.includes("unknown") &&
          bases.every((b) => b.health?.state === "sending") &&
          rovers.some((r) => r.state?.fix === "fix")
        );
      },
      { timeoutMs: 30_000, what: "the map to live" },
    );
  });

  test("charts hold the last three days, sent as late uplinks", async () => {
    const { readings } = await get<{ readings: ReadingJson[] }>("readings/latest?plot=kita-1");
    const device = readings.find((r) => r.quantity === "water.level")?.deviceId;
    const { buckets } = await get<SeriesJson>(`series?device=${device}&quantity=water.level&max=100`);
    expect(Date.now() - (buckets[0]?.[0] ?? 0)).toBeGreaterThan(2.8 * 86_400_000);
    expect(buckets.filter(([, n]) => n > 0).length).toBeGreaterThan(50);
  });

  test("a leaking paddy falls from ● to ▼ while one looks", async () => {
    const seen: string[] = [];
    await eventually(
      async () => {
        const mark = (await marks()).get("kita-2");
        if (mark !== undefined && seen.at(-1) !== mark) seen.push(mark);
        return mark === "low" && seen.includes("ok");
      },
      { timeoutMs: 120_000, what: "the leak" },
    );
  }, 130_000);

  test("can never be taken for the field: a folder of its own, DEMO_ mounts, simulated and said so", async () => {
    expect(existsSync(join(service.dataDir, "demo", "catalog.db"))).toBe(true);
    expect(existsSync(join(service.dataDir, "catalog.db"))).toBe(false);
    const { bases } = await get<SnapshotJson>("snapshot");
    expect(bases.length).toBeGreaterThan(0);
    for (const base of bases)
      expect([base.sim, base.mount, base.health?.receiver]).toEqual([true, expect.stringMatching(/^DEMO_/), expect.stringContaining("SIMULATED DO NOT STEER")]);
    expect(await get("config")).toMatchObject({ demo: true });
  });

  test("nothing that the simulators send is lost or refused", async () => {
    const { total } = await get<{ total: Record<string, number> }>("ledger");
    expect(total).toMatchObject({ duplicate: 0, rejected: 0, quarantined: 0 });
  });
});
