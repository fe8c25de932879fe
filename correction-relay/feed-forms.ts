import { type Constellation, constellationOf, type Ecef, frameOf, LegacyConverter, Msm4Converter, messageType, withArpOffset } from "rtcm-parser";
import type { Unit } from "./epoch-gatherer.ts";

/**
 * In which form a base's stream leaves. as-sent: byte for byte, the real mount; one-set: one observation set per system
 * and no 4072, for virtual mounts; msm4, legacy: the variants `_M4` and `_L`.
 */
export type FeedForm = "as-sent" | "one-set" | "msm4" | "legacy";

/** Makes a unit of one form out of a unit as sent. It remembers locks and phases: one per feed, for the feed's life. */
export interface Former {
  /** null: nothing of it leaves in this form. */
  apply(unit: Unit): Unit | null;
}

export function formerOf(form: FeedForm, arpOffset: Ecef | null): Former {
  if (form === "as-sent" && arpOffset === null) return AS_SENT;
  return new FrameFormer(form, arpOffset);
}

const AS_SENT: Former = { apply: (unit) => unit };
const MOVING_BASE = 4072; // u-blox, for the pair of receivers on one vehicle: a rover in the field can only misread it
const FORGOTTEN_AFTER_MS = 10_000;

class FrameFormer implements Former {
  readonly #form: FeedForm;
  readonly #arpOffset: Ecef | null;
  readonly #sets = new ObservationSets();
  readonly #msm4 = new Msm4Converter();
  readonly #legacy = new LegacyConverter();

  constructor(form: FeedForm, arpOffset: Ecef | null) {
    this.#form = form;
    this.#arpOffset = arpOffset;
  }

  apply(unit: Unit): Unit | null {
    const frames = this.#framesOf(unit);
    if (frames.length === 0) return null;
    const closed = unit.last && this.#form !== "as-sent" ? withOneEnd(frames) : frames;
    return { ...unit, frames: closed, bytes: Buffer.concat(closed), kind: closed.some(isObservation) ? unit.kind : "other" };
  }

  #framesOf(unit: Unit): readonly Uint8Array[] {
    const offset = this.#arpOffset;
    const frames = offset === null ? unit.frames : unit.frames.map((frame) => withArpOffset(frame, offset));
    for (const frame of frames) this.#sets.note(frame, unit.arrivedAtMs);
    const kept = frames.filter((frame) => messageType(frame) !== MOVING_BASE);
    switch (this.#form) {
      case "as-sent":
        return frames;
      case "one-set":
        return kept.filter((frame) => this.#sets.isBest(frame));
      case "msm4":
        return kept.filter((frame) => this.#sets.isBestMsm(frame)).flatMap((frame) => this.#toMsm4(frame) ?? []);
      case "legacy":
        return this.#legacy.push(kept.filter((frame) => this.#sets.isLegacyOrFor(frame)));
    }
  }

  #toMsm4(frame: Uint8Array): Uint8Array | null {
    return isMsmType(messageType(frame)) ? this.#msm4.push(frame) : frame;
  }
}

type Kind = { readonly constellation: Constellation; readonly legacy: boolean; readonly rank: number };

/** Which observation sets a base sends per system: where there are several, only the fullest leaves. */
class ObservationSets {
  readonly #msm = new Map<Constellation, { rank: number; atMs: number }>();
  readonly #legacy = new Map<Constellation, { rank: number; atMs: number }>();

  note(frame: Uint8Array, atMs: number): void {
    const kind = kindOf(frame);
    if (kind === null) return;
    const sets = kind.legacy ? this.#legacy : this.#msm;
    const known = sets.get(kind.constellation);
    if (known === undefined || kind.rank >= known.rank || atMs - known.atMs > FORGOTTEN_AFTER_MS) sets.set(kind.constellation, { rank: kind.rank, atMs });
    const other = (kind.legacy ? this.#msm : this.#legacy).get(kind.constellation);
    if (other !== undefined && atMs - other.atMs > FORGOTTEN_AFTER_MS) (kind.legacy ? this.#msm : this.#legacy).delete(kind.constellation);
  }

  isBest(frame: Uint8Array): boolean {
    const kind = kindOf(frame);
    if (kind === null) return true;
    if (kind.legacy) return !this.#msm.has(kind.constellation) && this.#legacy.get(kind.constellation)?.rank === kind.rank;
    return this.#msm.get(kind.constellation)?.rank === kind.rank;
  }

  isBestMsm(frame: Uint8Array): boolean {
    const kind = kindOf(frame);
    return kind === null || (!kind.legacy && this.#msm.get(kind.constellation)?.rank === kind.rank);
  }

  /** The base's own legacy observations, or the MSM that stand in for them. */
  isLegacyOrFor(frame: Uint8Array): boolean {
    const kind = kindOf(frame);
    if (kind === null) return true;
    const own = this.#legacy.get(kind.constellation);
    return kind.legacy ? own?.rank === kind.rank : own === undefined && this.#msm.get(kind.constellation)?.rank === kind.rank;
  }
}

function kindOf(frame: Uint8Array): Kind | null {
  const type = messageType(frame);
  if (type === null) return null;
  if (type >= 1001 && type <= 1004) return { constellation: "GPS", legacy: true, rank: type - 1000 };
  if (type >= 1009 && type <= 1012) return { constellation: "GLONASS", legacy: true, rank: type - 1008 };
  const constellation = constellationOf(type);
  return constellation === null ? null : { constellation, legacy: false, rank: type % 10 };
}

const isMsmType = (type: number | null): boolean => type !== null && constellationOf(type) !== null;
const isObservation = (frame: Uint8Array): boolean => kindOf(frame) !== null;

/** A receiver waits for what is announced: after frames were left out, only the last observation may say that none follows. */
function withOneEnd(frames: readonly Uint8Array[]): readonly Uint8Array[] {
  const last = frames.findLastIndex(isObservation);
  return frames.map((frame, i) => (isObservation(frame) ? withMoreToFollow(frame, i !== last) : frame));
}

/** Bit 54 of the payload in MSM and 1001–1004 (DF393, DF005), bit 51 in 1009–1012. */
function withMoreToFollow(frame: Uint8Array, more: boolean): Uint8Array {
  const type = messageType(frame) ?? 0;
  const mask = type >= 1009 && type <= 1012 ? 0x10 : 0x02;
  const byte = frame[9];
  if (byte === undefined || ((byte & mask) !== 0) === more) return frame;
  const payload = new Uint8Array(frame.subarray(3, frame.length - 3));
  payload[6] = more ? byte | mask : byte & ~mask;
  return frameOf(payload);
}
