import fc from "fast-check";
import { type Constellation, frameOf, type Msm, type MsmSatellite, type MsmSentCell, type MsmToSend } from "rtcm-parser";

/** Every type that has a table, and every MSM. */
export const TABLE_TYPES = [
  ...[1001, 1002, 1003, 1004, 1005, 1006, 1007, 1008, 1009, 1010, 1011, 1012, 1013],
  ...[1019, 1020, 1029, 1030, 1031, 1032, 1033, 1042, 1044, 1045, 1046, 1230],
];
export const CONSTELLATIONS: readonly Constellation[] = ["GPS", "GLONASS", "GALILEO", "SBAS", "QZSS", "BEIDOU", "NAVIC"];
export const MSMS: readonly Msm[] = [1, 2, 3, 4, 5, 6, 7];
export const MSM_TYPES = CONSTELLATIONS.flatMap((_, i) => MSMS.map((msm) => 1070 + 10 * i + msm));

/** A frame of the type with any payload behind it. */
export function anyFrameOf(type: number, maxLength = 300): fc.Arbitrary<Uint8Array> {
  return fc.uint8Array({ minLength: 2, maxLength }).map((payload) => {
    payload[0] = type >> 4;
    payload[1] = ((type & 0x0f) << 4) | ((payload[1] as number) & 0x0f);
    return frameOf(payload);
  });
}

const steps = (min: number, max: number, perUnit: number): fc.Arbitrary<number> => fc.integer({ min, max }).map((raw) => raw / perUnit);
const orNull = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(arbitrary, { nil: null });
const absent = fc.constant(null);

function anySatellite(msm: Msm): fc.Arbitrary<Omit<MsmSatellite, "satelliteId">> {
  const rates = msm === 5 || msm === 7;
  return fc.record({
    wholeMs: msm >= 4 ? orNull(fc.integer({ min: 0, max: 254 })) : absent,
    modMs: steps(0, 1023, 1024),
    extendedInfo: rates ? fc.integer({ min: 0, max: 15 }) : absent,
    roughRateMps: rates ? orNull(fc.integer({ min: -8191, max: 8191 })) : absent,
  });
}

function anyCell(msm: Msm): fc.Arbitrary<Omit<MsmSentCell, "satelliteId" | "signalId">> {
  const fine = msm >= 6;
  return fc.record({
    finePseudorangeMs: msm === 2 ? absent : orNull(fine ? steps(-(2 ** 19) + 1, 2 ** 19 - 1, 2 ** 29) : steps(-(2 ** 14) + 1, 2 ** 14 - 1, 2 ** 24)),
    finePhaseRangeMs: msm === 1 ? absent : orNull(fine ? steps(-(2 ** 23) + 1, 2 ** 23 - 1, 2 ** 31) : steps(-(2 ** 21) + 1, 2 ** 21 - 1, 2 ** 29)),
    fineRateMps: msm === 5 || msm === 7 ? orNull(steps(-(2 ** 14) + 1, 2 ** 14 - 1, 10_000)) : absent,
    lockIndicator: msm === 1 ? absent : fc.integer({ min: 0, max: fine ? 1023 : 15 }),
    halfCycle: msm === 1 ? absent : fc.boolean(),
    cnrDbHz: msm < 4 ? absent : orNull(fine ? steps(1, 1023, 16) : steps(1, 63, 1)),
  });
}

/** Any MSM that the standard allows: up to 64 places, any of them filled. */
export function anyMsm(constellation: Constellation, msm: Msm): fc.Arbitrary<MsmToSend> {
  const ids = (max: number, maxLength: number) => fc.uniqueArray(fc.integer({ min: 1, max }), { maxLength }).map((list) => list.sort((a, b) => a - b));
  const glonass = constellation === "GLONASS";
  return fc.tuple(ids(64, 16), ids(32, 4)).chain(([satelliteIds, signalIds]) =>
    fc.record({
      kind: fc.constant("msm" as const),
      constellation: fc.constant(constellation),
      msm: fc.constant(msm),
      stationId: fc.integer({ min: 0, max: 4095 }),
      epochMs: fc.integer({ min: 0, max: glonass ? 2 ** 27 - 1 : 2 ** 30 - 1 }),
      dayOfWeek: glonass ? fc.integer({ min: 0, max: 7 }) : absent,
      multipleMessage: fc.boolean(),
      iods: fc.integer({ min: 0, max: 7 }),
      reserved: fc.integer({ min: 0, max: 127 }),
      clockSteering: fc.integer({ min: 0, max: 3 }),
      externalClock: fc.integer({ min: 0, max: 3 }),
      divergenceFreeSmoothing: fc.boolean(),
      smoothingInterval: fc.integer({ min: 0, max: 7 }),
      signalIds: fc.constant(signalIds),
      satellites: fc.tuple(...satelliteIds.map((satelliteId) => anySatellite(msm).map((satellite) => ({ satelliteId, ...satellite })))),
      cells: fc
        .tuple(...satelliteIds.flatMap((satelliteId) => signalIds.map((signalId) => orNull(anyCell(msm).map((cell) => ({ satelliteId, signalId, ...cell }))))))
        .map((cells) => cells.filter((cell) => cell !== null)),
    }),
  );
}
