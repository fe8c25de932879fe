import { connectAsync } from "mqtt";
import { afterEach, describe, expect, test } from "vitest";
import type { UnknownDevicesJson, UplinkDetailJson, UplinkPageJson } from "../../core/domain/uplink-json.ts";
import { ADMIN_PASSWORD, adminGet, chirpstackUp, fieldSite, networkClient } from "../support/field-site.ts";
import { eventually, freshFolder, killGroup, type Ready, type Service, startService } from "../support/service.ts";

const WAIT_MS = 15_000;
const EUI = "a84041ffff00aaaa";
const HOUR_MS = 3_600_000;

let service: Service | undefined;
afterEach(() => {
  if (service) killGroup(service);
});

/** A change by the administrator. */
async function adminAsks(ready: Ready): Promise<<T>(method: string, path: string, body?: unknown) => Promise<T>> {
  const session = await fetch(new URL("/api/v1/session", ready.url), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ username: "admin", password: ADMIN_PASSWORD }),
  });
  const cookie = session.headers.getSetCookie()[0]?.split(";")[0] ?? "";
  return async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const answer = await fetch(new URL(`/api/v1/${path}`, ready.url), {
      method,
      headers: { cookie, ...(body === undefined ? {} : { "content-type": "application/json" }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return (text === "" ? null : JSON.parse(text)) as T;
  };
}

describe("a sensor's way into the field data", () => {
  test("from a stranger to readings; its key opens and ends; its zero outlives a restart with a changed site file", { timeout: 90_000 }, async () => {
    const dataDir = freshFolder("devices");
    const options = { dataDir, env: { AZEMICHI_ADMIN_PASSWORD: ADMIN_PASSWORD } };
    service = await startService({ ...options, site: fieldSite() });
    let get = await adminGet(service.ready);
    const ask = await adminAsks(service.ready);

    const heardMs = Date.now() - 2 * HOUR_MS;
    const lns = await networkClient(service.ready);
    for (const [i, distanceMm] of [700, 702].entries()) {
      const bytesHex = `0ccf${distanceMm.toString(16).padStart(4, "0")}00000000`;
      const { topic, body } = chirpstackUp({ devEui: EUI, fCnt: i, fPort: 2, bytesHex, time: new Date(heardMs + i * HOUR_MS).toISOString() });
      await lns.publishAsync(topic, body, { qos: 1 });
    }
    const [stranger] = await eventually(
      async () => {
        const { devices } = await get<UnknownDevicesJson>("devices/unknown");
        return devices[0]?.count === 2 && devices;
      },
      { timeoutMs: WAIT_MS, what: "the stranger" },
    );
    expect(stranger).toMatchObject({ key: EUI, source: "lns", frame: { fCnt: 1, fPort: 2, bytesHex: "0ccf02be00000000" } });

    await ask("PUT", "devices/kita-level", {
      devEui: EUI,
      profile: "dragino-ldds75",
      intervalS: 3600,
      placements: [{ plot: "kita-3", from: "2026-05-01", zeroMm: 750 }],
    });
    const stored = await eventually(
      async () => {
        const { uplinks } = await get<UplinkPageJson>("uplinks?device=kita-level&outcome=stored");
        return uplinks.length === 2 && uplinks;
      },
      { timeoutMs: WAIT_MS, what: "its uplinks to be processed again" },
    );
    expect(await get<UnknownDevicesJson>("devices/unknown")).toMatchObject({ devices: [], total: 0 });
    const levelOf = async (seq: number | undefined) =>
      (await get<UplinkDetailJson>(`uplinks/${seq}`)).readings.find((r) => r.quantity === "water.level")?.value;
    expect(await levelOf(stored[0]?.seq)).toBe(4.8);

    const { zeroMm } = await ask<{ zeroMm: number }>("POST", "devices/kita-level/zero", { at: new Date(heardMs + HOUR_MS / 2).toISOString(), levelCm: 4 });
    expect([740, 742]).toContain(zeroMm); // both readings are half an hour away
    await eventually(async () => (await levelOf(stored[0]?.seq)) === (zeroMm - 702) / 10, { timeoutMs: WAIT_MS, what: "the level by the new zero" });
    expect(await levelOf(stored[1]?.seq)).toBe(5); // before it

    const { username, key } = await ask<{ username: string; key: string }>("POST", "devices/kita-level/key");
    const { mqtt } = service.ready;
    const device = await eventually(
      () => connectAsync({ host: "127.0.0.1", port: mqtt, clientId: username, username, password: key, reconnectPeriod: 0 }).catch(() => undefined),
      { timeoutMs: WAIT_MS, what: "the new key to open" },
    );
    const cut = new Promise<void>((resolve) => device.once("close", () => resolve()));
    await ask("DELETE", "devices/kita-level/key");
    await cut;
    await lns.endAsync();
    await service.stop();

    service = await startService({ ...options, site: fieldSite({ gateways: [{ id: "gw", eui: "0016c001f153a14c" }] }) });
    get = await adminGet(service.ready);
    expect(await get("gateways")).toMatchObject([{ id: "gw" }]);
    expect(await get("devices/kita-level/zeros")).toMatchObject({ zeros: [{ zeroMm: 750 }, { zeroMm }], log: [{ by: "admin", formerMm: 750 }] });
    expect(service.output()).not.toContain(key);
  });
});
