import { RtcmError } from "./errors.ts";
import { CRC_BYTES, HEADER_BYTES, messageType, sealFrame } from "./frame.ts";
import { isMsm } from "./msm/constellation.ts";

const TYPE_BITS = 12;
const ID_BITS = 12;

/**
 * Messages beside MSM that carry the reference station id (DF003), and the bits before it. Ephemerides and SSR have none;
 * network messages 1014..1017 and 1037..1039 carry ids of their own kind (DF060, DF061). The residuals put their epoch
 * before it (DF224, DF225, DF571, DF573, DF575).
 */
const BITS_BEFORE: ReadonlyMap<number, number> = new Map([
  ...[1001, 1002, 1003, 1004, 1005, 1006, 1007, 1008, 1009, 1010, 1011, 1012, 1013].map((type) => [type, TYPE_BITS] as const),
  ...[1029, 1032, 1033, 1034, 1035, 1230].map((type) => [type, TYPE_BITS] as const),
  ...[1030, 1303, 1304, 1305].map((type) => [type, TYPE_BITS + 20] as const),
  [1031, TYPE_BITS + 17],
]);

/** Reference station id (DF003) of a whole frame; null when its type has none, or the frame is too short. */
export function stationId(frame: Uint8Array): number | null {
  const bit = idBit(frame);
  if (bit === null) return null;
  return (wordAt(frame, bit) >>> (WORD_BITS - ID_BITS - (bit & 7))) & ID_MASK;
}

/**
 * A copy of the frame with another station id and its CRC made anew. A frame whose type has no station id is
 * returned as it is.
 * @throws RtcmError OUT_OF_RANGE unless `id` is 0..4095
 */
export function withStationId(frame: Uint8Array, id: number): Uint8Array {
  if (!Number.isInteger(id) || id < 0 || id > ID_MASK) throw new RtcmError("OUT_OF_RANGE", `station id ${id}`, { field: "stationId" });
  const bit = idBit(frame);
  if (bit === null) return frame;
  const copy = new Uint8Array(frame); // not slice(): a Buffer's is no copy
  const shift = WORD_BITS - ID_BITS - (bit & 7);
  const word = (wordAt(frame, bit) & ~(ID_MASK << shift)) | (id << shift);
  const first = bit >> 3;
  copy[first] = word >>> 16;
  copy[first + 1] = (word >>> 8) & 0xff;
  copy[first + 2] = word & 0xff;
  return sealFrame(copy);
}

const ID_MASK = 2 ** ID_BITS - 1;
/** Twelve bits at any place lie within three bytes. */
const WORD_BITS = 24;

/** The first three bytes that can hold the id. Behind them the CRC follows at the earliest. */
const wordAt = (frame: Uint8Array, bit: number): number =>
  ((frame[bit >> 3] as number) << 16) | ((frame[(bit >> 3) + 1] as number) << 8) | (frame[(bit >> 3) + 2] as number);

/** Bits from the start of the frame to the station id; null where there is none. */
function idBit(frame: Uint8Array): number | null {
  const type = messageType(frame);
  if (type === null) return null;
  const before = isMsm(type) ? TYPE_BITS : BITS_BEFORE.get(type);
  if (before === undefined || frame.length < HEADER_BYTES + Math.ceil((before + ID_BITS) / 8) + CRC_BYTES) return null;
  return HEADER_BYTES * 8 + before;
}
