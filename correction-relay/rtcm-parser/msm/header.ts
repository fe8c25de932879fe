import { BitReader } from "../bit-reader.ts";
import type { BitWriter } from "../bit-writer.ts";
import { RtcmError } from "../errors.ts";
import { flag, unsigned } from "../fields.ts";
import { messageType, payloadOf } from "../frame.ts";
import { layout } from "../layout.ts";
import { type Constellation, constellationOf, type Msm, msmOf, msmType } from "./constellation.ts";
import { readMask, writeMask } from "./masks.ts";

/** RTCM 10403.3 §3.5.16.1: more cells than this are no valid message; senders split satellites over two. */
export const MAX_CELLS = 64;

/** What the header says before its masks. */
export interface MsmHead {
  readonly type: number;
  readonly constellation: Constellation;
  readonly msm: Msm;
  readonly stationId: number;
  /** As sent: ms of the system's own week; GLONASS: ms of day in UTC + 3 h. */
  readonly epochMs: number;
  /** GLONASS only: 0 = Sunday, 7 = unknown. Else null. */
  readonly dayOfWeek: number | null;
  /** true: another MSM of the same epoch follows, of any constellation. */
  readonly multipleMessage: boolean;
  readonly iods: number;
  /** DF001, 7 bits: 0 by the standard, but some senders set them. */
  readonly reserved: number;
  /** 0 none, 1 applied, 2 unknown. */
  readonly clockSteering: number;
  /** 0 internal, 1 external locked, 2 external unlocked, 3 unknown. */
  readonly externalClock: number;
  readonly divergenceFreeSmoothing: boolean;
  readonly smoothingInterval: number;
}

export interface MsmHeader extends MsmHead {
  readonly satelliteIds: readonly number[];
  readonly signalIds: readonly number[];
  readonly cellCount: number;
}

/** As read, with the cell mask: row-major, for each satellite its signals, 1 where a cell is sent. */
export interface MaskedHeader extends MsmHeader {
  readonly cellMask: Uint8Array;
}

const head = layout([
  ["stationId", unsigned(12)],
  ["epoch", unsigned(30)],
  ["multipleMessage", flag],
  ["iods", unsigned(3)],
  ["reserved", unsigned(7)],
  ["clockSteering", unsigned(2)],
  ["externalClock", unsigned(2)],
  ["divergenceFreeSmoothing", flag],
  ["smoothingInterval", unsigned(3)],
]);

const MS_OF_DAY_BITS = 27;

/**
 * Header of any MSM. Messages with an empty satellite mask occur and are accepted.
 * @throws RtcmError when the frame is no MSM, is truncated in its header, or claims more than 64 cells
 */
export function decodeMsmHeader(frame: Uint8Array): MsmHeader {
  const type = messageType(frame) ?? 0;
  const { cellMask: _, ...header } = readHeader(new BitReader(payloadOf(frame), type));
  return header;
}

export function readHeader(reader: BitReader): MaskedHeader {
  const type = reader.unsigned(12);
  const constellation = constellationOf(type);
  if (constellation === null) throw new RtcmError("INVALID", `${type} is no MSM`, { type });
  const fields = head.decode(reader);
  const { epoch } = fields;
  const glonass = constellation === "GLONASS";
  const satelliteIds = readMask(reader, 64);
  const signalIds = readMask(reader, 32);
  const bits = satelliteIds.length * signalIds.length;
  if (bits > MAX_CELLS) reader.reject(`${bits} cells, ${MAX_CELLS} are the most`);
  const cellMask = new Uint8Array(bits);
  let cellCount = 0;
  for (let i = 0; i < bits; i += 1) {
    const set = reader.unsigned(1);
    cellMask[i] = set;
    cellCount += set;
  }
  return {
    type,
    constellation,
    msm: msmOf(type),
    stationId: fields.stationId,
    multipleMessage: fields.multipleMessage,
    iods: fields.iods,
    reserved: fields.reserved,
    clockSteering: fields.clockSteering,
    externalClock: fields.externalClock,
    divergenceFreeSmoothing: fields.divergenceFreeSmoothing,
    smoothingInterval: fields.smoothingInterval,
    epochMs: glonass ? epoch & (2 ** MS_OF_DAY_BITS - 1) : epoch,
    dayOfWeek: glonass ? epoch >>> MS_OF_DAY_BITS : null,
    satelliteIds,
    signalIds,
    cellCount,
    cellMask,
  };
}

export function writeHeader(writer: BitWriter, header: Omit<MaskedHeader, "type" | "cellCount">): void {
  const { constellation, msm, epochMs, dayOfWeek, satelliteIds, signalIds, cellMask } = header;
  writer.unsigned(msmType(constellation, msm), 12);
  head.encode(writer, { ...header, epoch: constellation === "GLONASS" ? glonassEpoch(writer, epochMs, dayOfWeek) : epochMs });
  writeMask(writer, satelliteIds, 64);
  writeMask(writer, signalIds, 32);
  for (const set of cellMask) writer.unsigned(set, 1);
}

const UNKNOWN_DAY = 7;

function glonassEpoch(writer: BitWriter, epochMs: number, dayOfWeek: number | null): number {
  if (!Number.isInteger(epochMs) || epochMs < 0 || epochMs >= 2 ** MS_OF_DAY_BITS) writer.outOfRange(`GLONASS ms of day ${epochMs}`);
  return (dayOfWeek ?? UNKNOWN_DAY) * 2 ** MS_OF_DAY_BITS + epochMs;
}
