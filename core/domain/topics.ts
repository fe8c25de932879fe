/** The topics of DESIGN.md §5 that the service itself publishes and subscribes. */
export const TOPIC_ROOT = "azemichi/v1";

export const topics = {
  readings: (deviceId: string): string => `${TOPIC_ROOT}/readings/${deviceId}`,
  deviceState: (deviceId: string): string => `${TOPIC_ROOT}/states/${deviceId}`,
  gateway: (gatewayId: string): string => `${TOPIC_ROOT}/gateways/${gatewayId}`,
  baseHealth: (baseId: string): string => `${TOPIC_ROOT}/bases/${baseId}/health`,
  /** What the relay counted of a base in a minute that is over, once; not retained. */
  baseMinutes: (baseId: string): string => `${TOPIC_ROOT}/bases/${baseId}/minutes`,
  baseEvents: (baseId: string): string => `${TOPIC_ROOT}/bases/${baseId}/events`,
  roverEvents: (roverId: string): string => `${TOPIC_ROOT}/rovers/${roverId}/events`,
  /** Refused log-ins, for the diagnosis of a rover; only roles may read or write it. */
  refusals: `${TOPIC_ROOT}/internal/refusals`,
  /** How brokers that are not ours and HTTP hooks are doing, retained; only roles may read or write it. */
  sources: `${TOPIC_ROOT}/internal/sources`,
  baseRtcm: (baseId: string): string => `${TOPIC_ROOT}/bases/${baseId}/rtcm`,
  rover: (roverId: string): string => `${TOPIC_ROOT}/rovers/${roverId}`,
  senml: (deviceId: string): string => `${TOPIC_ROOT}/devices/${deviceId}/senml`,
  /** Counters of a role, retained; only roles may read or write it. */
  metrics: (role: string): string => `${TOPIC_ROOT}/internal/metrics/${role}`,
} as const;
