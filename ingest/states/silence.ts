import type { Hearing, SilenceCause } from "../../core/domain/device-state.ts";

/** A device, channel or source is silent when nothing came for three of its intervals and a minute. Frames are lost singly every day. */
export function silentAfterMs(intervalS: number): number {
  return 3 * intervalS * 1000 + 60_000;
}

/** What is known about a device and about everything between it and us. Times are Unix ms. */
export interface Circumstances {
  readonly nowMs: number;
  readonly lastMs: number | null; // event time of its newest message
  readonly intervalS: number;
  readonly listeningSinceMs: number; // since when we can hear, without a break
  readonly gateways: readonly { readonly gatewayId: string; readonly isDown: boolean }[]; // that heard it lately
  readonly network: { readonly lastMs: number; readonly silentAfterMs: number } | null; // receipt of the newest message of any of its devices; null = it has too few
}
export interface Verdict {
  readonly state: Hearing;
  readonly sinceMs: number | null;
  readonly cause: SilenceCause | null;
}

/** Whether a device is silent, since when, and whose fault it is: what is nearest to us is asked first, since it hides all behind it. */
export function judgeSilence(c: Circumstances): Verdict {
  if (c.lastMs === null) return { state: "unknown", sinceMs: null, cause: null };
  const dueMs = c.lastMs + silentAfterMs(c.intervalS);
  if (c.nowMs <= dueMs) return { state: "reporting", sinceMs: null, cause: null };
  if (c.nowMs <= c.listeningSinceMs + silentAfterMs(c.intervalS)) return { state: "unknown", sinceMs: dueMs, cause: "restart" };
  if (c.network !== null && c.nowMs > c.network.lastMs + c.network.silentAfterMs) return { state: "silent", sinceMs: dueMs, cause: "network" };
  if (c.gateways.length > 0 && c.gateways.every(({ isDown }) => isDown)) return { state: "silent", sinceMs: dueMs, cause: "gateway" };
  return { state: "silent", sinceMs: dueMs, cause: "device" };
}

/** A channel of a device that is heard: silent when the device went on for three intervals without it. */
export function isChannelSilent(channelMs: number, deviceMs: number, intervalS: number): boolean {
  return deviceMs - channelMs > silentAfterMs(intervalS);
}
