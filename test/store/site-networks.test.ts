import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { tokenDigest } from "../../core/runtime/secrets.ts";
import { CatalogStore } from "../../store/catalog.ts";
import { checkSite } from "../../store/site-check.ts";

const KEY = Buffer.alloc(32, 7);
const URL_OF_TTN = "mqtts://app1@ttn:NNSXS.SECRET@eu1.cloud.thethings.network:8883?topic=v3/+/devices/+/up";
const site = (...networks: readonly object[]): unknown => ({ site: { id: "misato" }, networks });

describe("networks of a site file", () => {
  test.each([
    [{ kind: "lorawan" }, "kind", "one of chirpstack, tts, helium, sigfox, soracom, or null"],
    [{ url: "broker.example:1883" }, "url", "must begin with mqtts://"],
    [{ url: "http://broker.example" }, "url", "must begin with mqtts://"],
    [{ url: "mqtts://user:pa/ss@host" }, "url", "written %40"],
    [{ url: "mqtt://host?topic=a/#/b" }, "url", "no MQTT topic filter"],
    [{ hookToken: "" }, "hookToken", ""],
  ])("%j is refused at its place", (part, key, says) => {
    const check = checkSite(site({ id: "n", ...part }), []);
    expect(check.ok ? [] : check.issues).toEqual([{ path: `networks[0].${key}`, message: expect.stringContaining(says) }]);
  });

  test.each([
    [
      { url: "mqtt://user:password-of-a-test@10.0.0.5" },
      ["networks[0].url is without TLS: password and uplinks can be read on the way; use mqtts:// or wss://"],
    ],
    [{ url: "ws://lns.example/mqtt" }, ["networks[0].url is without TLS: password and uplinks can be read on the way; use mqtts:// or wss://"]],
    [{ url: "mqtt://localhost" }, []],
    [{ url: "mqtts://lns.example", kind: "chirpstack" }, []],
    [{ hookToken: "short" }, ["networks[0].hookToken is shorter than 12 characters and easily guessed"]],
    [{ hookToken: "long-enough-a-token", kind: "sigfox" }, []],
    [{ url: null, kind: null, hookToken: null }, []],
  ])("%j warns of %j, and of nothing that is not built", (part, warnings) => {
    const check = checkSite(site({ id: "n", ...part }), []);
    expect(check.ok && check.warnings.map((w) => `${w.path} ${w.message}`)).toEqual(warnings);
  });
});

describe("secrets of networks", () => {
  let folder: string;
  let store: CatalogStore;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "azemichi-networks-"));
    store = new CatalogStore(join(folder, "catalog.db"), { key: KEY, profiles: [] });
  });
  afterEach(() => {
    store.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test("an export shows neither token nor password, and goes in again without losing them", async () => {
    expect(await store.importSite(site({ id: "ttn", kind: "tts", url: URL_OF_TTN, hookToken: "hook-token-of-ttn" }))).toMatchObject({ ok: true });
    const exported = store.exportSite();
    expect(JSON.stringify(exported)).not.toMatch(/SECRET|hook-token-of-ttn/);
    expect(exported.networks?.[0]?.url).toBe("mqtts://app1@ttn:***@eu1.cloud.thethings.network:8883?topic=v3/+/devices/+/up");
    expect(await store.importSite(exported)).toMatchObject({ ok: true });
    expect(store.catalog().networks).toEqual([
      { id: "ttn", kind: "tts", url: URL_OF_TTN, mqttUsername: null, mqttTokenHash: null, hookTokenHash: tokenDigest(KEY, "hook-token-of-ttn") },
    ]);
  });

  test.each([
    ["another host", "mqtts://app1@ttn:***@evil.example:8883"],
    ["another user", "mqtts://app2@ttn:***@eu1.cloud.thethings.network:8883"],
    ["no TLS", "mqtt://app1@ttn:***@eu1.cloud.thethings.network:1883"],
  ])("a kept password does not go with %s", async (_what, url) => {
    await store.importSite(site({ id: "ttn", url: URL_OF_TTN }));
    expect(await store.importSite(site({ id: "ttn", url }))).toMatchObject({
      ok: false,
      issues: [{ path: "networks[0].url", message: expect.stringContaining("write it out") }],
    });
    expect(store.catalog().networks[0]?.url).toBe(URL_OF_TTN);
  });

  test("other topics for the same user and host keep it", async () => {
    await store.importSite(site({ id: "ttn", url: URL_OF_TTN }));
    expect(await store.importSite(site({ id: "ttn", url: "mqtts://app1@ttn:***@eu1.cloud.thethings.network:8883" }))).toMatchObject({ ok: true });
    expect(store.catalog().networks[0]?.url).toBe("mqtts://app1@ttn:NNSXS.SECRET@eu1.cloud.thethings.network:8883");
  });
});
