import { type Constellation, decodeMessage, decodeMsmHeader, type Epoch } from "rtcm-parser";
import type { BaseHealth } from "../core/domain/live.ts";
import { EpochWatch } from "./epoch-watch.ts";
import type { Minute } from "./minutes.ts";
import { SignalWatch } from "./signal-watch.ts";
import { SystemWatch } from "./system-watch.ts";

/** A system without an epoch for so long is not there now. */
export const FRESH_MS = 5000;
/** The cost of looking is bounded per system, whatever the base's rate: satellites are counted, and signals sampled, no oftener. */
const EXAMINE_EVERY_MS = 200;
const SAMPLE_EVERY_MS = 950; // a base at 1 Hz does not arrive to the millisecond
const JUMP_MS = 10_000; // another recording, a long gap, or a new week: locks before it tell nothing

interface View {
  epochRaw: number;
  satellites: Set<number>; // of the epoch that is arriving, or of the last one that was examined
  counted: number | null; // of the last one that is over
  lastAtMs: number;
  examined: boolean; // the epoch that is arriving
  examinedAtMs: number;
  sampled: boolean;
  sampledAtMs: number | null;
}

/** The observations of one base: their times, their systems, their signals. */
export class ObservationWatch {
  readonly epochs = new EpochWatch();
  readonly signals = new SignalWatch();
  readonly systems = new SystemWatch();
  readonly #views = new Map<Constellation, View>();
  #secondCarrier = false;
  #sameSinceMs = 0;
  #lastSecond = 0;

  get constellations(): readonly Constellation[] {
    return [...this.#views.keys()];
  }

  get carriers(): 0 | 1 | 2 {
    if (this.#views.size === 0) return 0;
    return this.#secondCarrier ? 2 : 1;
  }

  /** Since when it has been the same systems: medians over all of them cannot be compared with those before. */
  get sameSystemsSinceMs(): number {
    return this.#sameSinceMs;
  }

  /** Systems that this base had, and has no more. */
  lostSystems(nowMs: number): readonly Constellation[] {
    return this.systems.lost(nowMs, this.epochs.intervalMs);
  }

  /** A source session begins. */
  reset(atMs: number): void {
    this.epochs.reset();
    this.signals.reset();
    this.systems.sessionStarted(atMs);
    this.#views.clear();
    this.#secondCarrier = false;
  }

  /** Satellites of each system's last whole epoch. */
  satellites(nowMs: number): BaseHealth["satellites"] {
    const satellites: Partial<Record<Constellation, number>> = {};
    for (const [constellation, view] of this.#views) if (nowMs - view.lastAtMs < FRESH_MS) satellites[constellation] = view.counted ?? view.satellites.size;
    return satellites;
  }

  /** @throws RtcmError */
  frame(frame: Uint8Array, type: number, epoch: Epoch, atMs: number, minute: Minute): void {
    const second = Math.floor(atMs / 1000);
    if (second !== this.#lastSecond) minute.observedS += 1;
    this.#lastSecond = second;
    this.epochs.frame(frame, type, epoch, atMs, minute);
    const { view, first } = this.#viewOf(epoch, atMs, minute);
    view.lastAtMs = atMs;
    if (view.examined) {
      const satellites = this.#satellitesIn(frame, type);
      if (satellites.length > 0) this.systems.heard(epoch.constellation, atMs);
      for (const satellite of satellites) view.satellites.add(satellite);
    }
    if (!view.sampled) return;
    const watchedS = first && view.sampledAtMs !== null ? Math.abs(atMs - view.sampledAtMs) / 1000 : 0;
    if (first) view.sampledAtMs = atMs;
    this.signals.sample(frame, { constellation: epoch.constellation, first, watchedS, atMs }, minute);
  }

  #viewOf({ constellation, epochRaw }: Epoch, atMs: number, minute: Minute): { readonly view: View; readonly first: boolean } {
    const view = this.#views.get(constellation);
    if (view === undefined) {
      const begun: View = {
        epochRaw,
        satellites: new Set(),
        counted: null,
        lastAtMs: atMs,
        examined: true,
        examinedAtMs: atMs,
        sampled: true,
        sampledAtMs: null,
      };
      this.#views.set(constellation, begun);
      this.#sameSinceMs = atMs;
      return { view: begun, first: true };
    }
    if (view.epochRaw === epochRaw) return { view, first: false };
    if (atMs - view.lastAtMs >= FRESH_MS) this.#sameSinceMs = atMs; // it comes back
    if (view.examined) this.#examined(constellation, view, minute);
    if (epochRaw < view.epochRaw || epochRaw - view.epochRaw > JUMP_MS) this.signals.forget(constellation);
    view.epochRaw = epochRaw;
    view.examined = Math.abs(atMs - view.examinedAtMs) >= EXAMINE_EVERY_MS;
    if (view.examined) {
      view.examinedAtMs = atMs;
      view.satellites = new Set();
    }
    view.sampled = view.examined && (view.sampledAtMs === null || Math.abs(atMs - view.sampledAtMs) >= SAMPLE_EVERY_MS);
    return { view, first: true };
  }

  #examined(constellation: Constellation, view: View, minute: Minute): void {
    const count = view.satellites.size;
    view.counted = count;
    this.systems.counted(constellation, count, view.lastAtMs);
    const sum = minute.satellites.get(constellation) ?? { sum: 0, epochs: 0 };
    minute.satellites.set(constellation, { sum: sum.sum + count, epochs: sum.epochs + 1 });
  }

  #satellitesIn(frame: Uint8Array, type: number): readonly number[] {
    if (type >= 1070) {
      const { satelliteIds, signalIds } = decodeMsmHeader(frame);
      // RTCM 10403.3 tables 3.5-91 ff.: signals 2 to 6, and 30 to 32 (L1C, B1C), lie on the first carrier of their system.
      if (signalIds.some((id) => id >= 8 && id < 30)) this.#secondCarrier = true;
      return satelliteIds;
    }
    const message = decodeMessage(frame);
    if (!("satellites" in message)) return [];
    if (type === 1003 || type === 1004 || type === 1011 || type === 1012) this.#secondCarrier = true;
    return message.satellites.map((satellite) => ("satelliteId" in satellite ? satellite.satelliteId : 0));
  }
}
