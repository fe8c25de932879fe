import { isGatewayTopic } from "../core/wire/gateway-message.ts";

/**
 * Who may say and hear what (DESIGN.md §5): deny by default, compared level by level, never by prefix string.
 * Pure: no broker, no clock. What is listed here is all there is.
 */
export type Account =
  | { readonly kind: "device"; readonly id: string }
  | { readonly kind: "network"; readonly id: string; readonly networkKind: string | null }
  | { readonly kind: "role"; readonly role: "relay" | "field" | "web" | "sim" };

/** What becomes of a publish. */
export type PublishVerdict =
  | { readonly kind: "uplink"; readonly source: string } // into the journal, acknowledged after its sync
  | { readonly kind: "gateway" } // state of a gateway: used, not journaled
  | { readonly kind: "bus" } // between the roles, or a device among its own topics
  | { readonly kind: "unused" } // allowed, but nothing of ours reads it
  | { readonly kind: "refused" };

/** Source name of devices that speak for themselves in ledger and journal. */
export const DIRECT_SOURCE = "direct";

const TOPIC_BYTES_MAX = 512;
const TOPIC_LEVELS_MAX = 16;

type Integration = "chirpstack" | "tts";
/** `gateway/…` without a region is the gateway bridge's own default; `command/…` is ChirpStack with an empty prefix in its template. */
const NETWORK_PUBLISH: Record<Integration, readonly string[]> = {
  chirpstack: ["application/#", "+/gateway/#", "gateway/#", "command/#"],
  tts: ["v3/#"],
};
/** All of it may also be published. */
const NETWORK_SUBSCRIBE: Record<Integration, readonly string[]> = {
  chirpstack: ["application/+/device/+/command/#", "+/gateway/+/command/#", "gateway/+/command/#", "command/#"],
  tts: ["v3/+/devices/+/down/#"],
};
/** Every device event of a network is an uplink to account for, whatever its name (DESIGN.md §1, "The ledger"). */
const UPLINK_TOPICS = ["application/+/device/+/event/#", "v3/+/devices/+/#"] as const;

const ROLE_PUBLISH: Record<"relay" | "field" | "web" | "sim", readonly string[]> = {
  relay: ["azemichi/v1/bases/#", "azemichi/v1/rovers/#", "azemichi/v1/internal/refusals", "azemichi/v1/internal/metrics/relay"],
  field: [],
  web: ["azemichi/v1/internal/metrics/web"],
  sim: ["azemichi/v1/internal/metrics/sim"],
};
const ROLE_SUBSCRIBE: Record<"relay" | "field" | "web" | "sim", readonly string[]> = {
  relay: [],
  field: ["azemichi/v1/bases/#", "azemichi/v1/rovers/#"], // it keeps their history
  web: ["azemichi/v1/#"],
  sim: [],
};

/** Everything that roles and devices may hear lies below this. */
const OURS = "azemichi/v1/#";

export function judgePublish(account: Account, topic: string): PublishVerdict {
  if (!isPlainTopic(topic)) return { kind: "refused" };
  switch (account.kind) {
    case "role":
      return ROLE_PUBLISH[account.role].some((pattern) => covers(pattern, topic)) ? { kind: "bus" } : { kind: "refused" };
    case "device":
      if (topic === `azemichi/v1/devices/${account.id}/senml`) return { kind: "uplink", source: DIRECT_SOURCE };
      return covers(`azemichi/v1/devices/${account.id}/#`, topic) ? { kind: "bus" } : { kind: "refused" };
    case "network":
      if (!patternsOf(account, NETWORK_PUBLISH).some((pattern) => covers(pattern, topic))) return { kind: "refused" };
      if (isGatewayTopic(topic)) return { kind: "gateway" };
      return UPLINK_TOPICS.some((pattern) => covers(pattern, topic)) ? { kind: "uplink", source: account.id } : { kind: "unused" };
  }
}

/** True when every topic that the filter can match is one the account may hear. `$share/` and `$SYS/` never are. */
export function maySubscribe(account: Account, filter: string): boolean {
  if (filter.startsWith("$") || filter.length > TOPIC_BYTES_MAX || filter.includes("\0")) return false;
  switch (account.kind) {
    case "role":
      return ROLE_SUBSCRIBE[account.role].some((pattern) => covers(pattern, filter));
    case "device":
      return covers(`azemichi/v1/devices/${account.id}/#`, filter);
    case "network":
      return patternsOf(account, NETWORK_SUBSCRIBE).some((pattern) => covers(pattern, filter));
  }
}

/** Whether there is any account that may subscribe to this topic. */
export function isHearable(topic: string): boolean {
  if (covers(OURS, topic)) return true;
  return Object.values(NETWORK_SUBSCRIBE).some((patterns) => patterns.some((pattern) => covers(pattern, topic)));
}

/** One name per credential: what counts as "the same" when a client id is taken over. */
export function accountKey(account: Account): string {
  return account.kind === "role" ? `role:${account.role}` : `${account.kind}:${account.id}`;
}

/** Without a kind, or with one that we do not know, a network may use every integration. */
function patternsOf(account: { networkKind: string | null }, table: Record<Integration, readonly string[]>): readonly string[] {
  const { networkKind } = account;
  if (networkKind === "chirpstack" || networkKind === "tts") return table[networkKind];
  return [...table.chirpstack, ...table.tts];
}

function isPlainTopic(topic: string): boolean {
  if (topic === "" || topic.startsWith("$") || /[+#\0]/.test(topic)) return false; // [MQTT-3.3.2-2], [MQTT-4.7.3-1], [MQTT-4.7.3-2]
  return Buffer.byteLength(topic) <= TOPIC_BYTES_MAX && topic.split("/").length <= TOPIC_LEVELS_MAX;
}

/** Whether `pattern` matches every topic that `filter` matches; a topic without wildcards is a filter too. [MQTT-4.7.1] */
export function covers(pattern: string, filter: string): boolean {
  const allowed = pattern.split("/");
  const asked = filter.split("/");
  for (const [i, level] of allowed.entries()) {
    if (level === "#") return true; // also the parent level: "sport/#" matches "sport"
    const other = asked[i];
    if (other === undefined || other === "#") return false;
    if (level !== "+" && level !== other) return false;
  }
  return asked.length === allowed.length;
}
