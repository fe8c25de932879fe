import type { Account } from "./access.ts";
import type { ConnectionPace } from "./flow.ts";
import type { ScanLimits } from "./packet-scanner.ts";
import type { SessionLimits } from "./session-limits.ts";

/** Every bound of the broker in one place. */
export interface BrokerLimits {
  readonly connectionsMax: number;
  readonly connectionsPerAddressMax: number; // loopback is exempt: a reverse proxy and the site's own network server live there
  readonly connectTimeoutMs: number; // from the first byte to a whole CONNECT; also the TLS handshake
  readonly packetTimeoutMs: number; // how long a packet may stay half sent by a sender that has fallen silent
  readonly drainTimeoutMs: number; // how long a subscriber may take nothing at all
  readonly keepaliveMaxS: number; // a longer one, or none, is taken as this
  readonly scan: ScanLimits;
  readonly outboundBytesMax: Readonly<Record<Account["kind"], number>>; // written and not yet taken by the subscriber; beyond, it is cut
  readonly device: ConnectionPace;
  readonly network: ConnectionPace;
  readonly role: ConnectionPace;
  readonly sharedMessagesMax: number; // of all connections, handed in and not dealt with
  readonly sharedBytesMax: number;
  readonly subscriptionsPerClientMax: number;
  readonly session: SessionLimits;
}

export const DEFAULT_LIMITS: BrokerLimits = {
  connectionsMax: 4000,
  connectionsPerAddressMax: 2500, // whole valleys of devices come from one address of a mobile carrier
  connectTimeoutMs: 5000,
  packetTimeoutMs: 60_000, // the largest packet over a slow NB-IoT link
  drainTimeoutMs: 30_000,
  keepaliveMaxS: 3600,
  scan: { connectBytesMax: 1024, packetBytesMax: 64 * 1024 },
  // The roles' bound holds all that is told again after a start.
  outboundBytesMax: { device: 1024 * 1024, network: 4 * 1024 * 1024, role: 64 * 1024 * 1024 },
  device: { rate: { perSecond: 10, burst: 50 }, inFlightMax: 100 },
  network: { rate: null, inFlightMax: 1000 },
  role: { rate: null, inFlightMax: 10_000 },
  sharedMessagesMax: 20_000,
  sharedBytesMax: 64 * 1024 * 1024,
  subscriptionsPerClientMax: 100,
  session: { sessionsPerAccountMax: 100, queuedPerSessionMax: 1000, retainedPerAccountMax: 1000 },
};

export function paceOf(account: Account, limits: BrokerLimits): ConnectionPace {
  return limits[account.kind];
}
