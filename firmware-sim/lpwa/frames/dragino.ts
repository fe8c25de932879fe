import { ByteWriter } from "./byte-writer.ts";

/** Dragino frames are fixed layouts, big-endian, on FPort 2. */
export const DRAGINO_FPORT = 2;

/** The two upper bits of the battery word are a status on some products: 3 = good. */
const batteryWord = (batteryV: number, status: number): number => Math.round(batteryV * 1000) | (status << 14);

/** LHT65N: what the probe's field holds when nothing is plugged in. */
const PROBE_ABSENT = 0x7fff;

/** LDDS75: ultrasonic distance. `sensorFlag` 1 = the ultrasonic head answered. */
export function encodeLdds75(v: { batteryV: number; distanceMm: number; probeCel: number; sensorFlag: number }): Uint8Array {
  return new ByteWriter()
    .u16(batteryWord(v.batteryV, 0))
    .u16(Math.round(v.distanceMm))
    .u8(0) // interrupt flag: sent by its clock, not by its input
    .s16(Math.round(v.probeCel * 10))
    .u8(v.sensorFlag)
    .finish();
}

/** LHT65N: air temperature and humidity; external connector 1 = temperature probe. `probeCel` null = nothing plugged in. */
export function encodeLht65n(v: { batteryV: number; batteryStatus: number; airCel: number; humidityPct: number; probeCel: number | null }): Uint8Array {
  return new ByteWriter()
    .u16(batteryWord(v.batteryV, v.batteryStatus))
    .s16(Math.round(v.airCel * 100))
    .u16(Math.round(v.humidityPct * 10))
    .u8(1)
    .u16(v.probeCel === null ? PROBE_ABSENT : Math.round(v.probeCel * 100) & 0xffff)
    .u16(PROBE_ABSENT) // the second field belongs to other external sensors
    .finish();
}

/** LSE01: soil moisture and temperature in hundredths, EC in µS/cm. `status` as the product sends it in its last byte. */
export function encodeLse01(v: {
  batteryV: number;
  batteryStatus: number;
  probeCel: number;
  moisturePct: number;
  soilCel: number;
  ecUsPerCm: number;
  status: number;
}): Uint8Array {
  return new ByteWriter()
    .u16(batteryWord(v.batteryV, v.batteryStatus))
    .s16(Math.round(v.probeCel * 10))
    .u16(Math.round(v.moisturePct * 100))
    .s16(Math.round(v.soilCel * 100))
    .u16(Math.round(v.ecUsPerCm))
    .u8(v.status)
    .finish();
}
