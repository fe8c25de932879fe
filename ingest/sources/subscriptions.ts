import { isGatewayTopic } from "../../core/wire/gateway-message.ts";

/** What of a broker that is not ours we ask for, and what becomes of it (DESIGN.md §1, "The ledger", and §5). */
const CHIRPSTACK = [
  "application/+/device/+/event/+",
  "+/gateway/+/event/stats",
  "+/gateway/+/state/conn",
  "gateway/+/event/stats", // ChirpStack without a region in its topics
  "gateway/+/state/conn",
] as const;
const TTS = ["v3/+/devices/+/#"] as const;
const SENML = ["azemichi/v1/devices/+/senml"] as const;
const ALL: readonly string[] = [...CHIRPSTACK, ...TTS, ...SENML];
const BY_KIND: Readonly<Record<string, readonly string[]>> = { chirpstack: CHIRPSTACK, helium: CHIRPSTACK, tts: TTS };

const UPLINK = /^(?:application\/[^/]+\/device\/[^/]+\/event\/.+|v3\/[^/]+\/devices\/[^/]+\/.+|azemichi\/v1\/devices\/[^/]+\/senml)$/;
const TOPIC_BYTES_MAX = 512;

export interface Subscriptions {
  readonly filters: readonly string[];
  /** Those that an earlier version of the entry may have left in the broker's memory of us. */
  readonly stale: readonly string[];
}

/** `filters` of the address win over those of the kind; `prefix` stands before the kind's. */
export function subscriptionsOf(network: { readonly kind: string | null; readonly filters: readonly string[]; readonly prefix: string }): Subscriptions {
  const ofKind = BY_KIND[network.kind ?? ""] ?? ALL;
  const filters = network.filters.length > 0 ? [...new Set(network.filters)] : ofKind.map((filter) => network.prefix + filter);
  const stale = ALL.map((filter) => network.prefix + filter).filter((filter) => !filters.includes(filter));
  return { filters, stale };
}

/** Every device event of a network is an uplink to account for, whatever its name; states of gateways are used, not journaled. */
export function verdictOn(topic: string): "uplink" | "gateway" | "unused" {
  if (isGatewayTopic(topic)) return "gateway";
  return UPLINK.test(topic) && Buffer.byteLength(topic) <= TOPIC_BYTES_MAX ? "uplink" : "unused";
}
