import type { BaseHealth, RoverState } from "../../core/domain/live.ts";
import type { Reading } from "../../core/domain/reading.ts";
import type { Catalog, Device, Plot, Role, User } from "../../core/domain/site.ts";

/**
 * A small town. Sato held kita-3 until the end of March 2026, Suzuki holds it since; Sato holds minami-1; Takahashi holds
 * higashi-1 by the shorthand on the user; nishi-1 is nobody's. The device `roaming` stood on kita-3 in 2025, on minami-1 since May 2026.
 */
const user = (id: string, role: Role, party: string | null = null, until: string | null = null): User => ({
  id: `u-${id}`,
  username: id,
  role,
  party,
  until,
  passwordHash: `hash of ${id}-password`,
});

const plot = (id: string, lon: number): Plot => ({
  id,
  name: `圃場 ${id}`,
  geometry: {
    type: "Polygon",
    coordinates: [
      [
        [lon, 39.42],
        [lon + 0.001, 39.42],
        [lon + 0.001, 39.421],
        [lon, 39.42],
      ],
    ],
  },
  base: null,
  fude: null,
  crop: { variety: "akitakomachi", transplantedOn: "2026-05-20", headedOn: null },
});

const device = (id: string, placements: readonly [plot: string, from: string | null, to: string | null][]): Device => ({
  id,
  name: `センサー ${id}`,
  devEui: null,
  sigfoxId: null,
  imsi: null,
  profile: "dragino-ldds75",
  intervalS: 1800,
  channels: {},
  placements: placements.map(([plot, from, to]) => ({
    plot,
    fromMs: from === null ? null : Date.parse(from),
    toMs: to === null ? null : Date.parse(to),
    zeroMm: 750,
    depthCm: null,
  })),
  mqttTokenHash: null,
});

const rover = (id: string, party: string | null): Catalog["rovers"][number] => ({
  id,
  name: `トラクター ${id}`,
  username: id,
  password: { hash: "secret of a rover", digest: "secret digest" },
  mounts: ["*"],
  party,
  base: null,
  maxSessions: 2,
  expiresOn: null,
  staffTest: false,
});

export function catalog(): Catalog {
  return {
    site: { id: "town", name: { ja: "町", en: "Town" }, timeZone: "Asia/Tokyo", failoverAfterS: 8 },
    orders: [],
    recheckedAtMs: null,
    parties: [
      { id: "sato-farm", name: "佐藤農場", kind: "person" },
      { id: "suzuki-farm", name: "鈴木農場", kind: "person" },
    ],
    users: [
      user("sato", "farmer", "sato-farm"),
      user("suzuki", "farmer", "suzuki-farm"),
      user("takahashi", "farmer"),
      user("adviser", "advisor"),
      user("staff", "staff"),
      user("trainer", "trainer"),
      user("admin", "admin"),
      user("gone", "farmer", "sato-farm", "2026-05-31"),
      user("last-day", "farmer", "sato-farm", "2026-06-01"),
    ],
    plots: [plot("kita-3", 140.5), plot("minami-1", 140.51), plot("higashi-1", 140.52), plot("nishi-1", 140.53)],
    holdings: [
      { party: "sato-farm", plot: "kita-3", from: "2024-04-01", to: "2026-04-01" },
      { party: "suzuki-farm", plot: "kita-3", from: "2026-04-01", to: null },
      { party: "sato-farm", plot: "minami-1", from: null, to: null },
      { party: "user:u-takahashi", plot: "higashi-1", from: null, to: null },
    ],
    devices: [
      device("kita-level", [["kita-3", null, null]]),
      device("minami-level", [["minami-1", null, null]]),
      device("higashi-level", [["higashi-1", null, null]]),
      device("nishi-level", [["nishi-1", null, null]]),
      device("roaming", [
        ["kita-3", "2025-05-01T00:00:00+09:00", "2025-10-01T00:00:00+09:00"],
        ["minami-1", "2026-05-01T00:00:00+09:00", null],
      ]),
    ],
    gateways: [{ id: "gw-1", eui: "0016c001f0000001", name: "六郷", latDeg: 39.42, lonDeg: 140.55 }],
    networks: [],
    bases: [
      {
        id: "town-hall",
        mount: "TOWN1",
        name: "町役場",
        sourcePassword: { hash: "secret of a base", digest: null },
        stationId: 1,
        kind: "physical",
        antenna: { x: -3_800_000, y: 3_135_000, z: 4_029_000 },
        datum: null,
        maxBaselineKm: 20,
        alignedWith: [],
        arpOffset: null,
        pull: null,
        pullMode: "always",
        pullSessions: 8,
        listen: null,
        sim: false,
      },
    ],
    rovers: [rover("sato-tractor", "sato-farm"), rover("suzuki-tractor", "suzuki-farm"), rover("contractor", null)],
    consents: [],
    codecs: [],
    redecodes: [],
  };
}

export function reading(deviceId: string, plotId: string | null, time: string, value: number | null, more: Partial<Reading> = {}): Reading {
  return {
    deviceId,
    plotId,
    quantity: "water.level",
    depthCm: null,
    value,
    unit: "cm",
    timeMs: Date.parse(time),
    receivedAtMs: Date.parse(time) + 1234,
    timeSource: "gateway",
    quality: { flag: value === null ? 9 : 1, reasons: [] },
    codec: { id: "dragino-ldds75", sha256: "ab".repeat(32) },
    ...more,
  };
}

export function baseHealth(baseId: string, frames: number): BaseHealth {
  return {
    baseId,
    mount: "TOWN1",
    at: "2026-06-01T03:00:00.000Z",
    state: "sending",
    sim: false,
    connectedSince: "2026-06-01T02:00:00.000Z",
    sourceAgent: "NTRIP test",
    lastEpochAt: "2026-06-01T02:59:59.900Z",
    epochAgeS: 0.1,
    epochLatencyMs: 40,
    bytesPerS: 700,
    frames,
    crcFailures: 0,
    skippedBytes: 0,
    messages: [{ type: 1077, count: frames, ratePerS: 1 }],
    satellites: { GPS: 9, QZSS: 4 },
    antenna: null,
    receiver: null,
    rovers: 1,
  };
}

export function roverState(roverId: string, sentBytes: number): RoverState {
  return {
    roverId,
    at: "2026-06-01T03:00:00.000Z",
    state: "connected",
    sim: false,
    mount: "TOWN1",
    baseId: "town-hall",
    agent: "NTRIP rover",
    connectedSince: "2026-06-01T02:30:00.000Z",
    sentBytes,
    skippedEpochs: 0,
    correctionAgeS: 0.2,
    position: null,
    fix: "fix",
    satellites: 18,
    hdop: 0.7,
    ggaAgeS: 1,
    baselineKm: 2.1,
  };
}
