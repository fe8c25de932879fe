import { connectAsync, type IClientOptions, type MqttClient } from "mqtt";
import type { Ready } from "./service.ts";

export const ADMIN_PASSWORD = "administrator-of-a-test";
export const NETWORK = { username: "chirpstack", password: "network-password-of-a-test" };

const square = (lon: number, lat: number): unknown => ({
  type: "Polygon",
  coordinates: [
    [
      [lon, lat],
      [lon + 0.001, lat],
      [lon + 0.001, lat + 0.0005],
      [lon, lat + 0.0005],
      [lon, lat],
    ],
  ],
});

/** A real site in small: one plot and holder, one network, and the devices given. */
export function fieldSite(more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    site: { id: "test", name: { ja: "試験町", en: "Test town" }, timeZone: "Asia/Tokyo" },
    parties: [
      { id: "sato-farm", name: "佐藤農場", kind: "person" },
      { id: "ito-farm", name: "伊藤農場", kind: "person" },
    ],
    users: [{ id: "u1", username: "sato", password: "farmer-password-of-a-test", role: "farmer", party: "sato-farm" }],
    plots: [
      { id: "kita-3", name: "北の3番", geometry: square(140.55, 39.42) },
      { id: "minami-1", name: "南の1番", geometry: square(140.56, 39.42) },
    ],
    holdings: [
      { party: "sato-farm", plot: "kita-3" },
      { party: "ito-farm", plot: "minami-1" },
    ],
    networks: [{ id: "lns", mqtt: NETWORK }],
    ...more,
  };
}

/** GET with the administrator's session. */
export async function adminGet(ready: Ready): Promise<<T>(path: string) => Promise<T>> {
  const session = await fetch(new URL("/api/v1/session", ready.url), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ username: "admin", password: ADMIN_PASSWORD }),
  });
  if (!session.ok) throw new Error(`log-in failed: ${session.status} ${await session.text()}`);
  const cookie = session.headers
    .getSetCookie()
    .map((c) => c.split(";")[0])
    .join("; ");
  return async <T>(path: string): Promise<T> => {
    const answer = await fetch(new URL(`/api/v1/${path}`, ready.url), { headers: { cookie } });
    if (!answer.ok) throw new Error(`GET ${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as T;
  };
}

/** A network server's client, QoS 1. */
export function networkClient(ready: Ready, options: Partial<IClientOptions> = {}): Promise<MqttClient> {
  return connectAsync({
    host: "127.0.0.1",
    port: ready.mqtt,
    protocol: "mqtt",
    clientId: `test-${Math.random().toString(36).slice(2)}`,
    ...NETWORK,
    reconnectPeriod: 0,
    ...options,
  });
}

export interface UpFields {
  readonly devEui: string;
  readonly fCnt: number;
  readonly fPort: number | undefined;
  readonly bytesHex: string;
  readonly time: string; // RFC 3339, as a ChirpStack sends it
  readonly devAddr?: string;
  readonly gatewayId?: string;
}

/** Topic and body of a ChirpStack v4 `up` event; proto3 defaults are left out as the server does. */
export function chirpstackUp(up: UpFields): { topic: string; body: string } {
  const event = {
    deduplicationId: crypto.randomUUID(),
    time: up.time,
    deviceInfo: { tenantId: "t", applicationId: "a1", applicationName: "test", deviceProfileName: "p", deviceName: up.devEui, devEui: up.devEui, tags: {} },
    devAddr: up.devAddr ?? "00189440",
    ...(up.fCnt === 0 ? {} : { fCnt: up.fCnt }),
    ...(up.fPort === undefined ? {} : { fPort: up.fPort }),
    ...(up.bytesHex === "" ? {} : { data: Buffer.from(up.bytesHex, "hex").toString("base64") }),
    rxInfo: [{ gatewayId: up.gatewayId ?? "0016c001f153a14c", uplinkId: 1, rssi: -90, snr: 7.5, crcStatus: "CRC_OK" }],
    txInfo: { frequency: 923_200_000, modulation: { lora: { bandwidth: 125_000, spreadingFactor: 9, codeRate: "CR_4_5" } } },
  };
  return { topic: `application/a1/device/${up.devEui.toLowerCase()}/event/up`, body: JSON.stringify(event) };
}
