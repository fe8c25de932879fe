import type { Ecef } from "rtcm-parser";
import { apartM, arpOf, isArp, isMoved } from "./arp-frame.ts";

const FARTHEST_M = 50_000; // a computed reference farther from its rover than this is not meant for it

/**
 * pass: to the rover. hold: not to the rover, nothing is known of the reference yet.
 * reset: this frame is the position of another reference: what was gathered and kept of the old one goes, this frame first.
 * far: the reference is not this rover's; the session ends.
 */
export type ReferenceDecision = "pass" | "hold" | "reset" | "far";

/** The reference of one rover's session with a network (VRS): it moves legitimately, but never unnoticed. */
export class NetworkReference {
  #reference: Ecef | null = null;
  #distanceM: number | null = null;
  #passed = false; // something of a reference has gone to the rover

  /** Rover to reference at the last 1005 or 1006, m. */
  get distanceM(): number | null {
    return this.#distanceM;
  }

  /** @param rover its last position; null holds a reference back that cannot be compared with anything */
  frame(frame: Uint8Array, rover: Ecef | null): ReferenceDecision {
    if (!isArp(frame)) return this.#reference === null ? "hold" : "pass";
    const arp = arpOf(frame);
    const before = this.#reference;
    const same = arp !== null && before !== null && !isMoved(apartM(arp, before));
    if (arp === null || rover === null) {
      if (same) return "pass";
      this.#reference = null;
      return "hold";
    }
    this.#distanceM = apartM(arp, rover);
    if (this.#distanceM > FARTHEST_M) return "far";
    if (same) return "pass";
    this.#reference = arp;
    if (this.#passed) return "reset";
    this.#passed = true;
    return "pass";
  }
}
