import { type Field, signed, unsigned } from "../fields.ts";

const semicircles = signed(32, { perUnit: 2 ** 31 });

interface KeplerFields {
  /** Crs, Crc. */
  readonly harmonicM: Field<number>;
  /** Cuc, Cus, Cic, Cis. */
  readonly harmonicRad: Field<number>;
  readonly toeS: Field<number>;
}

/** The run of orbit rows that every Keplerian ephemeris of RTCM 10403.3 sends in this order. Angles in semicircles (sc). */
export const kepler = ({ harmonicM, harmonicRad, toeS }: KeplerFields) =>
  [
    ["crsM", harmonicM],
    ["deltaNScPerS", signed(16, { perUnit: 2 ** 43 })],
    ["m0Sc", semicircles],
    ["cucRad", harmonicRad],
    ["e", unsigned(32, { perUnit: 2 ** 33 })],
    ["cusRad", harmonicRad],
    ["sqrtA", unsigned(32, { perUnit: 2 ** 19 })], // √m
    ["toeS", toeS],
    ["cicRad", harmonicRad],
    ["omega0Sc", semicircles],
    ["cisRad", harmonicRad],
    ["i0Sc", semicircles],
    ["crcM", harmonicM],
    ["omegaSc", semicircles],
    ["omegaDotScPerS", signed(24, { perUnit: 2 ** 43 })],
  ] as const;
