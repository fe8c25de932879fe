import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { tokenDigest } from "../../core/runtime/secrets.ts";
import { CatalogStore } from "../../store/catalog.ts";
import { editEntry, makeKey } from "../../store/catalog-edits.ts";
import type { EditableKind } from "../../store/entry-origin.ts";
import { giveZero } from "../../store/zero-log.ts";

const KEY = Buffer.alloc(32, 5);
const MAY_3 = Date.parse("2026-05-03T00:00:00Z");
const NOW = Date.parse("2026-06-01T03:00:00Z");
const at = { by: "yakuba", atMs: NOW };

let folder: string;
let store: CatalogStore;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "azemichi-edits-"));
  store = new CatalogStore(join(folder, "catalog.db"), { key: KEY, profiles: ["dragino-ldds75"] });
});
afterEach(() => {
  store.close();
  rmSync(folder, { recursive: true, force: true });
});

const plot = (id: string) => ({ id, geometry: { type: "Polygon", coordinates: [] } });
const level = (more: object = {}) => ({
  id: "level",
  devEui: "a84041ffff000001",
  profile: "dragino-ldds75",
  placements: [{ plot: "p", from: "2026-05-01", zeroMm: 750 }],
  ...more,
});
const site = (devices: readonly object[], more: object = {}) => ({ site: { id: "town" }, plots: [plot("p"), plot("q")], devices, ...more });
const load = async (document: unknown): Promise<readonly { path: string; message: string }[]> => {
  const result = await store.importSite(document);
  expect(result).toMatchObject({ ok: true });
  return result.ok ? result.warnings : [];
};
const device = (id = "level") => store.catalog().devices.find((d) => d.id === id);
const zero = (zeroMm: number, fromMs = MAY_3, deviceId = "level") => store.exclusive((w) => giveZero(w, { deviceId, fromMs, zeroMm, note: null, ...at }));
const patch = (kind: EditableKind, id: string, change: object) => store.exclusive((w) => editEntry(w, { kind, id, how: "patch", patch: change, ...at }));
const remove = (kind: EditableKind, id: string) => store.exclusive((w) => editEntry(w, { kind, id, how: "remove", ...at }));

describe("the site file is read again at each start: what was changed here since stays", () => {
  test("a zero, while the file says what it said", async () => {
    await load(site([level()]));
    await zero(742);
    expect(await load(site([level()], { parties: [{ id: "new-party" }] }))).toEqual([]);
    expect(device()?.placements.map((p) => p.zeroMm)).toEqual([750, 742]);
  });

  test("a zero and a key, while another key of the same entry is changed in the file", async () => {
    await load(site([level()]));
    await zero(742);
    const key = await store.exclusive((w) => makeKey(w, { kind: "devices", id: "level", opens: "mqtt", ...at }));
    expect(await load(site([level({ name: "北の3番", intervalS: 600 })]))).toEqual([]);
    expect(device()).toMatchObject({ name: "北の3番", intervalS: 600, mqttTokenHash: key.kind === "done" ? tokenDigest(KEY, key.key) : "" });
    expect(device()?.placements).toHaveLength(2);
  });

  test("the file wins where it says something new, and it is said what is lost", async () => {
    await load(site([level()]));
    await zero(742);
    await zero(740, NOW - 1000);
    const placements = [{ plot: "q", from: "2026-05-01", zeroMm: 700 }];
    expect(await load(site([{ id: "other", profile: "senml" }, level({ placements })]))).toEqual([
      { path: "devices[1].placements", message: expect.stringContaining(`drops 2 zero(s) given here, from ${new Date(MAY_3).toISOString()} on`) },
      { path: "devices[1].placements", message: `replaces what was changed here (yakuba ${new Date(NOW).toISOString()})` },
    ]);
    expect(device()?.placements).toEqual([{ plot: "q", fromMs: Date.parse("2026-04-30T15:00:00Z"), toMs: null, zeroMm: 700, depthCm: null }]);
    expect(await load(site([level({ placements })], { parties: [{ id: "once-more" }] }))).toEqual([]); // said once
  });

  test("an export holds the zeros: imported, it drops none", async () => {
    await load(site([level()]));
    await zero(742);
    const warnings = await load(JSON.parse(JSON.stringify(store.exportSite())));
    expect(warnings.filter(({ message }) => message.startsWith("drops"))).toEqual([]);
    expect(device()?.placements.map((p) => p.zeroMm)).toEqual([750, 742]);
  });

  test("shorthand of the file and placements made of it here go together", async () => {
    const short = (levelZeroMm: number) => ({ id: "short", profile: "senml", plot: "p", levelZeroMm });
    await load(site([short(600)]));
    await zero(610, MAY_3, "short");
    await load(site([short(600)], { parties: [{ id: "a" }] }));
    expect(device("short")?.placements.map((p) => [p.fromMs, p.zeroMm])).toEqual([
      [null, 600],
      [MAY_3, 610],
    ]);
    await load(site([short(620)]));
    expect(device("short")?.placements.map((p) => [p.fromMs, p.zeroMm])).toEqual([[null, 620]]);
  });

  test("what was removed here stays removed until the file says something else of it", async () => {
    const gone = { id: "gone", devEui: "a84041ffff000002", profile: "dragino-ldds75" };
    await load(site([gone, level()]));
    await remove("devices", "gone");
    expect(await load(site([gone, level({ name: "x" })]))).toEqual([{ path: "devices[0]", message: expect.stringContaining("stays removed") }]);
    expect(store.catalog().devices.map(({ id }) => id)).toEqual(["level"]);
    // A fault behind it is named where it stands in the file.
    expect(await store.importSite(site([gone, level({ colour: "red" })]))).toMatchObject({ ok: false, issues: [{ path: "devices[1].colour" }] });
    // Its devEui is free meanwhile.
    await patch("devices", "level", { devEui: "a84041ffff000002" });
    expect(await load(site([gone, level({ name: "x" })], { parties: [{ id: "a" }] }))).toMatchObject([{ path: "devices[0]" }]);
    expect(await load(site([{ ...gone, devEui: "a84041ffff000003" }, level({ name: "x" })]))).toEqual([
      { path: "devices[0]", message: expect.stringContaining("it is there again") },
    ]);
    expect(device("gone")).toMatchObject({ devEui: "a84041ffff000003" });
  });

  test("a secret changed here outlives the file's old one, not its new one", async () => {
    const rover = (password: string) => ({ id: "t", username: "t", password });
    await load(site([], { rovers: [rover("password-of-the-file")] }));
    await patch("rovers", "t", { password: "password-given-here" });
    const given = store.catalog().rovers[0]?.password?.hash;
    await load(site([], { rovers: [rover("password-of-the-file")], parties: [{ id: "a" }] }));
    expect(store.catalog().rovers[0]?.password?.hash).toBe(given);
    expect(await load(site([], { rovers: [rover("another-one-of-the-file")] }))).toEqual([
      { path: "rovers[0].password", message: expect.stringContaining("replaces") },
    ]);
    expect(store.catalog().rovers[0]?.password).toMatchObject({ digest: tokenDigest(KEY, "another-one-of-the-file") });
  });

  test("what is made here and comes with a later file takes the file's word, where it has one", async () => {
    await load(site([]));
    await store.exclusive((w) => editEntry(w, { kind: "devices", id: "level", how: "put", entry: { profile: "senml", name: "made here" }, ...at }));
    const warnings = await load(site([level()]));
    expect(warnings.map(({ path }) => path)).toEqual(["devices[0].profile"]);
    expect(device()).toMatchObject({ profile: "dragino-ldds75", name: "made here", devEui: "a84041ffff000001" });
  });
});

describe("edits of the catalog", () => {
  test("one after the other, whoever asks at once", async () => {
    await load(site([level()]));
    await Promise.all([...Array.from({ length: 20 }, (_, i) => zero(700 + i, MAY_3 + i * 60_000)), load(site([level({ name: "n" })]))]);
    expect(device()?.placements.map((p) => p.zeroMm)).toEqual([750, ...Array.from({ length: 20 }, (_, i) => 700 + i)]);
    expect(device()?.name).toBe("n");
  });

  test("placements have a limit, and a zero too many changes nothing", async () => {
    await load(
      site([level({ placements: Array.from({ length: 200 }, (_, i) => ({ plot: "p", from: new Date(MAY_3 + i * 1000).toISOString(), zeroMm: i })) })]),
    );
    expect(await zero(1, NOW)).toMatchObject({ kind: "refused", issues: [{ path: "placements" }] });
    expect(store.read((db) => db.prepare("SELECT count(*) AS n FROM zero_log").get())).toEqual({ n: 0 });
  });

  test("a plot gets its home base, and a base its plots, as at an import", async () => {
    const near = { x: -3_800_000, y: 3_135_000, z: 4_029_000 };
    await load(site([]));
    expect(store.catalog().plots.map((p) => p.base)).toEqual([null, null]);
    const ring = [
      [140.5, 39.42],
      [140.501, 39.42],
      [140.501, 39.421],
      [140.5, 39.42],
    ];
    await store.exclusive((w) =>
      editEntry(w, { kind: "bases", id: "b", how: "put", entry: { mount: "B", stationId: 1, antenna: near, maxBaselineKm: 500 }, ...at }),
    );
    await patch("plots", "p", { geometry: { type: "Polygon", coordinates: [ring] } });
    expect(store.catalog().plots.find(({ id }) => id === "p")?.base).toBe("b");
    expect(await remove("bases", "b")).toMatchObject({ kind: "in-use", by: ["plots/p (base)"] });
  });
});
