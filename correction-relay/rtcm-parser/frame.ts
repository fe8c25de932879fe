import { crc24q } from "./crc24q.ts";
import { RtcmError } from "./errors.ts";

/** RTCM 10403.3 §4: preamble 8 bits, six reserved (zero), length 10, payload, CRC-24Q. */
export const PREAMBLE = 0xd3;
export const HEADER_BYTES = 3;
export const CRC_BYTES = 3;
export const MAX_PAYLOAD_BYTES = 1023;
export const MAX_FRAME_BYTES = HEADER_BYTES + MAX_PAYLOAD_BYTES + CRC_BYTES;

/**
 * What a header at `at` claims, whole frame in bytes.
 * Six reserved bits that are not zero mean "not a frame": a stray preamble then seldom holds the stream.
 */
export function claimedFrameBytes(data: Uint8Array, at: number): number | "need-more" | "not-a-frame" {
  if (data[at] !== PREAMBLE) return "not-a-frame";
  if (at + 1 >= data.length) return "need-more";
  const high = data[at + 1] as number;
  if (high > 3) return "not-a-frame";
  if (at + 2 >= data.length) return "need-more";
  return HEADER_BYTES + ((high << 8) | (data[at + 2] as number)) + CRC_BYTES;
}

/**
 * Wraps a payload: preamble, length, CRC.
 * @throws RtcmError TOO_LONG over 1023 bytes
 */
export function frameOf(payload: Uint8Array): Uint8Array {
  if (payload.length > MAX_PAYLOAD_BYTES) throw new RtcmError("TOO_LONG", `payload of ${payload.length} bytes`);
  const frame = new Uint8Array(HEADER_BYTES + payload.length + CRC_BYTES);
  frame[0] = PREAMBLE;
  frame[1] = payload.length >> 8;
  frame[2] = payload.length & 0xff;
  frame.set(payload, HEADER_BYTES);
  return sealFrame(frame);
}

/** Writes the CRC of a frame whose other bytes are in place; returns the same bytes. */
export function sealFrame(frame: Uint8Array): Uint8Array {
  const end = frame.length - CRC_BYTES;
  const crc = crc24q(frame, 0, end);
  frame[end] = crc >> 16;
  frame[end + 1] = (crc >> 8) & 0xff;
  frame[end + 2] = crc & 0xff;
  return frame;
}

/**
 * The payload of a whole frame, as a view. The CRC is not looked at again: that is the splitter's work.
 * @throws RtcmError NOT_A_FRAME when the header does not describe these bytes
 */
export function payloadOf(frame: Uint8Array): Uint8Array {
  if (claimedFrameBytes(frame, 0) !== frame.length) {
    throw new RtcmError("NOT_A_FRAME", `header does not describe these ${frame.length} bytes`);
  }
  return frame.subarray(HEADER_BYTES, frame.length - CRC_BYTES);
}

/** Message type (DF002) of a whole frame; null when the payload is too short to hold one (zero-length filler). */
export function messageType(frame: Uint8Array): number | null {
  if (frame.length < HEADER_BYTES + 2 + CRC_BYTES) return null;
  return ((frame[3] as number) << 4) | ((frame[4] as number) >> 4);
}
