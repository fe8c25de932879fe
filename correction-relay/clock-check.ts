import { execFile } from "node:child_process";
import { access, stat } from "node:fs/promises";
import type { Evidence } from "./verdict.ts";

export type ClockState = Evidence["clock"];

const LOOK_EVERY_MS = 60_000;
const TRACE_MAX_AGE_MS = 2 * 3_600_000; // both daemons write theirs about once an hour, while they are synchronised
const COMMAND_TIMEOUT_MS = 2000;

/** Where a Linux host shows that its clock follows another. Nothing of it need be there: in a container none is. */
export interface ClockTraces {
  exists(path: string): Promise<boolean>;
  /** When it was last written, Unix ms; null: it is not there. */
  modifiedAtMs(path: string): Promise<number | null>;
  /** What systemd says; null: it cannot be asked. */
  ntpSynchronized(): Promise<boolean | null>;
}

const TIMESYNCD = "/run/systemd/timesync/synchronized"; // systemd-timesyncd makes it at its first synchronisation
const DRIFT_FILES = ["/var/lib/chrony/drift", "/var/lib/chrony/chrony.drift", "/var/lib/ntpsec/ntp.drift", "/var/lib/ntp/ntp.drift"];

/**
 * Is our own clock good enough to say how late an epoch came? By what the host's time daemon leaves behind, and, where nothing
 * tells, by the bases themselves: they all know the time, and none can arrive before it was measured.
 */
export class ClockCheck {
  readonly #traces: ClockTraces;
  #host: ClockState = "unknown";
  #lookedAtMs = Number.NEGATIVE_INFINITY;
  #looking = false;
  #state: ClockState = "unknown";

  constructor(traces: ClockTraces = hostTraces) {
    this.#traces = traces;
  }

  get state(): ClockState {
    return this.#state;
  }

  /** Once a second; looks at the host once a minute. @param leastLatenciesMs of each base that sends now, see `BaseMonitor.leastLatencyMs` */
  tick(nowMs: number, leastLatenciesMs: readonly number[]): void {
    this.#state = byBases(this.#host, leastLatenciesMs);
    if (this.#looking || Math.abs(nowMs - this.#lookedAtMs) < LOOK_EVERY_MS) return;
    this.#lookedAtMs = nowMs;
    this.#looking = true;
    void this.look(nowMs).finally(() => {
      this.#looking = false;
    });
  }

  /** At the host, now. */
  async look(nowMs: number): Promise<void> {
    this.#host = await hostClock(this.#traces, nowMs);
  }
}

async function hostClock(traces: ClockTraces, nowMs: number): Promise<ClockState> {
  try {
    if (await traces.exists(TIMESYNCD)) return "trusted";
    for (const path of DRIFT_FILES) {
      const atMs = await traces.modifiedAtMs(path);
      if (atMs !== null && Math.abs(nowMs - atMs) <= TRACE_MAX_AGE_MS) return "trusted";
    }
    const said = await traces.ntpSynchronized();
    if (said === null) return "unknown";
    return said ? "trusted" : "off";
  } catch {
    return "unknown"; // a trace that may not be read tells nothing
  }
}

const BEFORE_MEASURED_MS = -50; // so far before its own time nothing arrives
const PLAUSIBLE_MS = 1000; // the fastest of several uplinks is not slower

/** An arrival before its measurement proves our clock wrong, whatever the host says; two bases or more whose fastest epoch took a plausible time prove it good. */
function byBases(host: ClockState, leastLatenciesMs: readonly number[]): ClockState {
  if (leastLatenciesMs.length === 0) return host;
  const least = Math.min(...leastLatenciesMs);
  if (least < BEFORE_MEASURED_MS) return "off";
  if (host !== "unknown") return host;
  return leastLatenciesMs.length >= 2 && least <= PLAUSIBLE_MS ? "trusted" : "unknown";
}

export const hostTraces: ClockTraces = {
  exists: (path) =>
    access(path).then(
      () => true,
      () => false,
    ),
  modifiedAtMs: (path) =>
    stat(path).then(
      ({ mtimeMs }) => mtimeMs,
      () => null,
    ),
  ntpSynchronized: () =>
    new Promise((resolve) => {
      execFile("timedatectl", ["show", "--property=NTPSynchronized", "--value"], { timeout: COMMAND_TIMEOUT_MS }, (error, stdout) => {
        if (error !== null) resolve(null);
        else resolve(stdout.trim() === "yes" ? true : stdout.trim() === "no" ? false : null);
      });
    }),
};
