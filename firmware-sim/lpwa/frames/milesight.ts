import { ByteWriter } from "./byte-writer.ts";

/** Milesight frames are channel, type, value in a row; multi-byte values little-endian. FPort 85. */
export const MILESIGHT_FPORT = 85;

/** EM500-SWL: battery (channel 01 75, %), water above the submerged probe (channel 03 77, whole cm). */
export function encodeEm500Swl(v: { batteryPct: number; levelCm: number }): Uint8Array {
  return new ByteWriter().u8(0x01).u8(0x75).u8(Math.round(v.batteryPct)).u8(0x03).u8(0x77).u16le(Math.round(v.levelCm)).finish();
}
