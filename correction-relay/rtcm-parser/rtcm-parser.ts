/** The package's one public door: RTCM 3 framing, decoding and encoding. */
export { crc24q } from "./crc24q.ts";
export { RtcmError, type RtcmErrorCode, type RtcmErrorContext } from "./errors.ts";
export { frameOf, messageType } from "./frame.ts";
export { type FrameCounters, FrameSplitter } from "./frame-splitter.ts";
