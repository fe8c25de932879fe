import { BitReader } from "../bit-reader.ts";
import { BitWriter } from "../bit-writer.ts";
import { RtcmError } from "../errors.ts";
import { CELL_COLUMNS, type Column, SATELLITE_COLUMNS } from "./columns.ts";
import { type Msm, msmType } from "./constellation.ts";
import { MAX_CELLS, type MsmHead, readHeader, writeHeader } from "./header.ts";
import { minLockMs } from "./lock-time.ts";

/** c in metres per millisecond. */
export const LIGHT_M_PER_MS = 299_792.458;

/** null: not available, or not part of this kind of MSM. */
export interface MsmSatellite {
  readonly satelliteId: number;
  /** Rough range, whole milliseconds (MSM4..7). null makes every cell of the satellite invalid. */
  readonly wholeMs: number | null;
  /** Rough range modulo 1 ms. */
  readonly modMs: number;
  /** GLONASS: frequency channel + 7, 15 unknown (MSM5, 7). */
  readonly extendedInfo: number | null;
  readonly roughRateMps: number | null;
}

/** What is sent of one signal of one satellite. The encoder uses these, and nothing of `MsmCell` beside them. */
export interface MsmSentCell {
  readonly satelliteId: number;
  readonly signalId: number;
  readonly finePseudorangeMs: number | null;
  readonly finePhaseRangeMs: number | null;
  readonly fineRateMps: number | null;
  /** Raw: DF402 in MSM2..5, DF407 in MSM6 and 7. */
  readonly lockIndicator: number | null;
  /** true: half a cycle is unresolved. */
  readonly halfCycle: boolean | null;
  readonly cnrDbHz: number | null;
}

export interface MsmCell extends MsmSentCell {
  readonly pseudorangeM: number | null;
  readonly phaseRangeM: number | null;
  readonly rangeRateMps: number | null;
  readonly minLockMs: number | null;
}

/** Any MSM, 1 to 7. To encode, `cells` may lack what is put together from others (`MsmToSend`). */
export interface MsmMessage extends MsmHead {
  readonly kind: "msm";
  readonly signalIds: readonly number[];
  readonly satellites: readonly MsmSatellite[];
  readonly cells: readonly MsmCell[];
  /** What was received behind the last cell; empty from a tidy sender. u-blox fills up as if no cell were missing. */
  readonly remainder: Uint8Array;
}

export type MsmToSend = Omit<MsmMessage, "cells" | "type" | "remainder"> & { readonly cells: readonly MsmSentCell[]; readonly remainder?: Uint8Array };

type Columns<Name extends string> = Readonly<Record<Name, readonly (number | null)[]>>;

/** @throws RtcmError TRUNCATED, INVALID */
export function decodeMsm(payload: Uint8Array, type: number): MsmMessage {
  const reader = new BitReader(payload, type);
  const header = readHeader(reader);
  const { constellation, msm, satelliteIds, signalIds, cellMask } = header;
  const rows = readColumns(SATELLITE_COLUMNS, msm, satelliteIds.length, reader);
  const satellites: MsmSatellite[] = [];
  for (let i = 0; i < satelliteIds.length; i += 1) {
    satellites.push({
      satelliteId: satelliteIds[i] as number,
      wholeMs: rows.wholeMs[i] as number | null,
      modMs: rows.modMs[i] ?? 0,
      extendedInfo: rows.extendedInfo[i] as number | null,
      roughRateMps: rows.roughRateMps[i] as number | null,
    });
  }
  const sent = readColumns(CELL_COLUMNS, msm, header.cellCount, reader);
  const cells: MsmCell[] = [];
  for (let bit = 0; bit < cellMask.length; bit += 1) {
    if (cellMask[bit] === 0) continue;
    const satellite = satellites[Math.floor(bit / signalIds.length)] as MsmSatellite;
    cells.push(cellOf(msm, satellite, signalIds[bit % signalIds.length] as number, sent, cells.length));
  }
  return {
    kind: "msm",
    type: header.type,
    constellation,
    msm,
    stationId: header.stationId,
    epochMs: header.epochMs,
    dayOfWeek: header.dayOfWeek,
    multipleMessage: header.multipleMessage,
    iods: header.iods,
    reserved: header.reserved,
    clockSteering: header.clockSteering,
    externalClock: header.externalClock,
    divergenceFreeSmoothing: header.divergenceFreeSmoothing,
    smoothingInterval: header.smoothingInterval,
    signalIds,
    satellites,
    cells,
    remainder: reader.remainder(),
  };
}

/** The payload. @throws RtcmError OUT_OF_RANGE, INVALID, TOO_LONG */
export function encodeMsm(message: MsmToSend): Uint8Array {
  const { msm, constellation, satellites, signalIds, cells } = message;
  const writer = new BitWriter(msmType(constellation, msm));
  const satelliteIds = satellites.map((satellite) => satellite.satelliteId);
  const grid = gridOf(satelliteIds, signalIds, cells);
  writeHeader(writer, { ...message, satelliteIds, cellMask: Uint8Array.from(grid, (cell) => (cell === undefined ? 0 : 1)) });
  writeColumns(SATELLITE_COLUMNS, msm, satellites, writer);
  writeColumns(
    CELL_COLUMNS,
    msm,
    grid.filter((cell) => cell !== undefined),
    writer,
  );
  return writer.finish(message.remainder);
}

function cellOf(msm: Msm, satellite: MsmSatellite, signalId: number, sent: Columns<(typeof CELL_COLUMNS)[number]["name"]>, i: number): MsmCell {
  const { satelliteId, wholeMs, modMs, roughRateMps } = satellite;
  const finePseudorangeMs = sent.finePseudorangeMs[i] as number | null;
  const finePhaseRangeMs = sent.finePhaseRangeMs[i] as number | null;
  const fineRateMps = sent.fineRateMps[i] as number | null;
  const lockIndicator = sent.lockIndicator[i] as number | null;
  const half = sent.halfCycle[i] as number | null;
  const known = wholeMs !== null;
  return {
    satelliteId,
    signalId,
    finePseudorangeMs,
    finePhaseRangeMs,
    fineRateMps,
    lockIndicator,
    halfCycle: half === null ? null : half === 1,
    cnrDbHz: sent.cnrDbHz[i] as number | null,
    pseudorangeM: known && finePseudorangeMs !== null ? (wholeMs + modMs + finePseudorangeMs) * LIGHT_M_PER_MS : null,
    phaseRangeM: known && finePhaseRangeMs !== null ? (wholeMs + modMs + finePhaseRangeMs) * LIGHT_M_PER_MS : null,
    rangeRateMps: known && roughRateMps !== null && fineRateMps !== null ? roughRateMps + fineRateMps : null,
    minLockMs: lockIndicator === null ? null : minLockMs(msm, lockIndicator),
  };
}

/** Cells at their places in the row-major cell mask. */
function gridOf(satelliteIds: readonly number[], signalIds: readonly number[], cells: readonly MsmSentCell[]): (MsmSentCell | undefined)[] {
  const places = satelliteIds.length * signalIds.length;
  if (places > MAX_CELLS) throw new RtcmError("INVALID", `${places} cells, ${MAX_CELLS} are the most`);
  const grid = new Array<MsmSentCell | undefined>(places).fill(undefined);
  for (const cell of cells) {
    const row = satelliteIds.indexOf(cell.satelliteId);
    const column = signalIds.indexOf(cell.signalId);
    const place = row * signalIds.length + column;
    if (row < 0 || column < 0 || grid[place] !== undefined) {
      throw new RtcmError("INVALID", `cell of satellite ${cell.satelliteId}, signal ${cell.signalId} is not in the masks, or there twice`);
    }
    grid[place] = cell;
  }
  return grid;
}

function readColumns<Name extends string>(columns: readonly Column<Name>[], msm: Msm, rows: number, reader: BitReader): Columns<Name> {
  const out = {} as Record<Name, (number | null)[]>;
  for (const { name, in: fields } of columns) {
    const field = fields[msm];
    const values = new Array<number | null>(rows).fill(null);
    if (field !== undefined) for (let i = 0; i < rows; i += 1) values[i] = field.read(reader, NO_ROWS);
    out[name] = values;
  }
  return out;
}

function writeColumns<Name extends string>(
  columns: readonly Column<Name>[],
  msm: Msm,
  rows: readonly Readonly<Record<Name, number | boolean | null>>[],
  writer: BitWriter,
): void {
  for (const { name, in: fields } of columns) {
    const field = fields[msm];
    if (field !== undefined) for (const row of rows) field.write(writer, numberOf(row[name]), NO_ROWS);
  }
}

const numberOf = (value: number | boolean | null): number | null => (typeof value === "boolean" ? Number(value) : value);
const NO_ROWS = {};
