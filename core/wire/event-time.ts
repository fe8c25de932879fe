import type { EventTime, LorawanUp } from "../domain/uplink.ts";

/** How far a gateway's clock may stand from the network server's and still be believed: ChirpStack's `rx_timestamp_max_drift`. */
const GATEWAY_DRIFT_MS = 30_000;
/** A time further ahead of our receipt than this is a wrong clock, not a fast network. */
const AHEAD_OF_RECEIPT_MS = 5 * 60_000;
/** Nothing of this field was measured before 2015: an unset clock (1970, 1980, 2000) is. */
const EARLIEST_MS = Date.UTC(2015, 0, 1);
const NO_REASONS: readonly string[] = [];
const CLOCK: readonly string[] = ["clock"];

/**
 * When a data frame was measured (DESIGN.md §6, "Event time"): the earliest gateway time within 30 s of the network server's,
 * else the network server's, else our receipt (`receivedAtMs`, Unix ms). Where the network server gave no time there is nothing
 * to hold a gateway's clock against, and the gateways' earliest stands. A time more than 5 min ahead of receipt or before 2015
 * is passed over with reason `clock`; age alone never disqualifies.
 */
export function eventTime(up: LorawanUp, receivedAtMs: number): EventTime {
  const networkMs = up.networkTimeMs;
  let earliestMs: number | null = null;
  let reasons = NO_REASONS;
  for (const { timeMs } of up.gateways) {
    if (timeMs === null) continue;
    if (networkMs !== null && Math.abs(timeMs - networkMs) > GATEWAY_DRIFT_MS) continue;
    if (!usable(timeMs, receivedAtMs)) reasons = CLOCK;
    else if (earliestMs === null || timeMs < earliestMs) earliestMs = timeMs;
  }
  if (earliestMs !== null) return { timeMs: earliestMs, source: "gateway", reasons };
  const network = messageTime(networkMs, receivedAtMs);
  return network.reasons.length > 0 || reasons.length === 0 ? network : { timeMs: network.timeMs, source: network.source, reasons };
}

/** When a message without a frame (a join, a status) happened: the network server's time if it is usable, else our receipt. */
export function messageTime(networkMs: number | null, receivedAtMs: number): EventTime {
  if (networkMs === null) return { timeMs: receivedAtMs, source: "server", reasons: NO_REASONS };
  if (usable(networkMs, receivedAtMs)) return { timeMs: networkMs, source: "network", reasons: NO_REASONS };
  return { timeMs: receivedAtMs, source: "server", reasons: CLOCK };
}

/**
 * When one record of a message was measured: the device's own time (history frames, SenML) if it is usable,
 * else the time of the message that carried it, with reason `clock`. A record without a time takes `fallback` as it is.
 */
export function recordTime(timeMs: number | null, fallback: EventTime, receivedAtMs: number): EventTime {
  if (timeMs === null) return fallback;
  if (usable(timeMs, receivedAtMs)) return { timeMs, source: "device", reasons: NO_REASONS };
  return { timeMs: fallback.timeMs, source: fallback.source, reasons: CLOCK };
}

function usable(timeMs: number, receivedAtMs: number): boolean {
  return timeMs >= EARLIEST_MS && timeMs <= receivedAtMs + AHEAD_OF_RECEIPT_MS;
}
