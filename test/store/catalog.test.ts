import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { createLog } from "../../core/runtime/log.ts";
import { newToken, tokenDigest, verifyPassword } from "../../core/runtime/secrets.ts";
import { CatalogStore } from "../../store/catalog.ts";
import { watchCatalog } from "../../store/catalog-watch.ts";
import { checkSite } from "../../store/site-check.ts";

const KEY = Buffer.alloc(32, 7);
const PROFILES = ["dragino-ldds75"];
const open: { close(): void }[] = [];
afterEach(() => {
  for (const one of open.splice(0)) one.close();
});

const SITE = {
  site: { id: "misato", name: { ja: "美郷町", en: "Misato" }, timeZone: "Asia/Tokyo" },
  parties: [{ id: "sato-farm", name: "佐藤農場", kind: "person" }],
  users: [{ id: "u1", username: "sato", password: "correct horse", role: "farmer", party: "sato-farm", plots: ["kita-3"] }],
  plots: [{ id: "kita-3", name: "北の3番", geometry: { type: "Polygon", coordinates: [] } }],
  devices: [
    {
      id: "level",
      devEui: "A84041FFFF000001",
      profile: "dragino-ldds75",
      placements: [{ plot: "kita-3", from: "2026-05-01T00:00:00+09:00", to: "2026-10-01", zeroMm: 750 }],
    },
    { id: "direct", profile: "senml", plot: "kita-3", mqtt: { username: "direct", password: "device-token-1" } },
  ],
  networks: [{ id: "lns", kind: "chirpstack", mqtt: { username: "chirpstack", password: "network-token" }, hookToken: "hook-token-123" }],
  bases: [{ id: "misato1", mount: "MISATO1", sourcePassword: "base-password", antenna: { x: 0, y: 0, z: 0 } }],
  rovers: [{ id: "tractor-1", username: "tractor1", password: "tractor-password" }],
};
const SECRETS = ["correct horse", "device-token-1", "network-token", "hook-token-123", "base-password", "tractor-password"];

function fresh(): { store: CatalogStore; path: string } {
  const path = join(mkdtempSync(join(tmpdir(), "azemichi-catalog-")), "catalog.db");
  const store = new CatalogStore(path, { key: KEY, profiles: PROFILES });
  open.push(store);
  return { store, path };
}

describe("catalog", () => {
  test("a site file becomes nouns: shorthands resolved, times in the site's zone, defaults filled", async () => {
    const { store } = fresh();
    expect(await store.importSite(SITE)).toMatchObject({ ok: true });
    const catalog = store.catalog();
    expect(catalog.holdings).toEqual([{ party: "user:u1", plot: "kita-3", from: null, to: null }]);
    expect(catalog.devices[0]).toMatchObject({
      devEui: "a84041ffff000001",
      intervalS: 1800,
      placements: [{ plot: "kita-3", fromMs: Date.parse("2026-04-30T15:00:00Z"), toMs: Date.parse("2026-09-30T15:00:00Z"), zeroMm: 750 }],
    });
    expect(catalog.devices[1]?.placements).toEqual([{ plot: "kita-3", fromMs: null, toMs: null, zeroMm: null, depthCm: null }]);
    expect(catalog.bases[0]).toMatchObject({ antenna: null, kind: "physical", stationId: null });
    expect(catalog.rovers[0]).toMatchObject({ mounts: ["*"], maxSessions: 2 });
  });

  test("secrets are kept as hashes: neither the file nor an export holds one", async () => {
    const { store, path } = fresh();
    await store.importSite(SITE);
    const { users, devices, networks, rovers } = store.catalog();
    expect(await verifyPassword("correct horse", users[0]?.passwordHash ?? "")).toBe(true);
    expect(await verifyPassword("correct horsf", users[0]?.passwordHash ?? "")).toBe(false);
    expect(devices[1]?.mqttTokenHash).toBe(tokenDigest(KEY, "device-token-1"));
    expect(networks[0]).toMatchObject({ mqttTokenHash: tokenDigest(KEY, "network-token"), hookTokenHash: tokenDigest(KEY, "hook-token-123") });
    expect(rovers[0]?.password?.digest).toBe(tokenDigest(KEY, "tractor-password"));
    const written = readFileSync(path, "latin1") + readFileSync(`${path}-wal`, "latin1") + JSON.stringify(store.exportSite());
    for (const secret of SECRETS) expect(written).not.toContain(secret);
    expect(JSON.stringify(store.exportSite())).not.toContain(rovers[0]?.password?.digest);
  });

  test("an import is an upsert: same content changes nothing, an export can be imported, other entries stay", async () => {
    const { store } = fresh();
    await store.importSite(SITE);
    const before = store.catalog();
    await store.importSite(SITE);
    await store.importSite(store.exportSite());
    expect(store.catalog()).toEqual(before);
    expect(
      await store.importSite({ plots: [{ ...SITE.plots[0], id: "kita-4" }], rovers: [{ id: "tractor-1", username: "tractor1", password: "a new password" }] }),
    ).toMatchObject({ ok: true });
    const after = store.catalog();
    expect(after.plots.map((p) => p.id)).toEqual(["kita-3", "kita-4"]);
    expect(after.rovers[0]?.password?.hash).not.toBe(before.rovers[0]?.password?.hash);
    expect(after.bases).toEqual(before.bases);
  });

  test("a bad document is refused whole", async () => {
    const { store } = fresh();
    await store.importSite(SITE);
    const before = store.catalog();
    expect(await store.importSite({ plots: [{ ...SITE.plots[0], id: "kita-9" }, { id: "x" }] })).toEqual({
      ok: false,
      issues: [expect.objectContaining({ path: "plots[1].geometry" })],
    });
    expect(store.catalog()).toEqual(before);
  });

  test("readers learn of a change, and keep the last good copy", async () => {
    const { store, path } = fresh();
    await store.importSite(SITE);
    const watch = watchCatalog(path, { log: createLog({ level: "error", write: () => {} }) });
    open.push(watch);
    expect(watch.current().rovers).toHaveLength(1);
    const changed = new Promise<number>((resolve) => watch.onChange((c) => resolve(c.rovers.length)));
    await store.importSite({ rovers: [{ id: "tractor-2", username: "tractor2" }] });
    expect(await changed).toBe(2);
  });
});

describe("site file check", () => {
  test.each([
    { name: "unknown key", change: { plots: [{ ...SITE.plots[0], colour: "red" }] }, path: "plots[0].colour" },
    { name: "unknown kind", change: { tractors: [] }, path: "tractors" },
    { name: "missing site", change: { site: undefined }, path: "site" },
    { name: "missing profile", change: { devices: [{ id: "a" }] }, path: "devices[0].profile" },
    { name: "unknown profile", change: { devices: [{ id: "a", devEui: "a84041ffff000009", profile: "dragino-nothing" }] }, path: "devices[0].profile" },
    { name: "bad devEui", change: { devices: [{ id: "a", profile: "dragino-ldds75", devEui: "xyz" }] }, path: "devices[0].devEui" },
    {
      name: "same devEui twice",
      change: { devices: ["a", "b"].map((id) => ({ id, profile: "dragino-ldds75", devEui: "a84041ffff000001" })) },
      path: "devices[1].devEui",
    },
    {
      name: "mqtt user that is not the id",
      change: { devices: [{ id: "a", profile: "senml", mqtt: { username: "b", password: "x" } }] },
      path: "devices[0].mqtt.username",
    },
    { name: "reserved mount", change: { bases: [{ id: "a", mount: "NEAR" }] }, path: "bases[0].mount" },
    {
      name: "placement on no plot",
      change: { devices: [{ id: "a", profile: "dragino-ldds75", placements: [{ plot: "nowhere" }] }] },
      path: "devices[0].placements[0].plot",
    },
    { name: "holder that is nobody", change: { holdings: [{ party: "nobody", plot: "kita-3" }] }, path: "holdings[0].party" },
    { name: "bad time zone", change: { site: { id: "x", timeZone: "Akita" } }, path: "site.timeZone" },
    { name: "role user name", change: { rovers: [{ id: "a", username: "$role/web" }] }, path: "rovers[0].username" },
  ])("$name: the path is named", ({ change, path }) => {
    const result = checkSite({ ...SITE, ...change }, PROFILES);
    expect(result).toMatchObject({ ok: false, issues: expect.arrayContaining([expect.objectContaining({ path })]) });
  });

  test("a device that speaks for itself names its profile freely, and a vendor codec has a name of its own", () => {
    const devices = [
      { id: "a", profile: "my-esp32", mqtt: { username: "a", password: "x".repeat(43) } },
      { id: "b", devEui: "a84041ffff000009", profile: "codec:mine" },
    ];
    expect(checkSite({ ...SITE, networks: [], users: [], rovers: [], bases: [], devices }, PROFILES)).toMatchObject({ ok: true, warnings: [] });
  });

  test("a vendor codec that is not live is a warning where it is known which ones are", () => {
    const devices = ["mine", "other"].map((codec, i) => ({ id: codec, devEui: `a84041ffff00000${i}`, profile: `codec:${codec}` }));
    const result = checkSite({ site: { id: "x" }, devices }, PROFILES, new Set(["mine"]));
    expect(result).toMatchObject({ ok: true, warnings: [{ path: "devices[1].profile", message: expect.stringContaining("not live") }] });
  });

  test("a device's password that a person chose is accepted with a warning; one that a machine made is not warned of", () => {
    const account = (password: string) => ({ ...SITE, devices: [{ id: "a", profile: "senml", mqtt: { username: "a", password } }] });
    const said = (password: string): readonly string[] => {
      const result = checkSite(account(password), PROFILES);
      return result.ok ? result.warnings.filter(({ path }) => path === "devices[0].mqtt.password").map(({ message }) => message) : ["refused"];
    };
    expect(said("rice-paddy-in-the-north")).toEqual(["is chosen by a person; let the server make a key: POST devices/a/key"]);
    expect(said(newToken())).toEqual([]);
    expect(said("0123456789abcdef".repeat(4))).toEqual([]);
  });

  test("short secrets are warnings", () => {
    const result = checkSite({ ...SITE, rovers: [{ id: "a", username: "a", password: "short" }] }, PROFILES);
    expect(result).toMatchObject({ ok: true, warnings: expect.arrayContaining([expect.objectContaining({ path: "rovers[0].password" })]) });
  });
});
