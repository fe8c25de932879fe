import { RtcmError } from "./errors.ts";
import { messageType, sealFrame } from "./frame.ts";
import { isMsm } from "./msm/constellation.ts";

/** Types beside MSM whose reference station id (DF003) follows the type at bit 12. Ephemerides and SSR have none there. */
const OTHERS: ReadonlySet<number> = new Set([...[1001, 1002, 1003, 1004, 1005, 1006, 1007, 1008, 1009, 1010, 1011, 1012, 1013], ...[1029, 1032, 1033, 1230]]);

/** Reference station id (DF003) of a whole frame; null when its type has none, or the frame is too short. */
export function stationId(frame: Uint8Array): number | null {
  return carriesStationId(frame) ? (((frame[4] as number) & 0x0f) << 8) | (frame[5] as number) : null;
}

/**
 * A copy of the frame with another station id and its CRC made anew. A frame whose type has no station id is
 * returned as it is.
 * @throws RtcmError OUT_OF_RANGE unless `id` is 0..4095
 */
export function withStationId(frame: Uint8Array, id: number): Uint8Array {
  if (!Number.isInteger(id) || id < 0 || id > 4095) throw new RtcmError("OUT_OF_RANGE", `station id ${id}`, { field: "stationId" });
  if (!carriesStationId(frame)) return frame;
  const copy = new Uint8Array(frame); // not slice(): a Buffer's is no copy
  copy[4] = ((copy[4] as number) & 0xf0) | (id >> 8);
  copy[5] = id & 0xff;
  return sealFrame(copy);
}

function carriesStationId(frame: Uint8Array): boolean {
  const type = messageType(frame);
  return type !== null && frame.length >= 9 && (isMsm(type) || OTHERS.has(type));
}
