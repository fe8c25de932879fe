/**
 * How an outside source of uplinks is doing, as `field` tells it (topic `azemichi/v1/internal/sources`) and staff read it.
 * Times are RFC 3339 in UTC; counts are since `field` started.
 */
export type BrokerStage =
  | "connecting" // asked, no answer yet
  | "connected" // logged in and subscribed
  | "waiting" // will try again at `nextTryAt`
  | "refused" // the broker answered, and said no: tried again, but rarely
  | "unusable"; // the address cannot be used: nothing happens before it is changed

export interface BrokerSourceState {
  readonly networkId: string;
  readonly address: string; // scheme, host and port
  readonly stage: BrokerStage;
  readonly connectedSince: string | null;
  readonly lastMessageAt: string | null;
  readonly qos: 0 | 1 | null; // the least that was granted; 0: what is sent while we are away is lost
  readonly refusedFilters: readonly string[];
  readonly lastError: string | null; // why it is, or was last, not connected; never with secrets
  readonly lastErrorAt: string | null;
  readonly nextTryAt: string | null;
  readonly sessionLostAt: string | null; // the broker had forgotten us: what it was sent before that since our last connection never came
  readonly counts: BrokerSourceCounts;
}

export interface BrokerSourceCounts {
  readonly uplinks: number; // journaled
  readonly repeats: number; // of them, sent again by the broker (DUP)
  readonly gatewayMessages: number;
  readonly unused: number; // no topic of ours
  readonly cut: number; // longer than is kept: the rest was thrown away
  readonly lost: number; // QoS 0, and could not be journaled
  readonly connections: number;
}

export interface HookSourceState {
  readonly networkId: string;
  readonly lastMessageAt: string;
  readonly uplinks: number;
}

export interface SourceStates {
  readonly brokers: readonly BrokerSourceState[];
  readonly hooks: readonly HookSourceState[];
}
