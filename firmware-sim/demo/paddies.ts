import type { Geodetic } from "rtcm-parser";
import type { Polygon } from "../../core/domain/site.ts";
import { moved } from "../gnss/local-frame.ts";

/** South-west corner of the demo's block of paddies in Misato-cho, Akita. Invented parcels, not anybody's land. */
export const PADDY_ORIGIN: Geodetic = { latDeg: 39.4196, lonDeg: 140.5489, heightM: 58 };

/** A 30 a paddy of land consolidation: 100 m × 30 m; ridges between neighbours, a farm road and canal between the rows. */
export const PADDY = { lengthM: 100, widthM: 30, ridgeM: 0.8, roadM: 9, rotationDeg: 7 } as const;

export interface Paddy {
  readonly id: string;
  readonly name: string;
  readonly party: string;
  readonly column: number; // from the west
  readonly row: "south" | "north" | "far-south"; // of the farm road; far-south beyond the second road
  readonly base: string;
  readonly variety: string;
  readonly transplantedOn: string; // month and day
  readonly cut?: { readonly northM: number }; // a stream takes this much off the north-east corner
}

const SATO = "sato-farm";
const HOJIN = "misato-hojin";
const ROKUGO = "demo-rokugo";
const SENHATA = "demo-senhata";

export const PADDIES: readonly Paddy[] = [
  { id: "kita-1", name: "北の1番", party: SATO, column: 0, row: "north", base: ROKUGO, variety: "あきたこまち", transplantedOn: "05-20" },
  { id: "kita-2", name: "北の2番", party: SATO, column: 1, row: "north", base: ROKUGO, variety: "あきたこまち", transplantedOn: "05-20" },
  { id: "kita-3", name: "北の3番", party: SATO, column: 2, row: "north", base: ROKUGO, variety: "あきたこまち", transplantedOn: "05-21" },
  { id: "sawa", name: "沢の田", party: SATO, column: 3, row: "north", base: ROKUGO, variety: "サキホコレ", transplantedOn: "05-25", cut: { northM: 22 } },
  { id: "dote", name: "土手下", party: HOJIN, column: 4, row: "north", base: SENHATA, variety: "サキホコレ", transplantedOn: "05-26" },
  { id: "higashi-1", name: "東の1番", party: HOJIN, column: 0, row: "south", base: ROKUGO, variety: "あきたこまち", transplantedOn: "05-22" },
  { id: "higashi-2", name: "東の2番", party: HOJIN, column: 1, row: "south", base: ROKUGO, variety: "あきたこまち", transplantedOn: "05-22" },
  { id: "higashi-3", name: "東の3番", party: HOJIN, column: 2, row: "south", base: SENHATA, variety: "あきたこまち", transplantedOn: "05-23" },
  { id: "terada", name: "寺田", party: HOJIN, column: 3, row: "south", base: SENHATA, variety: "めんこいな", transplantedOn: "05-24" },
  { id: "kawamae", name: "川前", party: HOJIN, column: 4, row: "south", base: SENHATA, variety: "めんこいな", transplantedOn: "05-24" },
  { id: "ie-no-mae", name: "家の前", party: SATO, column: 0, row: "far-south", base: ROKUGO, variety: "ゆめおばこ", transplantedOn: "05-18" },
  { id: "minami-1", name: "南の1番", party: SATO, column: 1, row: "far-south", base: ROKUGO, variety: "ゆめおばこ", transplantedOn: "05-18" },
  { id: "minami-2", name: "南の2番", party: SATO, column: 2, row: "far-south", base: ROKUGO, variety: "あきたこまち", transplantedOn: "05-19" },
  { id: "gakko", name: "学校田", party: HOJIN, column: 3, row: "far-south", base: SENHATA, variety: "きぬのはだ", transplantedOn: "05-28" },
];

/** Metres in the block's own frame (along the farm road, across it) to a place on earth. */
export function inBlock(alongM: number, acrossM: number): Geodetic {
  const turn = (PADDY.rotationDeg * Math.PI) / 180; // counter-clockwise from east
  return moved(PADDY_ORIGIN, {
    eastM: alongM * Math.cos(turn) - acrossM * Math.sin(turn),
    northM: alongM * Math.sin(turn) + acrossM * Math.cos(turn),
  });
}

/** South-west corner of a paddy in the block's frame. */
export function cornerOf(paddy: Pick<Paddy, "column" | "row">): { readonly alongM: number; readonly acrossM: number } {
  const pitchM = PADDY.lengthM + PADDY.roadM;
  const rows = { "far-south": 0, south: pitchM, north: 2 * pitchM } as const;
  return { alongM: paddy.column * (PADDY.widthM + PADDY.ridgeM), acrossM: rows[paddy.row] };
}

/** Closed, counter-clockwise (RFC 7946 §3.1.6), 7 decimals = 1 cm. */
export function outlineOf(paddy: Paddy): Polygon {
  const { alongM, acrossM } = cornerOf(paddy);
  const north = acrossM + PADDY.lengthM;
  const corners: (readonly [number, number])[] = [
    [alongM, acrossM],
    [alongM + PADDY.widthM, acrossM],
    [alongM + PADDY.widthM, north - (paddy.cut?.northM ?? 0)],
    [alongM, north],
    [alongM, acrossM],
  ];
  return { type: "Polygon", coordinates: [corners.map(([along, across]) => lonLat(inBlock(along, across)))] };
}

function lonLat(place: Geodetic): [number, number] {
  return [Number(place.lonDeg.toFixed(7)), Number(place.latDeg.toFixed(7))];
}
