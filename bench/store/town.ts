import type { DatabaseSync } from "node:sqlite";
import { QUANTITIES, type Quantity } from "../../core/domain/quantity.ts";
import type { QualityFlag, Reading } from "../../core/domain/reading.ts";
import { siteZone } from "../../core/domain/site-zone.ts";
import { transaction } from "../../core/runtime/sqlite.ts";
import { ReadingWriter } from "../../store/reading-writer.ts";
import { Rollups } from "../../store/rollups.ts";

/** A town's readings as they come: each device every ten minutes, 400 devices of five quantities, written in order of time. */
export const DEVICES = 400;
export const MEASURED: readonly Quantity[] = ["water.level", "water.temperature", "device.batteryVoltage", "radio.rssi", "radio.snr"];
export const INTERVAL_MS = 600_000;
export const YEAR_REPORTS = 52_560;
export const YEAR_FROM_MS = Date.UTC(2025, 4, 31, 15); // midnight in Japan
export const YEAR_TO_MS = YEAR_FROM_MS + YEAR_REPORTS * INTERVAL_MS;

const REPORTS_PER_COMMIT = 36; // of each device: six hours
const SHA256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
const CODEC = { id: "dragino-ldds75", sha256: SHA256 };

export const deviceName = (i: number): string => `paddy-${i}`;

/** Reports of one device so that there are `rows` in all; device 0 has the whole year, the others the end of it. */
export function reportsPerDevice(rows: number): number {
  return Math.max(1, Math.floor((rows / MEASURED.length - YEAR_REPORTS) / (DEVICES - 1)));
}

/** Writes the town through the same code as the service does. Returns how many readings were written. */
export function writeTown(db: DatabaseSync, rows: number): number {
  const writer = new ReadingWriter(db, { outbox: "off" });
  const rollups = new Rollups(db, siteZone("Asia/Tokyo"));
  const chance = seeded(20_260_601);
  const othersFrom = YEAR_REPORTS - reportsPerDevice(rows);
  let written = 0;
  for (let report = 0; report < YEAR_REPORTS; report += REPORTS_PER_COMMIT) {
    transaction(db, () => {
      for (let i = report; i < report + REPORTS_PER_COMMIT; i += 1) {
        for (let device = 0; device < (i < othersFrom ? 1 : DEVICES); device += 1) written += writeReport(writer, chance, { device, report: i });
      }
      writer.settle();
    });
    while (rollups.step(10_000, YEAR_FROM_MS + report * INTERVAL_MS) > 0);
  }
  while (rollups.step(10_000) > 0);
  return written;
}

function writeReport(writer: ReadingWriter, chance: () => number, at: { device: number; report: number }): number {
  const { device, report } = at;
  const timeMs = YEAR_FROM_MS + report * INTERVAL_MS + ((device * 1_487) % 540_000) + Math.floor(chance() * 2000);
  const receivedAtMs = timeMs + 300 + Math.floor(chance() ** 4 * 20_000);
  const rank = {
    fCnt: report % 65_536,
    payloadHash: Math.floor(chance() * 2 ** 32)
      .toString(16)
      .padStart(8, "0"),
    uplinkSeq: 5_000_000 + report * DEVICES + device,
  };
  for (const quantity of MEASURED) {
    const [flag, reason] = judged(chance());
    writer.put(
      {
        deviceId: deviceName(device),
        plotId: `plot-${device}`,
        quantity,
        depthCm: null,
        value: measured(quantity, report, chance()),
        unit: QUANTITIES[quantity].unit,
        timeMs,
        receivedAtMs,
        timeSource: device % 3 === 0 ? "network" : "gateway",
        quality: { flag, reasons: reason === "" ? [] : [reason] },
        codec: CODEC,
      } satisfies Reading,
      rank,
    );
  }
  return MEASURED.length;
}

function measured(quantity: Quantity, report: number, chance: number): number {
  const day = Math.sin((report / 144) * 2 * Math.PI);
  switch (quantity) {
    case "water.level":
      return Math.round((5 + 3 * Math.sin(report / 700) + chance) * 10) / 10;
    case "water.temperature":
      return Math.round((18 + 6 * day + chance) * 16) / 16;
    case "device.batteryVoltage":
      return Math.round((3.6 - report * 3e-6 + chance * 0.01) * 1000) / 1000;
    case "radio.rssi":
      return -118 + Math.floor(chance * 40);
    default:
      return Math.round((-5 + chance * 15) * 4) / 4;
  }
}

function judged(chance: number): readonly [QualityFlag, string] {
  if (chance < 0.985) return [1, ""];
  if (chance < 0.995) return [3, "step"];
  return chance < 0.998 ? [3, "spike"] : [4, "range"];
}

/** mulberry32: the same town each time. */
function seeded(seed: number): () => number {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
