import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { sharedPath } from "../support/requirements.ts";

/** Real RTCM 3 streams; each has a `.truth.json` that other people's decoders made (see the README beside them). */
export const CAPTURES = [
  "base-f9p-msm7-200s.rtcm3",
  "base-msm7-japan-gmsd-2012.rtcm3",
  "broadcast-eph-5gnss-2019.rtcm3",
  "corrupted-from-f9p.bin",
  "examples-1005-1029-utf8.bin",
  "legacy-1004-1012-eph.rtcm3",
  "legacy-1230-1029-1033.rtcm3",
  "mixed-ubx-nmea-rtcm-f9p-long.bin",
  "mixed-ubx-nmea-rtcm-f9t.bin",
  "msm4-trimble.rtcm3",
  "msm5-piksi-5hz.rtcm3",
  "msm7-sbas-eph-1044-1045-1046.rtcm3",
  "ntrip-body-chunked-gzip.bin",
  "ntrip-body-chunked.bin",
  "ntrip-body-plain.bin",
  "one-of-each-35-types.rtcm3",
  "single-frames-69-types.rtcm3",
  "ssr-igs-1057-1068-1300.rtcm3",
] as const;

export type CaptureName = (typeof CAPTURES)[number];
export type Row = readonly (string | number | null)[];
export type Fields = Readonly<Record<string, number | string>>;

export interface MsmTruth {
  readonly frame: number;
  readonly type: number;
  readonly station: number;
  readonly epochRaw: number;
  readonly epochMs: number;
  readonly dayOfWeek?: number;
  readonly multipleMessage: number;
  readonly iods: number;
  readonly clockSteering: number;
  readonly externalClock: number;
  readonly smoothingType: number;
  readonly smoothingInterval: number;
  readonly satMask: readonly number[];
  readonly sigMask: readonly number[];
  readonly cellMask: string;
  readonly satFields: readonly string[];
  readonly sats: readonly Row[];
  readonly cellFields: readonly string[];
  readonly cells: readonly Row[];
}

export interface LegacyTruth {
  readonly frame: number;
  readonly type: number;
  readonly station: number;
  readonly epochMs: number;
  readonly sync: number;
  readonly nSat: number;
  readonly smoothing: number;
  readonly smoothingInterval: number;
  readonly satFields: readonly string[];
  readonly sats: readonly Row[];
}

export interface Truth {
  readonly framing: { readonly frames: number; readonly bytesOutsideFrames: number; readonly crcFailuresAtCandidatePreambles: number };
  readonly messageCounts: Readonly<Record<string, number>>;
  readonly frameList: readonly (readonly [offset: number, length: number, type: number])[];
  readonly intactFrames?: Truth["frameList"];
  readonly stations?: readonly Fields[];
  readonly antennas?: readonly Fields[];
  readonly text1029?: readonly Fields[];
  readonly system1013?: readonly (Fields & { readonly announcements: readonly (readonly [messageType: number, synchronous: number, intervalS: number])[] })[];
  readonly glonassBias1230?: readonly Fields[];
  readonly physicalStation1032?: readonly Fields[];
  readonly msm?: Readonly<Record<string, readonly MsmTruth[]>>;
  readonly legacy?: Readonly<Record<string, readonly LegacyTruth[]>>;
  readonly ephemerides?: Readonly<Record<string, readonly Fields[]>>;
  readonly transferDecoding?: { readonly decodedSha256: string };
}

export interface Capture {
  /** The RTCM stream, transfer coding taken off. */
  readonly bytes: Uint8Array;
  readonly truth: Truth;
  /** Whole frames, cut by the truth's offsets, not by the code under test. */
  readonly frames: readonly Uint8Array[];
}

export function readCapture(name: CaptureName): Capture {
  const truth = JSON.parse(readFileSync(sharedPath(`rtcm/${name}.truth.json`), "utf8")) as Truth;
  const file = readFileSync(sharedPath(`rtcm/${name}`));
  const bytes = new Uint8Array(truth.transferDecoding === undefined ? file : dechunked(file, name.includes("gzip")));
  const wanted = truth.transferDecoding?.decodedSha256;
  if (wanted !== undefined && createHash("sha256").update(bytes).digest("hex") !== wanted) throw new Error(`${name}: transfer decoding differs`);
  return { bytes, truth, frames: truth.frameList.map(([offset, length]) => bytes.subarray(offset, offset + length)) };
}

/** HTTP/1.1 chunked transfer coding; each chunk may be gzip members of its own. */
function dechunked(file: Buffer, gzip: boolean): Buffer {
  const chunks: Buffer[] = [];
  for (let at = 0; at < file.length; ) {
    const lineEnd = file.indexOf("\r\n", at);
    const size = Number.parseInt(file.toString("latin1", at, lineEnd), 16);
    if (!(size > 0)) break;
    const chunk = file.subarray(lineEnd + 2, lineEnd + 2 + size);
    chunks.push(gzip ? gunzipSync(chunk) : chunk);
    at = lineEnd + 2 + size + 2;
  }
  return Buffer.concat(chunks);
}
