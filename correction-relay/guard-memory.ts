import type { Ecef } from "rtcm-parser";
import type { Sentence } from "../core/domain/live.ts";
import type { DescriptorMemory } from "./descriptor-watch.ts";

/** A stop of the guard; it lasts until staff confirm later than `atMs`. */
export interface GuardStop {
  readonly atMs: number;
  readonly reason: Sentence;
}

/** What the guard of a base must know again after a restart. */
export interface GuardMemory {
  readonly stop: GuardStop | null;
  readonly learned: Ecef | null; // of an unsurveyed base
  readonly recheckPassedMs: number | null; // the 全基準局を再確認 that it has passed
  readonly lostAtMs: number | null; // when its memory was found damaged: checked anew since
  readonly descriptors: DescriptorMemory;
}

export const NO_MEMORY: GuardMemory = { stop: null, learned: null, recheckPassedMs: null, lostAtMs: null, descriptors: {} };
