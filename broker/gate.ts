import type { Aedes, Client } from "aedes";
import type { Log } from "../core/runtime/log.ts";
import type { Metrics } from "../core/runtime/metrics.ts";
import { type Account, accountKey, judgePublish, maySubscribe } from "./access.ts";
import type { AckOrder } from "./ack-order.ts";
import type { ConnectionFlow } from "./flow.ts";
import type { SessionKeeper } from "./session-limits.ts";

export interface Uplink {
  readonly receivedAtMs: number;
  readonly source: string;
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly dup: boolean;
}

/** Who is told what became of the uplinks handed in: in their order, `count` of them at once. */
export interface JournalTicket {
  journaled(count: number): void; // synced to disk
  refused(count: number, error: Error): void; // nothing of it may be acknowledged
}

/** The way into the journal. The payload is copied before `put` returns. */
export interface UplinkJournal {
  put(uplink: Uplink, ticket: JournalTicket): void;
}

/** A connection that logged in. */
export interface Login {
  readonly account: Account;
  readonly username: string;
  readonly digest: string;
  readonly flow: ConnectionFlow;
  readonly order: AckOrder;
  readonly wake: () => void;
  revoked: boolean;
}

export interface GateParts {
  readonly loginOf: (client: Client | null) => Login | undefined;
  readonly sessions: SessionKeeper;
  readonly journal: UplinkJournal;
  readonly onGatewayMessage: (topic: string, payload: Uint8Array, receivedAtMs: number) => void;
  readonly subscriptionsPerClientMax: number;
  readonly outboundBytesMax: Readonly<Record<Account["kind"], number>>;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly nowMs: () => number;
}

type PublishPacket = Parameters<Aedes["authorizePublish"]>[1];
type PublishCallback = Parameters<Aedes["authorizePublish"]>[2];

const NOBODY_HEARS = "$azemichi/refused"; // `$` topics are refused at SUBSCRIBE
const EMPTY = Buffer.alloc(0);

/**
 * The only place where aedes lets us hold back a PUBACK: it is written right after `authorizePublish` calls back, before any
 * other hook. So the journal's sync happens here. The gate also runs for QoS 0, for wills (whose client may be gone) and again for a
 * repeated QoS 2 PUBLISH; it never throws and always calls back, else the sender would wait for ever.
 */
export function publishGate(parts: GateParts): (client: Client | null, packet: PublishPacket, callback: PublishCallback) => void {
  const { metrics, nowMs } = parts;
  return (client, packet, callback) => {
    const login = parts.loginOf(client);
    const isWill = packet.cmd !== "publish";
    const done = isWill || login === undefined ? () => {} : login.flow.handOver();
    const turn = isWill || packet.qos === 0 ? undefined : login?.order.claim();
    const finish = (error: Error | null): void => {
      done();
      if (turn === undefined) callback(error);
      else turn.ready(() => callback(error));
    };
    try {
      const verdict = login === undefined || login.revoked ? ({ kind: "refused" } as const) : judgePublish(login.account, packet.topic);
      metrics.count("azemichi_mqtt_publishes_total", { kind: verdict.kind });
      if (login === undefined || verdict.kind === "refused") {
        refuse({ login, packet, isWill, finish });
        return;
      }
      if (packet.retain && !parts.sessions.mayRetain(accountKey(login.account), packet.topic, packet.payload.length)) packet.retain = false;
      if (verdict.kind === "gateway") parts.onGatewayMessage(packet.topic, bytesOf(packet), nowMs());
      if (verdict.kind !== "uplink") {
        finish(null);
        return;
      }
      const uplink = { receivedAtMs: nowMs(), source: verdict.source, topic: packet.topic, payload: bytesOf(packet), dup: packet.dup === true };
      parts.journal.put(uplink, {
        journaled: () => finish(null),
        refused: (_count, error) => {
          metrics.count("azemichi_mqtt_uplinks_refused_total");
          finish(error);
        },
      });
    } catch (error) {
      parts.log.error("publish could not be judged", { topic: packet.topic, error });
      finish(error as Error);
    }
  };
}

/**
 * MQTT 3.1.1 has no negative acknowledgement. A device that publishes outside its own subtree is cut; a network's message is
 * acknowledged and goes nowhere, since its integration sends much that is no business of ours (DESIGN.md §5).
 */
function refuse(parts: { login: Login | undefined; packet: PublishPacket; isWill: boolean; finish: (error: Error | null) => void }): void {
  const { login, packet, isWill, finish } = parts;
  if (!isWill && (login === undefined || login.revoked || login.account.kind !== "network")) {
    finish(new Error("not allowed to publish there"));
    return;
  }
  packet.topic = NOBODY_HEARS;
  packet.payload = EMPTY;
  packet.retain = false;
  finish(null);
}

/** What may not be heard is answered 0x80 in the SUBACK [MQTT-3.9.3-2]; the other filters of the packet stand. */
export function subscribeGate(parts: GateParts): Aedes["authorizeSubscribe"] {
  return (client, subscription, callback) => {
    const login = parts.loginOf(client);
    const held = Object.keys((client as unknown as { subscriptions: object }).subscriptions).length;
    const allowed = login !== undefined && !login.revoked && maySubscribe(login.account, subscription.topic) && held < parts.subscriptionsPerClientMax;
    if (!allowed) parts.metrics.count("azemichi_mqtt_refused_subscriptions_total");
    callback(null, allowed ? subscription : null);
  };
}

/**
 * Checked again at delivery: a kept session stores every filter of a SUBSCRIBE, the refused ones too. And nothing else bounds what is
 * written to a subscriber that does not read: it is cut, and a kept session finds its QoS 1 messages when it comes back.
 */
export function forwardGate(parts: GateParts): Aedes["authorizeForward"] {
  return (client, packet) => {
    const login = parts.loginOf(client);
    if (login === undefined || login.revoked || client.conn.destroyed || !maySubscribe(login.account, packet.topic)) return null;
    if (client.conn.writableLength <= parts.outboundBytesMax[login.account.kind]) return packet;
    parts.metrics.count("azemichi_mqtt_slow_subscribers_total");
    parts.log.warn("mqtt subscriber does not read and is cut", { account: accountKey(login.account) });
    client.conn.destroy();
    return null;
  };
}

function bytesOf(packet: PublishPacket): Uint8Array {
  return typeof packet.payload === "string" ? Buffer.from(packet.payload, "utf8") : packet.payload;
}
