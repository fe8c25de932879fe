import { decodeMessage, ecefToLatLon } from "rtcm-parser";
import type { BaseHealth } from "../core/domain/live.ts";

/** Where and what a base says it is, in this source session. */
export class StationView {
  #antenna: BaseHealth["antenna"] = null;
  #arpAtMs: number | null = null;
  #computed = false;
  #receiver: string | null = null;

  get antenna(): BaseHealth["antenna"] {
    return this.#antenna;
  }

  /** When it last said where it is. */
  get arpAtMs(): number | null {
    return this.#arpAtMs;
  }

  /** DF141: no antenna stands there. */
  get computed(): boolean {
    return this.#computed;
  }

  get receiver(): string | null {
    return this.#receiver;
  }

  reset(): void {
    this.#antenna = null;
    this.#arpAtMs = null;
    this.#computed = false;
    this.#receiver = null;
  }

  /** A 1005, 1006 or 1033. @throws RtcmError */
  frame(frame: Uint8Array, atMs: number): void {
    const message = decodeMessage(frame);
    if (message.kind === "1033") this.#receiver = message.receiver || null;
    if (message.kind !== "1005" && message.kind !== "1006") return;
    const { stationId, xM, yM, zM, nonPhysical } = message;
    const { latDeg, lonDeg } = ecefToLatLon({ xM, yM, zM });
    const heightM = message.kind === "1006" ? message.antennaHeightM : null;
    this.#antenna = { stationId, x: xM, y: yM, z: zM, heightM, latDeg, lonDeg };
    this.#computed = nonPhysical;
    this.#arpAtMs = atMs;
  }
}
