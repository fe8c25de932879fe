import { unreachable } from "../../core/domain/errors.ts";
import type { SimSensor } from "../demo/sensors.ts";
import { fraction, seedOf } from "../noise.ts";
import { DECENTLAB_FPORT, encodeMbx, encodePr26, encodeTrs12 } from "./frames/decentlab.ts";
import { DRAGINO_FPORT, encodeLdds75, encodeLht65n, encodeLse01 } from "./frames/dragino.ts";
import { encodeEm500Swl, MILESIGHT_FPORT } from "./frames/milesight.ts";
import type { Conditions } from "./water.ts";

export interface Frame {
  readonly fPort: number;
  readonly bytes: Uint8Array;
}

const MM_WATER_PER_BAR = 10_197.16; // fresh water
const GOOD_BATTERY = 3; // Dragino's status bits
const LSE01_STATUS = 0x90; // as in its published frame

/** What this product sends when it stands in these conditions: its own layout, units and resolution. */
export function frameOf(sensor: SimSensor, now: Conditions): Frame {
  const seed = seedOf(sensor.devEui);
  const deviceId = seed & 0x3fff;
  const batteryV = 3.2 + 0.35 * fraction(seed, 41);
  const levelMm = now.levelCm * 10;
  const zeroMm = sensor.zeroMm ?? 0;
  switch (sensor.profile) {
    case "dragino-ldds75":
      return { fPort: DRAGINO_FPORT, bytes: encodeLdds75({ batteryV, distanceMm: zeroMm - levelMm, probeCel: now.waterCel, sensorFlag: 1 }) };
    case "decentlab-dl-mbx":
      return { fPort: DECENTLAB_FPORT, bytes: encodeMbx({ deviceId, sensor: { distanceMm: zeroMm - levelMm, validSamples: 10 }, batteryV }) };
    case "decentlab-dl-pr26": {
      const pressureBar = (zeroMm + levelMm) / MM_WATER_PER_BAR;
      return { fPort: DECENTLAB_FPORT, bytes: encodePr26({ deviceId, sensor: { pressureBar, temperatureCel: now.waterCel }, batteryV }) };
    }
    case "milesight-em500-swl":
      return { fPort: MILESIGHT_FPORT, bytes: encodeEm500Swl({ batteryPct: 70 + 30 * fraction(seed, 42), levelCm: (zeroMm + levelMm) / 10 }) };
    case "dragino-lht65n": {
      const { airCel, humidityPct } = now;
      return { fPort: DRAGINO_FPORT, bytes: encodeLht65n({ batteryV, batteryStatus: GOOD_BATTERY, airCel, humidityPct, probeCel: null }) };
    }
    case "dragino-lse01": {
      const soil = { moisturePct: now.soilMoisturePct, soilCel: now.soilCel, ecUsPerCm: now.soilEcDsPerM * 1000 };
      return { fPort: DRAGINO_FPORT, bytes: encodeLse01({ batteryV, batteryStatus: GOOD_BATTERY, probeCel: 0, ...soil, status: LSE01_STATUS }) };
    }
    case "decentlab-dl-trs12": {
      const soil = { waterContent: now.soilMoisturePct / 100, soilCel: now.soilCel, ecUsPerCm: now.soilEcDsPerM * 1000 };
      return { fPort: DECENTLAB_FPORT, bytes: encodeTrs12({ deviceId, sensor: soil, batteryV }) };
    }
    default:
      return unreachable(sensor.profile);
  }
}
