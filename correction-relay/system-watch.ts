import type { Constellation } from "rtcm-parser";

const THERE_AFTER_MS = 600_000; // so long a system must have been there to be missed
const AWAY_BREAKS_MS = 60_000;
const LOST_AFTER_MS = 10_000;
const START_GRACE_MS = 60_000; // a receiver that starts finds its systems one by one
const FORGOTTEN_AFTER_MS = 86_400_000; // then it was switched off on purpose
const SATELLITES_MIN = 2; // a single one sets behind the horizon
const USUAL_OVER_MS = 3_600_000;

interface System {
  presentSinceMs: number;
  lastAtMs: number;
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
      this.#systems.set(name, { presentSinceMs: nowMs, lastAtMs: nowMs, usual: 0, now: 0, known: true });
    }
  }

  /** To be kept over a restart. */
  get known(): readonly Constellation[] {
    return [...this.#systems].filter(([, system]) => system.known).map(([name]) => name);
  }

  /** An epoch of this system, with so many satellites. */
  seen(constellation: Constellation, satellites: number, atMs: number): void {
    const system = this.#systems.get(constellation);
    if (satellites === 0) return;
    if (system === undefined) {
      this.#systems.set(constellation, { presentSinceMs: atMs, lastAtMs: atMs, usual: satellites, now: satellites, known: false });
      return;
    }
    const elapsedMs = Math.max(0, atMs - system.lastAtMs);
    if (elapsedMs > AWAY_BREAKS_MS) system.presentSinceMs = atMs;
    const first = system.usual === 0 || elapsedMs > AWAY_BREAKS_MS;
    system.now = first ? satellites : system.now + (satellites - system.now) * Math.min(1, elapsedMs / 60_000);
    system.usual = system.usual === 0 ? satellites : system.usual + (satellites - system.usual) * Math.min(1, elapsedMs / USUAL_OVER_MS);
    system.lastAtMs = Math.max(system.lastAtMs, atMs);
    if (system.usual >= SATELLITES_MIN && atMs - system.presentSinceMs >= THERE_AFTER_MS) system.known = true;
  }

  /** Systems that were there for ten minutes and are gone, while others go on. */
  lost(nowMs: number): readonly Constellation[] {
    if ([...this.#systems.values()].every(({ lastAtMs }) => nowMs - lastAtMs > LOST_AFTER_MS / 2)) return []; // silent: another matter
    const lost: Constellation[] = [];
    for (const [name, { known, lastAtMs }] of this.#systems) {
      if (!known) continue;
      const awayMs = nowMs - lastAtMs;
      if (awayMs >= FORGOTTEN_AFTER_MS) this.#systems.delete(name);
      else if (awayMs >= LOST_AFTER_MS && (lastAtMs > this.#sessionSinceMs || nowMs - this.#sessionSinceMs >= START_GRACE_MS)) lost.push(name);
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

const NAMES: ReadonlySet<string> = new Set<Constellation>(["GPS", "GLONASS", "GALILEO", "SBAS", "QZSS", "BEIDOU", "NAVIC"]);
const isConstellation = (name: string): name is Constellation => NAMES.has(name);
