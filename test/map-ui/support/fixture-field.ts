import type { BaseJson, ConfigJson, DeviceJson, MeJson, PlotFeatureJson, RoverJson, SeriesJson, SnapshotJson } from "../../../core/domain/api.ts";
import type { DeviceState } from "../../../core/domain/device-state.ts";
import type { PlotShare } from "../../../core/domain/history.ts";
import type { BaseHealth, BaseTruth, RelayEvent, RoverService, RoverState } from "../../../core/domain/live.ts";
import { QUANTITIES, type Quantity } from "../../../core/domain/quantity.ts";
import type { QualityFlag, ReadingJson } from "../../../core/domain/reading.ts";
import type { RoverDiagnosis } from "../../../core/domain/rover-diagnosis.ts";
import { silenceWords } from "../../../core/domain/silence-words.ts";
import type { UnknownDevicesJson } from "../../../core/domain/uplink-json.ts";

/** A small field of our own making: 14 paddies, 13 with a sensor, a base, two tractors, a gateway. */
const MINUTE_MS = 60_000;
const INTERVAL_S = 600;
const NAMES = [
  "北の1番",
  "北の2番",
  "北の3番",
  "東の1番",
  "東の2番",
  "沢の田",
  "川ばた",
  "神社前",
  "役場うら",
  "六郷の大田",
  "中の1番",
  "中の2番",
  "南の1番",
  "南の2番",
];
/** Level in cm and age in minutes by plot; null = no sensor. */
const LEVELS: readonly (readonly [levelCm: number, ageMin: number] | null)[] = [
  [3.4, 2],
  [4.1, 7],
  [1.5, 10],
  [3.0, 380],
  [2.8, 4],
  [7.2, 3],
  [3.9, 1],
  [5.2, 8],
  [2.2, 5],
  [4.6, 9],
  [0.4, 6],
  [3.3, 2],
  [5.8, 4],
  null,
];

const at = (ms: number): string => new Date(ms).toISOString();

export function reading(deviceId: string, plotId: string, quantity: Quantity, value: number, timeMs: number, flag: QualityFlag = 1): ReadingJson {
  return {
    deviceId,
    plotId,
    quantity,
    depthCm: null,
    value,
    unit: QUANTITIES[quantity].unit,
    time: at(timeMs),
    receivedAt: at(timeMs + 800),
    timeSource: "gateway",
    quality: { flag, reasons: [] },
    codec: { id: "dragino-ldds75", sha256: "0".repeat(64) },
  };
}

function plotAt(i: number): PlotFeatureJson {
  const id = `plot-${i + 1}`;
  const lon = 140.548 + (i % 5) * 0.00125 + Math.floor(i / 5) * 0.0002;
  const lat = 39.4215 - Math.floor(i / 5) * 0.00105;
  const [w, h] = [0.00112, 0.00088];
  const ring = [
    [lon, lat],
    [lon + w, lat + 0.00006],
    [lon + w + 0.00005, lat - h + 0.00006],
    [lon + 0.00004, lat - h],
    [lon, lat],
  ] as const;
  const crop = { variety: "あきたこまち", transplantedOn: "2026-05-20", headedOn: null };
  return {
    type: "Feature",
    id,
    geometry: { type: "Polygon", coordinates: [ring] },
    properties: { id, name: NAMES[i] ?? id, holder: "佐藤農場", base: null, crop },
  };
}

export function baseTruth(nowMs: number, patch: Partial<BaseTruth> = {}): BaseTruth {
  return {
    guard: { state: "passing", confirmed: true, since: at(nowMs - 26 * 3_600_000), reason: null, offSurveyM: 0.002 },
    verdict: "watch",
    findings: [
      {
        code: "gaps",
        ja: "この1時間に補正の抜けがあります",
        en: "Epochs were missing in the last hour",
        severity: "warning",
        value: 0.0123,
        threshold: 0.005,
      },
      {
        code: "no-1117",
        ja: "QZSS(1117)を入れると衛星が増えます",
        en: "Enable QZSS (1117) for more satellites",
        severity: "hint",
        value: null,
        threshold: null,
      },
    ],
    displacementM: 0.004,
    singlePoint: {
      state: "agrees",
      offM: 1.8,
      upM: -0.9,
      spanS: 900,
      note: { code: "single-point-agrees", ja: "10 m以内で合っています", en: "Agrees within 10 m" },
    },
    medianCnrDbHz: 44.2,
    inPool: true,
    source: { kind: "push", note: null },
    ...patch,
  };
}

export function roverService(nowMs: number, patch: Partial<RoverService> = {}): RoverService {
  return {
    requestedMount: "FIELD",
    sessions: 1,
    plotId: "plot-3",
    sendLatencyMs: 212,
    relayLatencyMs: 31,
    unsentBytes: 0,
    gaps: 0,
    ggaAgeS: 0.4,
    datum: "JGD2011@元期",
    otherStation: null,
    switches: [
      {
        at: at(nowMs - 600_000),
        from: null,
        to: "misato1",
        reason: { code: "home-base", ja: "ほ場「北の3番」の基準局です", en: "Home base of the plot" },
      },
    ],
    notice: null,
    ...patch,
  };
}

export const STOP_NOW = { code: "stop-now", ja: "止めてください。基準局の異常で補正を終えました", en: "Stop. Corrections have ended: base failed" };

export function baseHealth(nowMs: number, patch: Partial<BaseHealth> = {}): BaseHealth {
  return {
    baseId: "misato1",
    mount: "MISATO1",
    at: at(nowMs),
    state: "sending",
    sim: false,
    connectedSince: at(nowMs - 26 * 3_600_000),
    sourceAgent: "NTRIP str2str/demo5",
    lastEpochAt: at(nowMs - 400),
    epochAgeS: 0.4,
    epochLatencyMs: 180,
    bytesPerS: 742,
    frames: 512_331,
    crcFailures: 0,
    skippedBytes: 0,
    messages: [
      { type: 1006, count: 9361, ratePerS: 0.1 },
      { type: 1033, count: 9361, ratePerS: 0.1 },
      { type: 1077, count: 93_610, ratePerS: 1 },
      { type: 1087, count: 93_610, ratePerS: 1 },
      { type: 1097, count: 93_609, ratePerS: 1 },
      { type: 1117, count: 93_610, ratePerS: 1 },
      { type: 1127, count: 93_610, ratePerS: 1 },
      { type: 1230, count: 9361, ratePerS: 0.1 },
    ],
    satellites: { GPS: 9, GLONASS: 6, GALILEO: 7, QZSS: 4, BEIDOU: 12 },
    antenna: { stationId: 1, x: -3_808_912.123, y: 3_135_021.456, z: 4_028_811.789, heightM: null, latDeg: 39.4203, lonDeg: 140.5442 },
    receiver: "u-blox ZED-F9P",
    rovers: 2,
    truth: baseTruth(nowMs),
    ...patch,
  };
}

export function roverState(roverId: string, nowMs: number, patch: Partial<RoverState> = {}): RoverState {
  return {
    roverId,
    at: at(nowMs),
    state: "connected",
    sim: false,
    mount: "MISATO1",
    baseId: "misato1",
    agent: "NTRIP AgGPS",
    connectedSince: at(nowMs - 3_600_000),
    sentBytes: 2_600_000,
    skippedEpochs: 0,
    correctionAgeS: 0.8,
    position: { latDeg: 39.4204, lonDeg: 140.5508, heightM: 61.2, at: at(nowMs) },
    fix: "fix",
    satellites: 24,
    hdop: 0.6,
    ggaAgeS: 1,
    baselineKm: 0.6,
    service: roverService(nowMs),
    ...patch,
  };
}

export function deviceState(deviceId: string, nowMs: number, patch: Partial<DeviceState> = {}): DeviceState {
  const lastAt = at(nowMs - 2 * MINUTE_MS);
  return {
    deviceId,
    at: at(nowMs),
    state: "reporting",
    since: null,
    lastSeenAt: lastAt,
    lastReceivedAt: lastAt,
    intervalS: INTERVAL_S,
    cause: null,
    note: null,
    channels: [{ quantity: "water.level", depthCm: null, lastAt, state: "reporting" }],
    radio: { gateways: [{ gatewayId: "24e124fffef00001", lastAt, rssiDbm: -97, snrDb: 6.5 }], framesReceived: 140, framesLost: 3, lossPct: 2.1 },
    battery: { voltageV: 3.31, percent: null, at: lastAt, daysLeft: 410.5 },
    ...patch,
  };
}

/** 東の1番 is silent because of its gateway, 南の1番 by itself, and 北の1番 gives no temperature. All others are heard. */
export function withSilences(snapshot: SnapshotJson, nowMs: number): SnapshotJson {
  const sixHours = at(nowMs - 380 * MINUTE_MS);
  const states = new Map(snapshot.devices.map((d) => [d.id, deviceState(d.id, nowMs)]));
  const silent = { state: "silent", lastSeenAt: sixHours, lastReceivedAt: sixHours } as const;
  states.set("level-4", deviceState("level-4", nowMs, { ...silent, cause: "gateway", note: silenceWords("gateway", ["六郷"]) }));
  states.set(
    "level-13",
    deviceState("level-13", nowMs, {
      ...silent,
      cause: "device",
      note: silenceWords("device", []),
      radio: { gateways: [], framesReceived: 0, framesLost: 0, lossPct: null },
      battery: { voltageV: null, percent: 8, at: sixHours, daysLeft: null },
    }),
  );
  const temperature = { quantity: "water.temperature", depthCm: null, lastAt: sixHours, state: "silent" } as const;
  states.set("level-1", deviceState("level-1", nowMs, { cause: "channel", note: silenceWords("channel", ["water.temperature"]), channels: [temperature] }));
  return {
    ...snapshot,
    devices: snapshot.devices.map((d) => ({ ...d, state: states.get(d.id) ?? null })),
    readings: snapshot.readings.map((r) => (r.deviceId === "level-13" ? { ...r, time: sixHours } : r)),
  };
}

export const fixtureStrangers = (nowMs: number): UnknownDevicesJson => ({
  devices: [
    {
      key: "a84041ffff00beef",
      count: 212,
      firstReceivedAt: at(nowMs - 86_400_000),
      lastReceivedAt: at(nowMs - 3 * MINUTE_MS),
      lastSeq: 81_234,
      source: "chirpstack",
      topic: "application/a1/device/a84041ffff00beef/event/up",
      payloadBase64: null,
      payloadBytes: null,
      frame: null,
    },
  ],
  total: 1,
  next: null,
});

export function fixtureSnapshot(nowMs: number): SnapshotJson {
  const plots = NAMES.map((_, i) => plotAt(i));
  const devices: DeviceJson[] = [];
  const readings: ReadingJson[] = [];
  for (const [i, level] of LEVELS.entries()) {
    if (level === null) continue;
    const [id, plotId] = [`level-${i + 1}`, `plot-${i + 1}`];
    const timeMs = nowMs - level[1] * MINUTE_MS;
    devices.push({
      id,
      name: `水位計${i + 1}`,
      devEui: `a84041000000000${i}`,
      profile: "dragino-ldds75",
      intervalS: INTERVAL_S,
      plotId,
      lastReadingAt: at(timeMs),
      state: null,
    });
    readings.push(
      reading(id, plotId, "water.level", level[0], timeMs),
      reading(id, plotId, "water.temperature", 19.4 + i / 10, timeMs),
      reading(id, plotId, "device.batteryVoltage", 3.31, timeMs),
      reading(id, plotId, "radio.rssi", -97, timeMs),
      reading(id, plotId, "radio.snr", 6.5, timeMs),
    );
  }
  const base: BaseJson = {
    id: "misato1",
    mount: "MISATO1",
    name: "町役場",
    kind: "physical",
    sim: false,
    surveyed: true,
    stoppedAt: null,
    position: { latDeg: 39.4203, lonDeg: 140.5468 },
    health: baseHealth(nowMs),
  };
  const rovers: RoverJson[] = [
    { id: "tractor-1", name: "トラクター1号", party: "sato-farm", state: roverState("tractor-1", nowMs) },
    { id: "tractor-2", name: "トラクター2号", party: "sato-farm", state: null },
  ];
  return {
    id: "100",
    at: at(nowMs),
    plots: { type: "FeatureCollection", features: plots },
    devices,
    bases: [base],
    rovers,
    gateways: [
      {
        id: "gw-rokugo",
        eui: "24e124fffef00001",
        name: "六郷",
        position: { latDeg: 39.4192, lonDeg: 140.5466 },
        state: { gatewayId: "gw-rokugo", at: at(nowMs), online: true, lastSeenAt: at(nowMs - 20_000) },
      },
    ],
    readings,
  };
}

export const fixtureConfig: ConfigJson = {
  version: "0.1.0",
  demo: false,
  site: { id: "misato", name: { ja: "美郷町", en: "Misato" }, timeZone: "Asia/Tokyo" },
  band: { minCm: 2, maxCm: 6 },
  baseMaps: [
    { id: "blank", url: null, maxNativeZoom: null, creditText: null, creditUrl: null },
    {
      id: "gsi-pale",
      url: "https://cyberjapandata.gsi.go.jp/xyz/pale/{z}/{x}/{y}.png",
      maxNativeZoom: 18,
      creditText: "地理院タイル",
      creditUrl: "https://maps.gsi.go.jp/development/ichiran.html",
    },
  ],
};

export const fixtureMe: MeJson = {
  user: { id: "u1", username: "sato", role: "farmer", party: "sato-farm" },
  access: "user",
  canSeeStaffPages: false,
  plainListeners: [],
};

/** Three days of a level that falls, is filled, and falls again, with a gap of some hours. */
export function fixtureSeries(fromMs: number, toMs: number): SeriesJson {
  const stepMs = Math.max(10 * MINUTE_MS, Math.ceil((toMs - fromMs) / 800 / MINUTE_MS) * MINUTE_MS);
  const buckets: SeriesJson["buckets"][number][] = [];
  for (let t = Math.ceil(fromMs / stepMs) * stepMs; t <= toMs; t += stepMs) {
    const hoursLeft = (toMs - t) / 3_600_000;
    if (hoursLeft > 30 && hoursLeft < 36) {
      buckets.push([t, 0, null, null, null]);
      continue;
    }
    const mean = 1.5 + ((hoursLeft % 40) / 40) * 4.2 + 0.15 * Math.sin(hoursLeft * 2.1);
    buckets.push([t, 4, mean - 0.25, mean, mean + 0.25]);
  }
  return { unit: "cm", buckets };
}

export const fixtureDiagnosis = (nowAt: string): RoverDiagnosis => ({
  code: "well",
  ja: "補正は正常に届いています。",
  en: "Corrections are arriving normally.",
  at: nowAt,
  evidence: { connected: true, fix: "fix" },
});

export const fixtureShares = (nowAt: string): PlotShare[] => [
  {
    plotId: "plot-3",
    from: nowAt,
    to: nowAt,
    totalS: 3600,
    secondsByFix: { fix: 3492, float: 108 },
    fixShare: 0.97,
    bases: [{ baseId: "misato1", seconds: 3600, datum: "JGD2011@元期" }],
    sim: false,
  },
  { plotId: null, from: nowAt, to: nowAt, totalS: 600, secondsByFix: { float: 600 }, fixShare: 0, bases: [], sim: false },
];

export const fixtureEvents = (nowAt: string): RelayEvent[] => [
  {
    at: nowAt,
    code: "arp-off-survey",
    ja: "基準局の位置が測量値と4.0 cm違うため補正を止めました",
    en: "Base position is 4.0 cm off its survey. Corrections stopped",
    baseId: "misato1",
    roverId: null,
    severity: "alarm",
  },
];

export const fixtureArchive = [
  { name: "2026-06-11T21Z.rtcm3", from: "2026-06-11T21:00:00.000Z", bytes: 210_000, complete: false },
  { name: "2026-06-11T20Z.rtcm3", from: "2026-06-11T20:00:00.000Z", bytes: 2_700_000, complete: true },
];
