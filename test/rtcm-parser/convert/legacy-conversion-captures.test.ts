import { type Constellation, frequencyHz, LegacyConverter, legacyMinLockS, legacyRanges, type Msm, minLockMs, satelliteName } from "rtcm-parser";
import { expect, test } from "vitest";
import { describeNeeding } from "../../support/requirements.ts";
import { CAPTURES, type MsmTruth, readCapture } from "../captures.ts";
import { decodedLegacy, type Legacy } from "./streams.ts";

const LIGHT_M_PER_S = 299_792_458;
const TRUTH_ROUNDING_M = 0.0001;
const HALF = { rangeM: 0.01, phaseM: 0.00025, cnrDbHz: 0.125 };

const SYSTEMS: Readonly<Record<number, Constellation>> = { 107: "GPS", 108: "GLONASS", 110: "SBAS" };
/** Signal ids that may stand behind a code of 1004 (DF010, DF016) and 1012 (DF039, DF046). */
const SIGNALS = {
  1004: { l1: [[2], [3, 4]], l2: [[8, 15, 16, 17], [9], [], [10]] },
  1012: { l1: [[2], [3]], l2: [[8], [9]] },
} as const;

type Cell = Readonly<Record<string, number | string | null | undefined>>;
type Satellite = Legacy["satellites"][number];

interface Source {
  readonly constellation: Constellation;
  readonly msm: Msm;
}

const cellsOf = (truth: MsmTruth): readonly Cell[] => truth.cells.map((row) => Object.fromEntries(truth.cellFields.map((field, i) => [field, row[i]])));

function nameOf(constellation: Constellation, satelliteId: number): string {
  return satelliteName(constellation, constellation === "SBAS" ? satelliteId - 39 : satelliteId);
}

function near(value: number | null, expected: unknown, half: number): void {
  if (value === null) expect(expected).toBeNull();
  else expect(Math.abs(value - (expected as number))).toBeLessThanOrEqual(half + TRUTH_ROUNDING_M);
}

/** One band against the cell of the original it was made from. */
function checkBand({ constellation, msm }: Source, satellite: Satellite, band: "l1" | "l2", cells: readonly Cell[]): void {
  const ranges = legacyRanges(satellite);
  const rangeM = band === "l1" ? ranges.l1PseudorangeM : ranges.l2PseudorangeM;
  const phaseM = band === "l1" ? ranges.l1PhaseRangeM : ranges.l2PhaseRangeM;
  const ids: readonly number[] = SIGNALS[constellation === "GLONASS" ? 1012 : 1004][band][band === "l1" ? satellite.l1Code : satellite.l2Code] ?? [];
  const candidates = cells.filter((cell) => ids.includes(cell["sigId"] as number));
  const lockIndicator = satellite[`${band}LockIndicator`];
  if (rangeM === null && phaseM === null && lockIndicator === 0 && candidates.length === 0) return; // a band that the satellite does not have
  expect(candidates).toHaveLength(1); // no receiver here tracks two signals of one code
  const cell = candidates[0] as Cell;
  const differenceM = (cell["pseudorangeM"] as number) - ranges.l1PseudorangeM;
  if (rangeM !== null || Math.abs(differenceM) < 163) near(rangeM, cell["pseudorangeM"], HALF.rangeM);
  if (phaseM === null) expect(cell["phaseRangeM"] === null || cell["halfCycle"] === 1).toBe(true);
  else {
    expect(cell["halfCycle"]).toBe(0);
    const channel = "frequencyChannel" in satellite ? satellite.frequencyChannel : undefined;
    const rollM = (1500 * LIGHT_M_PER_S) / (frequencyHz(constellation, cell["sigId"] as number, channel) as number);
    const awayM = phaseM - (cell["phaseRangeM"] as number);
    expect(Math.abs(awayM - Math.round(awayM / rollM) * rollM)).toBeLessThanOrEqual(HALF.phaseM + TRUTH_ROUNDING_M);
  }
  near(satellite[`${band}CnrDbHz`], cell["cnrDbHz"], HALF.cnrDbHz);
  expect(legacyMinLockS(lockIndicator) * 1000).toBeLessThanOrEqual(minLockMs(msm, cell["lockIndicator"] as number) ?? 0);
}

describeNeeding(["shared"], "MSM of real captures as 1004 and 1012", () => {
  test.each(CAPTURES)("%s: within half a step of what other decoders make of the original", (name) => {
    const { frames, truth } = readCapture(name);
    const converter = new LegacyConverter();
    const converted = frames.map((frame) => converter.push([frame]).filter((made) => made !== frame));
    for (const expected of Object.values(truth.msm ?? {}).flat()) {
      const constellation = SYSTEMS[Math.floor(expected.type / 10)];
      if (constellation === undefined || expected.type % 10 < 4) continue;
      const cells = cellsOf(expected);
      const [frame] = converted[expected.frame] as Uint8Array[];
      const message = frame === undefined ? undefined : decodedLegacy(frame);
      const satellites: readonly Satellite[] = message?.satellites ?? [];
      if (message !== undefined) expect(message).toMatchObject({ stationId: expected.station, epochMs: expected.epochMs });
      for (const satellite of satellites) {
        const own = cells.filter((cell) => cell["sat"] === nameOf(constellation, satellite.satelliteId));
        for (const band of ["l1", "l2"] as const) checkBand({ constellation, msm: (expected.type % 10) as Msm }, satellite, band, own);
      }
      const names = satellites.map((satellite) => nameOf(constellation, satellite.satelliteId));
      const channelless = constellation === "GLONASS" && expected.type % 2 === 0; // MSM4 and 6
      const due = cells.filter((cell) => [2, 3, 4].includes(cell["sigId"] as number) && cell["pseudorangeM"] !== null).map((cell) => cell["sat"] as string);
      if (!channelless) expect(names).toEqual([...new Set(due)].filter((sat) => sat !== "S58").slice(0, 31)); // 1004 ends with PRN 138
    }
    expect(converter.counters.malformed).toBe(0);
  });
});
