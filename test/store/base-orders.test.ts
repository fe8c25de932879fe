import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { CatalogStore } from "../../store/catalog.ts";

const open: { close(): void }[] = [];
afterEach(() => {
  for (const one of open.splice(0)) one.close();
});

function fresh(): CatalogStore {
  const store = new CatalogStore(join(mkdtempSync(join(tmpdir(), "azemichi-orders-")), "catalog.db"), { key: Buffer.alloc(32, 7), profiles: [] });
  open.push(store);
  return store;
}
const by = { username: "yakuba", reason: null };

test("without orders nothing is in force", () => {
  expect(fresh().catalog()).toMatchObject({ orders: [], recheckedAtMs: null });
});

test("the newest order of each kind is in force, and all of them stay on record", () => {
  const store = fresh();
  const stop = store.order({ ...by, kind: "stop", baseId: "misato1", atMs: 1000, reason: "工事" });
  expect(stop).toEqual({ id: 1, at: "1970-01-01T00:00:01.000Z", kind: "stop", baseId: "misato1", username: "yakuba", reason: "工事" });
  expect(store.catalog().orders).toEqual([{ baseId: "misato1", confirmedAtMs: null, stoppedAtMs: 1000 }]);
  store.order({ ...by, kind: "confirm", baseId: "misato1", atMs: 2000 });
  store.order({ ...by, kind: "confirm", baseId: "misato2", atMs: 2500 });
  store.order({ ...by, kind: "recheck", baseId: null, atMs: 3000 });
  expect(store.catalog()).toMatchObject({
    orders: [
      { baseId: "misato1", confirmedAtMs: 2000, stoppedAtMs: 1000 }, // a look at the mast does not start what staff stopped
      { baseId: "misato2", confirmedAtMs: 2500, stoppedAtMs: null },
    ],
    recheckedAtMs: 3000,
  });
  store.order({ ...by, kind: "start", baseId: "misato1", atMs: 4000 });
  expect(store.catalog().orders[0]).toEqual({ baseId: "misato1", confirmedAtMs: 2000, stoppedAtMs: null });
  store.order({ ...by, kind: "stop", baseId: "misato1", atMs: 5000 });
  expect(store.catalog().orders[0]).toMatchObject({ stoppedAtMs: 5000 });
  expect(store.orders({ baseId: "misato1", max: 100 }).map((o) => o.kind)).toEqual(["stop", "start", "recheck", "confirm", "stop"]);
  expect(store.orders({ baseId: null, max: 2 }).map((o) => o.id)).toEqual([6, 5]);
});

test("a clock that was set back makes no order older than the one before", () => {
  const store = fresh();
  store.order({ ...by, kind: "confirm", baseId: "misato1", atMs: 9000 });
  store.order({ ...by, kind: "confirm", baseId: "misato1", atMs: 1000 });
  expect(store.catalog().orders[0]?.confirmedAtMs).toBe(9001);
});

test("an import of a site file leaves the orders alone", async () => {
  const store = fresh();
  store.order({ ...by, kind: "stop", baseId: "misato1", atMs: 1000 });
  await store.importSite({ site: { id: "misato" }, bases: [{ id: "misato1", mount: "M1" }] });
  expect(store.catalog().orders).toEqual([{ baseId: "misato1", confirmedAtMs: null, stoppedAtMs: 1000 }]);
});

test("the password inside an address leaves in no export, and survives an import of one", async () => {
  const store = fresh();
  const site = { site: { id: "misato" }, bases: [{ id: "net", mount: "NET", kind: "network", pull: "ntrip://user:geheim@caster.example/VRS" }] };
  await store.importSite(site);
  const shown = store.exportSite();
  expect(JSON.stringify(shown)).not.toContain("geheim");
  expect(shown.bases?.[0]?.pull).toBe("ntrip://user:***@caster.example/VRS");
  expect(await store.importSite(shown)).toMatchObject({ ok: true });
  expect(store.catalog().bases[0]?.pull).toBe("ntrip://user:geheim@caster.example/VRS");
  expect(await store.importSite({ bases: [{ id: "net", mount: "NET", kind: "network", pull: "ntrip://user:***@evil.example/VRS" }] })).toEqual({
    ok: false,
    issues: [{ path: "bases[0].pull", message: expect.stringContaining("write it out") }],
  });
  expect(store.catalog().bases[0]?.pull).toContain("geheim@caster");
});
