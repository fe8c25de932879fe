/** Envelopes in the shape of the network servers' documentation (chirpstack-docs events.md, lorawan-stack-docs data formats), values our own. */

export const RECEIVED_AT_MS = Date.UTC(2026, 5, 1, 0, 0, 2);

export function utf8(value: unknown): Uint8Array {
  return new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value));
}

export const chirpstackTopic = (event: string, devEui = "a84041ffff000001"): string =>
  `application/17c82e96-be03-4f38-aef3-f83d48582d97/device/${devEui}/event/${event}`;

const deviceInfo = {
  tenantId: "52f14cd4-c6f1-4fbd-8f87-4025e1d49242",
  applicationId: "17c82e96-be03-4f38-aef3-f83d48582d97",
  deviceProfileName: "level",
  deviceName: "kita-3-level",
  devEui: "a84041ffff000001",
  tags: { field: "kita-3" },
};

export const chirpstackUp = {
  deduplicationId: "3ac7e3c4-4401-4b8d-9386-a5c902f9202d",
  time: "2026-06-01T00:00:00.775023242+00:00",
  deviceInfo,
  devAddr: "00189440",
  adr: true,
  dr: 2,
  fCnt: 42,
  fPort: 2,
  data: "DQoH6QAAAAE=",
  rxInfo: [
    {
      gatewayId: "0016C001F153A14C",
      uplinkId: 1,
      gwTime: "2026-06-01T00:00:00.501Z",
      nsTime: "2026-06-01T00:00:00.700Z",
      rssi: -36,
      snr: 10.5,
      context: "E3OWOQ==",
    },
    { gatewayId: "0016c001f153a14d", uplinkId: 2, rssi: -101, context: "E3OWOQ==" },
  ],
  txInfo: { frequency: 923200000, modulation: { lora: { bandwidth: 125000, spreadingFactor: 10, codeRate: "CR_4_5" } } },
};

export const chirpstackStatus = {
  deduplicationId: "bf2a9746-1c8b-49be-a92e-f0b89c8534e4",
  time: "2026-06-01T00:00:00.927172638+00:00",
  deviceInfo,
  margin: 10,
  batteryLevel: 88.3,
};

export const chirpstackJoin = {
  deduplicationId: "c9dbe358-2578-4fb7-b295-66b44edc45a6",
  time: "2026-06-01T00:00:00.823500726+00:00",
  deviceInfo,
  devAddr: "0018944A",
};

export const ttsTopic = (event: string): string => `v3/paddies@misato/devices/kita-3-level/${event}`;

const endDeviceIds = {
  device_id: "kita-3-level",
  application_ids: { application_id: "paddies" },
  dev_eui: "A84041FFFF000001",
  join_eui: "800000000000000C",
  dev_addr: "00BCB929",
};

export const ttsUp = {
  end_device_ids: endDeviceIds,
  correlation_ids: ["as:up:01E0WZGT6Y7657CPFPE5WEYDSQ"],
  received_at: "2026-06-01T00:00:01.014773143Z",
  uplink_message: {
    session_key_id: "AXA50tHUGUucuzS/bCGMNw==",
    f_port: 2,
    f_cnt: 7,
    frm_payload: "DQoH6QAAAAE=",
    rx_metadata: [
      {
        gateway_ids: { gateway_id: "gtw1", eui: "9C5C8E00001A05C4" },
        time: "2026-06-01T00:00:00.787Z",
        timestamp: 2463457000,
        rssi: -35,
        channel_rssi: -35,
        snr: 5,
      },
      { gateway_ids: { gateway_id: "Packetbroker" }, rssi: -112.5, snr: -7.25 },
    ],
    settings: { data_rate: { lora: { bandwidth: 125000, spreading_factor: 7 } }, coding_rate: "4/5", frequency: "923200000", timestamp: 2463457000 },
    received_at: "2026-06-01T00:00:00.789585559Z",
    consumed_airtime: "0.056576s",
  },
};

export const ttsJoin = {
  end_device_ids: endDeviceIds,
  received_at: "2026-06-01T00:00:00.935284891Z",
  join_accept: { session_key_id: "AXBSH1Pk6Z0G166RlH16CQ==", received_at: "2026-06-01T00:00:00.736532315Z" },
};
