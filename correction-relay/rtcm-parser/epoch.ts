import { HEADER_BYTES, messageType } from "./frame.ts";
import { type Constellation, constellationOf } from "./msm/constellation.ts";

export interface Epoch {
  readonly constellation: Constellation;
  /** ms of week in the system's own time; GLONASS: ms of day in UTC + 3 h (the day of week of an MSM left out). */
  readonly epochRaw: number;
  /** true: more of this epoch follows (MSM multiple-message bit, legacy synchronous flag). */
  readonly multipleMessage: boolean;
}

const GLONASS_MASK = 2 ** 27 - 1;

/**
 * Epoch of an MSM or legacy observable (1001..1004, 1009..1012) without decoding it: for the relay, once per frame.
 * null for other messages and for a header that is cut short.
 */
export function epochOf(frame: Uint8Array): Epoch | null {
  const type = messageType(frame);
  if (type === null) return null;
  if (type >= 1009 && type <= 1012) return at(frame, "GLONASS", 27);
  if (type >= 1001 && type <= 1004) return at(frame, "GPS", 30);
  const constellation = constellationOf(type);
  return constellation === null ? null : at(frame, constellation, 30);
}

/** Type and station id are 12 bits each in all of them, so the epoch begins at a byte; the flag follows it. */
function at(frame: Uint8Array, constellation: Constellation, bits: 27 | 30): Epoch | null {
  const first = HEADER_BYTES + 3;
  if (frame.length < first + 4 + HEADER_BYTES) return null;
  const word =
    (((frame[first] as number) << 24) | ((frame[first + 1] as number) << 16) | ((frame[first + 2] as number) << 8) | (frame[first + 3] as number)) >>> 0;
  const raw = word >>> (32 - bits);
  return {
    constellation,
    epochRaw: constellation === "GLONASS" ? raw & GLONASS_MASK : raw,
    multipleMessage: ((word >>> (31 - bits)) & 1) === 1,
  };
}
