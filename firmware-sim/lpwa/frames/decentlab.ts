import { ByteWriter } from "./byte-writer.ts";

/**
 * Decentlab protocol version 2: version u8, device id u16, flags u16 (bit n = sensor group n is there), the groups' words
 * u16 big-endian, each group in order. The battery (mV) is the last group and always there. FPort 1.
 */
export const DECENTLAB_FPORT = 1;

function decentlabFrame(deviceId: number, sensor: readonly number[] | null, batteryV: number): Uint8Array {
  const writer = new ByteWriter();
  writer
    .u8(2)
    .u16(deviceId)
    .u16(sensor === null ? 0b10 : 0b11);
  for (const word of sensor ?? []) writer.u16(word);
  return writer.u16(Math.round(batteryV * 1000)).finish();
}

/** DL-PR26, range 0…1 bar: pressure 1/32768 bar from 16384, temperature 1/320 °C from −51.2 °C. `sensor` null = battery only. */
export function encodePr26(v: { deviceId: number; sensor: { pressureBar: number; temperatureCel: number } | null; batteryV: number }): Uint8Array {
  const words = v.sensor && [Math.round(v.sensor.pressureBar * 32_768) + 16_384, Math.round((v.sensor.temperatureCel + 50) / 0.003125) + 384];
  return decentlabFrame(v.deviceId, words, v.batteryV);
}

/** DL-MBX: distance from the sensor to the surface, and how many of its echoes were valid. */
export function encodeMbx(v: { deviceId: number; sensor: { distanceMm: number; validSamples: number } | null; batteryV: number }): Uint8Array {
  return decentlabFrame(v.deviceId, v.sensor && [Math.round(v.sensor.distanceMm), v.sensor.validSamples], v.batteryV);
}

/** DL-TRS12: volumetric water content by the probe's mineral-soil calibration (m³/m³ = 0.0003879·counts − 0.6956), °C, µS/cm. */
export function encodeTrs12(v: {
  deviceId: number;
  sensor: { waterContent: number; soilCel: number; ecUsPerCm: number } | null;
  batteryV: number;
}): Uint8Array {
  const words = v.sensor && [
    Math.round(((v.sensor.waterContent + 0.6956) / 0.0003879) * 10),
    Math.round(v.sensor.soilCel * 10) + 32_768,
    Math.round(v.sensor.ecUsPerCm),
  ];
  return decentlabFrame(v.deviceId, words, v.batteryV);
}
