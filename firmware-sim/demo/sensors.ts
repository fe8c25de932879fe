/** The sensors of the demo: one table for the site file and for the fleet that speaks for them. */
export type SimProfile =
  | "dragino-ldds75"
  | "milesight-em500-swl"
  | "decentlab-dl-pr26"
  | "decentlab-dl-mbx"
  | "dragino-lht65n"
  | "dragino-lse01"
  | "decentlab-dl-trs12";

/** What the water (or the sensor) does: `silent` stopped sending before the demo's first start. */
export type Behaviour = "steady" | "leaking" | "overfull" | "silent";

export interface SimSensor {
  readonly id: string;
  readonly name: string;
  readonly plot: string;
  readonly profile: SimProfile;
  readonly devEui: string; // lower case
  readonly behaviour: Behaviour;
  readonly intervalS: number; // live
  readonly zeroMm: number | null;
  readonly depthCm: number | null;
}

/** Live intervals: short, so that something moves while one looks. */
const LEVEL_S = 5;
const OTHER_S = 10;
const HEAD_ZERO_MM = 150; // pressure probes stand in a tube below the field: they also see the water table

interface Row {
  readonly plot: string;
  readonly profile: SimProfile;
  readonly behaviour?: Behaviour;
  readonly zeroMm?: number;
  readonly depthCm?: number;
}

const LEVELS: readonly Row[] = [
  { plot: "kita-1", profile: "dragino-ldds75", zeroMm: 750 },
  { plot: "kita-2", profile: "dragino-ldds75", zeroMm: 745, behaviour: "leaking" },
  { plot: "kita-3", profile: "decentlab-dl-pr26", zeroMm: HEAD_ZERO_MM },
  { plot: "sawa", profile: "decentlab-dl-mbx", zeroMm: 910, behaviour: "overfull" },
  { plot: "dote", profile: "dragino-ldds75", zeroMm: 760 },
  { plot: "higashi-1", profile: "decentlab-dl-pr26", zeroMm: HEAD_ZERO_MM },
  { plot: "higashi-2", profile: "dragino-ldds75", zeroMm: 752 },
  { plot: "higashi-3", profile: "milesight-em500-swl", zeroMm: HEAD_ZERO_MM },
  { plot: "terada", profile: "dragino-ldds75", zeroMm: 748 },
  { plot: "kawamae", profile: "decentlab-dl-mbx", zeroMm: 900 },
  { plot: "ie-no-mae", profile: "dragino-ldds75", zeroMm: 755 },
  { plot: "minami-1", profile: "decentlab-dl-pr26", zeroMm: HEAD_ZERO_MM },
  { plot: "minami-2", profile: "dragino-ldds75", zeroMm: 750, behaviour: "silent" },
  { plot: "gakko", profile: "dragino-ldds75", zeroMm: 758 },
];
const OTHERS: readonly (Row & { readonly kind: "air" | "soil"; readonly label: string })[] = [
  { plot: "kita-1", profile: "dragino-lht65n", kind: "air", label: "気温" },
  { plot: "kita-3", profile: "dragino-lse01", kind: "soil", label: "土壌", depthCm: 10 },
  { plot: "terada", profile: "decentlab-dl-trs12", kind: "soil", label: "土壌", depthCm: 15 },
];

/** `names`: plot id → plot name. */
export function demoSensors(names: ReadonlyMap<string, string>): readonly SimSensor[] {
  const levels = LEVELS.map((row) => ({ ...row, kind: "level", label: "水位", intervalS: LEVEL_S }));
  const others = OTHERS.map((row) => ({ ...row, intervalS: OTHER_S }));
  return [...levels, ...others].map((row, i) => ({
    id: `${row.plot}-${row.kind}`,
    name: `${names.get(row.plot) ?? row.plot} ${row.label}`,
    plot: row.plot,
    profile: row.profile,
    devEui: `02a2e31c0000${(0x0101 + i).toString(16).padStart(4, "0")}`, // locally administered (U/L bit): no maker's number
    behaviour: row.behaviour ?? "steady",
    intervalS: row.intervalS,
    zeroMm: row.zeroMm ?? null,
    depthCm: row.depthCm ?? null,
  }));
}
