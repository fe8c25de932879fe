import type { Constellation } from "rtcm-parser";

const THERE_AFTER_MS = 600_000; // so long a system must have been there to be missed
const AWAY_BREAKS_MS = 60_000;
const LOST_AFTER_MS = 10_000;
const START_GRACE_MS = 60_000; // a receiver that starts finds its systems one by one
const FORGOTTEN_AFTER_MS = 86_400_000; // then it was switched off on purpose
const SATELLITES_MIN = 2; // a single one sets behind the horizon
const NOW_OVER_MS = 60_000;
const USUAL_OVER_MS = 3_600_000;
const INTERVALS_MISSED = 4; // of a base that sends rarely

interface System {
  presentSinceMs: number;
  lastAtMs: number; // heard
  countedAtMs: number;
  usual: number; // satellites, mean of about the last hour
  now: number; // mean of about the last minute
  known: boolean; // was there for long enough to be missed
}

/** The satellite systems of one base, held against what this base has delivered before. */
export class SystemWatch {
  readonly #systems = new Map<Constellation, System>();
  #sessionSinceMs = 0;

  sessionStarted(nowMs: number): void {
    this.#sessionSinceMs = nowMs;
  }

  /** After a restart of the relay: these were there before. */
  restore(systems: readonly string[], nowMs: number): void {
    for (const name of systems) {
      if (!isConstellation(name) || this.#systems.has(name)) continue;
      this.#systems.set(name, { presentSinceMs: nowMs, lastAtMs: nowMs, countedAtMs: nowMs, usual: 0, now: 0, known: true });
    }
  }

  /** To be kept over a restart. */
  get known(): readonly Constellation[] {
    return [...this.#systems].filter(([, system]) => system.known).map(([name]) => name);
  }

  /** A frame of this system with satellites in it. */
  heard(constellation: Constellation, atMs: number): void {
    const system = this.#systems.get(constellation);
    if (system === undefined) {
      this.#systems.set(constellation, { presentSinceMs: atMs, lastAtMs: atMs, countedAtMs: atMs, usual: 0, now: 0, known: false });
      return;
    }
    if (atMs - system.lastAtMs > AWAY_BREAKS_MS) {
      system.presentSinceMs = atMs;
      system.now = 0;
    }
    system.lastAtMs = Math.max(system.lastAtMs, atMs);
  }

  /** A whole epoch of this system has so many satellites. */
  counted(constellation: Constellation, satellites: number, atMs: number): void {
    const system = this.#systems.get(constellation);
    if (system === undefined || satellites === 0) return;
    const elapsedMs = Math.max(0, atMs - system.countedAtMs);
    system.countedAtMs = Math.max(system.countedAtMs, atMs);
    system.now = smoothed(system.now, satellites, elapsedMs / NOW_OVER_MS);
    system.usual = smoothed(system.usual, satellites, elapsedMs / USUAL_OVER_MS);
    if (system.usual >= SATELLITES_MIN && atMs - system.presentSinceMs >= THERE_AFTER_MS) system.known = true;
  }

  /** Systems that were there for ten minutes and are gone, while others go on. */
  lost(nowMs: number, intervalMs: number | null): readonly Constellation[] {
    const afterMs = Math.max(LOST_AFTER_MS, INTERVALS_MISSED * (intervalMs ?? 0));
    if ([...this.#systems.values()].every(({ lastAtMs }) => nowMs - lastAtMs > afterMs / 2)) return []; // silent: another matter
    const lost: Constellation[] = [];
    for (const [name, { known, lastAtMs }] of this.#systems) {
      if (!known) continue;
      const awayMs = nowMs - lastAtMs;
      if (awayMs >= FORGOTTEN_AFTER_MS) this.#systems.delete(name);
      else if (awayMs >= afterMs && (lastAtMs > this.#sessionSinceMs || nowMs - this.#sessionSinceMs >= START_GRACE_MS)) lost.push(name);
    }
    return lost;
  }

  /** Systems with less than half the satellites that this base usually delivers, and at least three fewer. */
  few(nowMs: number): readonly { readonly constellation: Constellation; readonly now: number; readonly usual: number }[] {
    const few: { constellation: Constellation; now: number; usual: number }[] = [];
    for (const [constellation, { known, lastAtMs, now, usual }] of this.#systems) {
      if (known && nowMs - lastAtMs < LOST_AFTER_MS && now < usual / 2 && usual - now >= 3) few.push({ constellation, now, usual });
    }
    return few;
  }
}

/** A mean that forgets; 0 has nothing to forget. */
const smoothed = (mean: number, value: number, share: number): number => (mean === 0 ? value : mean + (value - mean) * Math.min(1, share));

const NAMES: ReadonlySet<string> = new Set<Constellation>(["GPS", "GLONASS", "GALILEO", "SBAS", "QZSS", "BEIDOU", "NAVIC"]);
const isConstellation = (name: string): name is Constellation => NAMES.has(name);
