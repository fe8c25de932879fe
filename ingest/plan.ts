import type { UplinkOutcome } from "../core/domain/ledger.ts";
import type { Reading } from "../core/domain/reading.ts";
import type { DeviceIndex } from "./device-index.ts";
import type { ScriptDecoder } from "./frame-decoder.ts";
import type { FoundFrame, FrameKey, Reception, Session, SessionReader } from "./sessions.ts";

/** What is to be written about one uplink. Making it reads, but changes nothing. */
export interface Plan {
  readonly outcome: UplinkOutcome;
  readonly reason: string; // "" for stored
  readonly device: string | null; // our id, else the name that came
  readonly timeMs: number | null; // event time; null = that of receipt
  readonly readings: readonly Reading[];
  readonly key: FrameKey | null; // what decides between two readings in one place; null = gives none
  readonly session: { readonly devEui: string; readonly session: Session } | null;
  readonly frame: PlannedFrame | null;
  readonly copy: PlannedCopy | null; // of a duplicate that tells more than its original did
  readonly heard: Reception[] | null; // a message of the device itself, and through whom; null = not from the field
  readonly gateways: readonly string[]; // alive, since they heard something, whoever's it was
}
export interface PlannedFrame {
  readonly key: FrameKey;
  readonly frame: FoundFrame;
}
/** The frame as it stands after the copy, and what the original would have given with that. */
export interface PlannedCopy {
  readonly key: FrameKey;
  readonly was: FoundFrame;
  readonly now: FoundFrame;
  readonly readings: (receivedAtMs: number) => readonly Reading[];
}

export interface PlanContext {
  readonly devices: DeviceIndex;
  readonly sessions: SessionReader;
  readonly scripts: ScriptDecoder;
  /** What became of this uplink before; null = it is processed for the first time. */
  readonly before: { readonly outcome: UplinkOutcome; readonly timeMs: number | null } | null;
}

export const NOTHING = {
  timeMs: null,
  readings: [],
  key: null,
  session: null,
  frame: null,
  copy: null,
  heard: null,
  gateways: [],
} as const satisfies Partial<Plan>;
