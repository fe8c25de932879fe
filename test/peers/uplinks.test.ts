import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Ledger } from "../../core/domain/ledger.ts";
import type { ReadingJson } from "../../core/domain/reading.ts";
import { ADMIN_PASSWORD, adminGet, chirpstackUp, fieldSite, NETWORK } from "../support/field-site.ts";
import { describeNeeding, programPath, sharedPath } from "../support/requirements.ts";
import { eventually, killGroup, type Service, startService } from "../support/service.ts";

const run = promisify(execFile);

describeNeeding(["shared", "mosquitto_pub"], "uplinks from mosquitto_pub", () => {
  let service: Service;
  let get: <T>(path: string) => Promise<T>;
  const devices = [
    { id: "pr26", devEui: "0101010101010101", profile: "decentlab-dl-pr26" },
    { id: "ldds75", devEui: "a840410000000001", profile: "dragino-ldds75", placements: [{ plot: "kita-3", zeroMm: 2050 }] },
    { id: "lht65n", devEui: "a840410000000002", profile: "dragino-lht65n" },
    { id: "lse01", devEui: "a840410000000003", profile: "dragino-lse01" },
    { id: "mbx", devEui: "70b3d50000000004", profile: "decentlab-dl-mbx" },
    { id: "trs12", devEui: "70b3d50000000005", profile: "decentlab-dl-trs12" },
    { id: "swl", devEui: "24e1240000000006", profile: "milesight-em500-swl", placements: [{ plot: "kita-3", zeroMm: 0 }] },
    { id: "tts-device", devEui: "0004A30B001C0530", profile: "dragino-ldds75" },
  ];

  async function publish(topic: string, message: string | { file: string }): Promise<void> {
    const body = typeof message === "string" ? ["-m", message] : ["-f", message.file];
    await run(
      programPath("mosquitto_pub") as string,
      ["-h", "127.0.0.1", "-p", String(service.ready.mqtt), "-u", NETWORK.username, "-P", NETWORK.password, "-q", "1", "-t", topic, ...body],
      { timeout: 10_000 },
    );
  }
  const ledger = (): Promise<Ledger> => get<Ledger>("ledger");
  const settled = (received: number): Promise<Ledger> =>
    eventually(
      async () => {
        const now = await ledger();
        return now.total.received >= received && now.total.pending === 0 ? now : undefined;
      },
      { timeoutMs: 10_000, what: `${received} uplinks to be processed` },
    );
  const latest = async (device: string): Promise<ReadingJson[]> => (await get<{ readings: ReadingJson[] }>(`readings/latest?device=${device}`)).readings;

  beforeAll(async () => {
    service = await startService({ site: fieldSite({ devices }), env: { AZEMICHI_ADMIN_PASSWORD: ADMIN_PASSWORD } });
    get = await adminGet(service.ready);
  });
  afterAll(() => killGroup(service));

  let sent = 0;
  test("the derived DL-PR26 message becomes readings at its event time", async () => {
    await publish("application/17c82e96-be03-4f38-aef3-f83d48582d97/device/0101010101010101/event/up", {
      file: sharedPath("lpwa/uplinks/derived-chirpstack-v4-up-two-gateways-with-object.json"),
    });
    await settled(++sent);
    const readings = await latest("pr26");
    const of = (quantity: string): Partial<ReadingJson> | undefined => readings.find((r) => r.quantity === quantity);
    expect(of("water.temperature")).toMatchObject({ value: 25.671875, unit: "Cel", time: "2022-07-18T09:34:15.775Z", timeSource: "network" });
    expect(of("device.batteryVoltage")).toMatchObject({ value: 3.199, unit: "V", time: "2022-07-18T09:34:15.775Z" });
    expect(of("water.temperature")?.codec).toMatchObject({ id: "decentlab-dl-pr26", sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
  });

  test.each([
    {
      device: "ldds75",
      fPort: 2,
      bytesHex: "0D0A07E900000001",
      expected: { "water.distance": [2025, "mm"], "water.level": [2.5, "cm"], "device.batteryVoltage": [3.338, "V"] },
    },
    {
      device: "lht65n",
      fPort: 2,
      bytesHex: "CBC6008200F2017FFF7FFF",
      expected: { "air.temperature": [1.3, "Cel"], "air.humidity": [24.2, "%"], "device.batteryVoltage": [3.014, "V"] },
    },
    {
      device: "lse01",
      fPort: 2,
      bytesHex: "CE2900F107A5099B6E2890",
      expected: { "soil.moisture": [19.57, "%"], "soil.temperature": [24.59, "Cel"], "soil.ec": [28.2, "dS/m"] },
    },
    { device: "mbx", fPort: 1, bytesHex: "02012F000304D200010BB1", expected: { "water.distance": [1234, "mm"], "device.batteryVoltage": [2.993, "V"] } },
    {
      device: "trs12",
      fPort: 1,
      bytesHex: "0210D3000346BE813D00000C80",
      expected: { "soil.moisture": [0.68869, "%"], "soil.temperature": [31.7, "Cel"], "soil.ec": [0, "dS/m"] },
    },
    { device: "swl", fPort: 85, bytesHex: "01755C03770200", expected: { "water.level": [2, "cm"], "device.batteryPercent": [92, "%"] } },
  ])("a vector of $device becomes readings with unit and event time", async ({ device, fPort, bytesHex, expected }) => {
    const { devEui } = devices.find((d) => d.id === device) as { devEui: string };
    const { topic, body } = chirpstackUp({ devEui, fCnt: 0, fPort, bytesHex, time: "2026-06-01T06:00:00.123456789+09:00" });
    await publish(topic, body);
    await settled(++sent);
    const readings = await latest(device);
    for (const [quantity, [value, unit]] of Object.entries(expected)) {
      const reading = readings.find((r) => r.quantity === quantity);
      expect(reading, quantity).toMatchObject({ unit, time: "2026-05-31T21:00:00.123Z" });
      expect(reading?.value, quantity).toBeCloseTo(value as number, 9);
    }
  });

  test("a duplicate changes nothing, whatever its deduplicationId or gateway", async () => {
    const before = await latest("ldds75");
    const duplicates = (await ledger()).total.duplicate;
    const { topic, body } = chirpstackUp({
      devEui: "A840410000000001",
      fCnt: 0,
      fPort: 2,
      bytesHex: "0D0A07E900000001",
      time: "2026-06-01T06:00:01+09:00",
      gatewayId: "0016c001f153a14d",
    });
    await publish(topic, body);
    expect((await settled(++sent)).total.duplicate).toBe(duplicates + 1);
    expect(await latest("ldds75")).toEqual(before);
  });

  test.each([
    { name: "invalid JSON", body: "{", outcome: "quarantined" },
    { name: "an empty message", body: "", outcome: "quarantined" },
    { name: "an empty payload", up: { devEui: "a840410000000001", fCnt: 9, fPort: 2, bytesHex: "" }, outcome: "quarantined" },
    { name: "a truncated frame", up: { devEui: "a840410000000001", fCnt: 10, fPort: 2, bytesHex: "0D0A07E9" }, outcome: "quarantined" },
    { name: "a frame without port", up: { devEui: "a840410000000001", fCnt: 11, fPort: undefined, bytesHex: "" }, outcome: "rejected" },
    { name: "an unknown device", up: { devEui: "ffffffffffffffff", fCnt: 1, fPort: 2, bytesHex: "0D0A07E900000001" }, outcome: "rejected" },
  ] as const)("$name is $outcome", async ({ outcome, ...message }) => {
    const before = await ledger();
    const { topic, body } =
      "up" in message
        ? chirpstackUp({ time: "2026-06-01T06:30:00Z", ...message.up })
        : { topic: "application/a1/device/a840410000000001/event/up", body: message.body };
    if (body === "")
      await run(programPath("mosquitto_pub") as string, [
        "-p",
        String(service.ready.mqtt),
        "-u",
        NETWORK.username,
        "-P",
        NETWORK.password,
        "-q",
        "1",
        "-t",
        topic,
        "-n",
      ]);
    else await publish(topic, body);
    const after = await settled(++sent);
    expect(after.total[outcome]).toBe(before.total[outcome] + 1);
    expect(after.total.stored).toBe(before.total.stored);
  });

  test("every other published example is accounted for, and the ledger balances", async () => {
    const folder = sharedPath("lpwa/uplinks");
    const topicOf = (file: string): string | undefined => {
      const chirpstack = /^chirpstack-v4-(up|status|join|ack|txack|log|location|integration)\.json$/.exec(file);
      if (chirpstack) return `application/a1/device/${file.includes("integration") ? "0016c001f000175a" : "0101010101010101"}/event/${chirpstack[1]}`;
      const tts = {
        "tts-v3-up.json": "up",
        "tts-v3-up.as-published-invalid.txt": "up",
        "tts-v3-up-no-f_cnt-no-decoded.json": "up",
        "tts-v3-up-normalized-fragment.json": "up",
        "tts-v3-join.json": "join",
        "tts-v3-downlink-ack.json": "down/ack",
        "tts-v3-downlink-failed.json": "down/failed",
        "tts-v3-downlink-push.json": "down/push",
      }[file];
      return tts && `v3/app1@tenant/devices/dev1/${tts}`;
    };
    for (const file of readdirSync(folder)) {
      const topic = topicOf(file);
      if (topic === undefined) continue;
      await publish(topic, { file: `${folder}/${file}` });
      sent += 1;
    }
    const { total, bySource } = await settled(sent);
    expect(total.received).toBe(sent);
    expect(total.stored + total.duplicate + total.rejected + total.quarantined + total.pending).toBe(total.received);
    expect(Object.keys(bySource)).toEqual(["lns"]);
    // The published TTS example is not valid JSON; a fragment of a message is none either.
    expect(JSON.parse(readFileSync(`${folder}/chirpstack-v4-status.json`, "utf8"))).toHaveProperty("batteryLevel");
    expect((await latest("pr26")).some((r) => r.quantity === "device.batteryPercent")).toBe(true);
  });

  test("gateway messages are no uplinks", async () => {
    const before = await ledger();
    await publish("as923/gateway/0016c001f153a14c/event/stats", { file: sharedPath("lpwa/uplinks/chirpstack-v4-gateway-stats.json") });
    expect((await ledger()).total).toEqual(before.total);
  });
});
