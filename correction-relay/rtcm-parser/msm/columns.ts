import { type Field, signed, unsigned } from "../fields.ts";
import type { Msm } from "./constellation.ts";

/** One field of the satellite or signal block. The block sends it for all rows before it sends the next field. */
export interface Column<Name extends string> {
  readonly name: Name;
  /** The field in each kind of MSM; absent where that kind does not send it. */
  readonly in: Partial<Record<Msm, Field<number | null>>>;
}

const wholeMs = unsigned(8, { invalid: 255 }); // DF397
const modMs = unsigned(10, { perUnit: 1024 }); // DF398
const extended = unsigned(4); // DF419 for GLONASS
const roughRate = signed(14, { invalid: -(2 ** 13) }); // DF399

/** RTCM 10403.3 §3.5.16.2. */
export const SATELLITE_COLUMNS = [
  { name: "wholeMs", in: { 4: wholeMs, 5: wholeMs, 6: wholeMs, 7: wholeMs } },
  { name: "extendedInfo", in: { 5: extended, 7: extended } },
  { name: "modMs", in: { 1: modMs, 2: modMs, 3: modMs, 4: modMs, 5: modMs, 6: modMs, 7: modMs } },
  { name: "roughRateMps", in: { 5: roughRate, 7: roughRate } },
] as const satisfies readonly Column<string>[];

// Powers of two divide exactly, so that what is decoded is encoded to the same bits.
const fineRange = signed(15, { perUnit: 2 ** 24, invalid: -(2 ** 14) }); // DF400
const fineRangeExtended = signed(20, { perUnit: 2 ** 29, invalid: -(2 ** 19) }); // DF405
const finePhase = signed(22, { perUnit: 2 ** 29, invalid: -(2 ** 21) }); // DF401
const finePhaseExtended = signed(24, { perUnit: 2 ** 31, invalid: -(2 ** 23) }); // DF406
const lock = unsigned(4); // DF402
const lockExtended = unsigned(10); // DF407
const half = unsigned(1); // DF420
const cnr = unsigned(6, { invalid: 0 }); // DF403
const cnrExtended = unsigned(10, { perUnit: 16, invalid: 0 }); // DF408
const fineRate = signed(15, { perUnit: 10_000, invalid: -(2 ** 14) }); // DF404

/** RTCM 10403.3 §3.5.16.3. */
export const CELL_COLUMNS = [
  { name: "finePseudorangeMs", in: { 1: fineRange, 3: fineRange, 4: fineRange, 5: fineRange, 6: fineRangeExtended, 7: fineRangeExtended } },
  { name: "finePhaseRangeMs", in: { 2: finePhase, 3: finePhase, 4: finePhase, 5: finePhase, 6: finePhaseExtended, 7: finePhaseExtended } },
  { name: "lockIndicator", in: { 2: lock, 3: lock, 4: lock, 5: lock, 6: lockExtended, 7: lockExtended } },
  { name: "halfCycle", in: { 2: half, 3: half, 4: half, 5: half, 6: half, 7: half } },
  { name: "cnrDbHz", in: { 4: cnr, 5: cnr, 6: cnrExtended, 7: cnrExtended } },
  { name: "fineRateMps", in: { 5: fineRate, 7: fineRate } },
] as const satisfies readonly Column<string>[];
