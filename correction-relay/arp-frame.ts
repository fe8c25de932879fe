import { decodeMessage, type Ecef, messageType, RtcmError } from "rtcm-parser";

/** Below the deepest valley and above the highest mountain there is no base: distances from the centre of the earth, m. */
const RADIUS_M = { least: 6_346_000, most: 6_389_000 };

/** Is this a 1005 or 1006? */
export function isArp(frame: Uint8Array): boolean {
  const type = messageType(frame);
  return type === 1005 || type === 1006;
}

/**
 * The antenna reference point that a 1005 or 1006 transmits; the height of a 1006 is not added.
 * null: cut short, all zero, or not on the earth.
 */
export function arpOf(frame: Uint8Array): Ecef | null {
  try {
    const message = decodeMessage(frame);
    if (message.kind !== "1005" && message.kind !== "1006") return null;
    const { xM, yM, zM } = message;
    const radiusM = Math.hypot(xM, yM, zM);
    return radiusM >= RADIUS_M.least && radiusM <= RADIUS_M.most ? { xM, yM, zM } : null;
  } catch (error) {
    if (!(error instanceof RtcmError)) throw error;
    return null;
  }
}

export const apartM = (a: Ecef, b: Ecef): number => Math.hypot(a.xM - b.xM, a.yM - b.yM, a.zM - b.zM);

/** Two positions this far apart, or farther, are not the same: 1 cm, with room for the rounding of doubles of 6,000 km. */
export const ARP_LIMIT_M = 0.01;
export const isMoved = (offM: number): boolean => !(offM < ARP_LIMIT_M - 1e-6);
