/** The package's one public door: RTCM 3 framing, decoding and encoding. */
export { crc24q } from "./crc24q.ts";
export { type Epoch, epochOf } from "./epoch.ts";
export { RtcmError, type RtcmErrorCode, type RtcmErrorContext } from "./errors.ts";
export { frameOf, MAX_FRAME_BYTES, messageType } from "./frame.ts";
export { type FrameCounters, FrameSplitter } from "./frame-splitter.ts";
export { type Ecef, ecefToLatLon, type Geodetic, latLonToEcef } from "./geodesy.ts";
export { epochAtUnixMs, epochUnixMs, GPS_MINUS_UTC_S, gpsTowMsOf } from "./gnss-time.ts";
export { decodeMessage, type EmptyMessage, encodeMessage, type MessageToSend, type RawMessage, type RtcmMessage } from "./message.ts";
export { type LegacyRanges, legacyRanges } from "./messages/legacy-ranges.ts";
export type { TableMessage } from "./messages/registry.ts";
export { type Constellation, constellationOf, type Msm } from "./msm/constellation.ts";
export { type HeadToSend, msmFromObservations, type Observation } from "./msm/from-observations.ts";
export { decodeMsmHeader, type MsmHead, type MsmHeader } from "./msm/header.ts";
export { legacyMinLockS, lockIndicatorFor, minLockMs } from "./msm/lock-time.ts";
export type { MsmCell, MsmMessage, MsmSatellite, MsmSentCell, MsmToSend } from "./msm/message.ts";
export { frequencyHz, satelliteName, signalCode } from "./msm/signals.ts";
export { stationId, withStationId } from "./station-id.ts";
