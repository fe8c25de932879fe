import { legacyRanges, type TableMessage } from "../../rtcm-parser.ts";

type LegacyKind = "1001" | "1002" | "1003" | "1004" | "1009" | "1010" | "1011" | "1012";
export type LegacyMessage = Extract<TableMessage, { kind: LegacyKind }>;
type Satellite = LegacyMessage["satellites"][number];

const KINDS: ReadonlySet<string> = new Set<LegacyKind>(["1001", "1002", "1003", "1004", "1009", "1010", "1011", "1012"]);

export const isLegacy = (message: { readonly kind: string }): message is LegacyMessage => KINDS.has(message.kind);

/** [the truth files' word, ours], in their order of columns. Ours come from the message and from `legacyRanges`. */
const COLUMNS = [
  ["sat", "satelliteId"],
  ["freqCh", "frequencyChannel"],
  ["l1Code", "l1Code"],
  ["l1PrRawM", "l1PseudorangeM"],
  ["l1PhaseMinusPrM", "l1PhaseMinusPseudorangeM"],
  ["l1Lock", "l1LockIndicator"],
  ["l1AmbModulus", "l1AmbiguityModulus"],
  ["l1CnrDbHz", "l1CnrDbHz"],
  ["l2Code", "l2Code"],
  ["l2MinusL1PrM", "l2MinusL1PseudorangeM"],
  ["l2PhaseMinusL1PrM", "l2PhaseMinusL1PseudorangeM"],
  ["l2Lock", "l2LockIndicator"],
  ["l2CnrDbHz", "l2CnrDbHz"],
] as const;
/** Without the ambiguity (1001, 1003, 1009, 1011) no range is whole. */
const L1_RANGES = ["l1PseudorangeM", "l1PhaseRangeM"] as const;
const L2_RANGES = ["l2PseudorangeM", "l2PhaseRangeM"] as const;

/** What each kind does not send. */
const GLONASS_ONLY = ["frequencyChannel"];
const EXTENDED_ONLY = ["l1AmbiguityModulus", "l1CnrDbHz", "l2CnrDbHz"];
const L2_ONLY = ["l2Code", "l2MinusL1PseudorangeM", "l2PhaseMinusL1PseudorangeM", "l2LockIndicator", "l2CnrDbHz"];

/** 1001..1004, 1009..1012 in the words of the truth files: raw fields, then whole ranges, satellites as rows. */
export function legacyTruth(message: LegacyMessage, frame: number): object {
  const type = Number(message.kind);
  const extended = type % 2 === 0;
  const l2 = [1003, 1004, 1011, 1012].includes(type);
  const absent = new Set([...(type < 1009 ? GLONASS_ONLY : []), ...(extended ? [] : EXTENDED_ONLY), ...(l2 ? [] : L2_ONLY)]);
  const columns = COLUMNS.filter(([, name]) => !absent.has(name));
  const ranges = extended ? [...L1_RANGES, ...(l2 ? L2_RANGES : [])] : [];
  return {
    frame,
    type,
    station: message.stationId,
    epochMs: message.epochMs,
    sync: Number(message.synchronous),
    nSat: message.satellites.length,
    smoothing: Number(message.divergenceFreeSmoothing),
    smoothingInterval: message.smoothingInterval,
    satFields: [...columns.map(([word]) => word), ...ranges],
    sats: message.satellites.map((satellite: Satellite) => {
      const values = satellite as Readonly<Record<string, number | null>>;
      const whole = "l1AmbiguityModulus" in satellite ? legacyRanges(satellite) : undefined;
      return [...columns.map(([, name]) => values[name]), ...(whole === undefined ? [] : ranges.map((name) => whole[name]))];
    }),
  };
}
