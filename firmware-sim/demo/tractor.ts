import type { Geodetic } from "rtcm-parser";
import { placeAfter } from "../gnss/tractor-path.ts";
import { cornerOf, inBlock, PADDIES, PADDY } from "./paddies.ts";

/** Faster than a transplanter (about 1.2 m/s), so that one sees it move on the map. */
const SPEED_MPS = 2;
const ANTENNA_M = 2.6; // on the cabin's roof, above the ground

/** A tractor that works this paddy in rows, as a function of time. Throws RangeError for a paddy that is not in the demo. */
export function tractorIn(plotId: string): (atMs: number) => Geodetic {
  const paddy = PADDIES.find((p) => p.id === plotId);
  if (paddy === undefined) throw new RangeError(`no paddy ${plotId} in the demo`);
  const corner = cornerOf(paddy);
  const area = { lengthM: PADDY.lengthM - (paddy.cut?.northM ?? 0), widthM: PADDY.widthM };
  return (atMs) => {
    const at = placeAfter(area, (SPEED_MPS * atMs) / 1000);
    const ground = inBlock(corner.alongM + at.acrossM, corner.acrossM + at.alongM); // the block's road runs across the rows
    return { ...ground, heightM: ground.heightM + ANTENNA_M };
  };
}
