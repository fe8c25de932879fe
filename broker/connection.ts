import type { Duplex } from "node:stream";
import type { Aedes, Client } from "aedes";
import type { Log } from "../core/runtime/log.ts";
import type { Metrics } from "../core/runtime/metrics.ts";
import type { Account } from "./access.ts";
import { AckOrder } from "./ack-order.ts";
import { deliverWithoutWaiting, keepAlive, writeAcknowledgements } from "./delivery.ts";
import { ConnectionFlow, type SharedFlow } from "./flow.ts";
import type { Login, UplinkJournal } from "./gate.ts";
import type { BrokerLimits } from "./limits.ts";
import { guardConnection } from "./size-guard.ts";
import { UplinkLane } from "./uplink-lane.ts";
import { VerdictCache } from "./verdict-cache.ts";

/** What stands between a socket and aedes. */
export interface Connection {
  readonly client: Client;
  readonly flow: ConnectionFlow;
  readonly order: AckOrder;
  /** Makes aedes read again. */
  readonly wake: () => void;
  lane: UplinkLane | undefined;
}

export interface ConnectionParts {
  readonly aedes: Aedes;
  readonly shared: SharedFlow;
  readonly limits: BrokerLimits;
  readonly journal: UplinkJournal;
  readonly loginOf: (client: Client) => Login | undefined;
  readonly onRefused: (reason: string) => void;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly nowMs: () => number;
}

/** Hands a stream to aedes, with the guard, the pace and the order of acknowledgements in front of it. */
export function openConnection(conn: Duplex, address: string | undefined, parts: ConnectionParts): Connection {
  const { metrics, nowMs, limits, log } = parts;
  const order = new AckOrder((acks) => acknowledge(client, acks, parts));
  const wake = guardConnection(
    conn,
    { ...limits.scan, packetTimeoutMs: limits.packetTimeoutMs },
    {
      ready: () => (client as unknown as { connackSent: boolean }).connackSent,
      admitPublish: (bytes) => {
        const verdict = flow.admit(bytes);
        if (verdict !== "pass") metrics.count("azemichi_mqtt_held_total", { reason: verdict });
        return verdict === "pass";
      },
      lane: () => connection.lane,
      onPassedOn: () => order.passedOn(),
      onFault: (fault) => {
        parts.onRefused(fault);
        log.debug("mqtt connection cut", { fault, address });
      },
    },
  );
  const flow = new ConnectionFlow({ shared: parts.shared, nowMs, wake });
  const client = parts.aedes.handle(conn);
  deliverWithoutWaiting(client);
  conn.once("close", () => {
    order.close();
    flow.close();
  });
  const connection: Connection = { client, flow, order, wake, lane: undefined };
  return connection;
}

function acknowledge(client: Client, acks: Buffer, { loginOf, limits, onRefused }: ConnectionParts): void {
  const login = loginOf(client);
  if (login === undefined || login.revoked || client.conn.destroyed) return;
  writeAcknowledgements(client, acks);
  if (client.conn.writableLength <= limits.outboundBytesMax[login.account.kind]) return;
  onRefused("unread");
  client.conn.destroy();
}

const verdictsOf = new WeakMap<Account, VerdictCache>(); // one for all connections that logged in under the same catalog

/** The short way of a network's uplinks. Devices and roles have none: what they say may be heard. */
export function laneFor(account: Account, { client, order, flow }: Connection, parts: ConnectionParts): UplinkLane | undefined {
  if (account.kind !== "network") return undefined;
  const { journal, metrics, nowMs, log } = parts;
  let verdicts = verdictsOf.get(account);
  if (verdicts === undefined) {
    verdicts = new VerdictCache(account, () => metrics.count("azemichi_mqtt_verdicts_forgotten_total"));
    verdictsOf.set(account, verdicts);
  }
  return new UplinkLane({
    verdicts,
    journal,
    order,
    flow,
    nowMs,
    onUplinks: (count) => {
      keepAlive(client);
      metrics.count("azemichi_mqtt_publishes_total", { kind: "uplink" }, count);
    },
    onRefused: (count, error) => {
      metrics.count("azemichi_mqtt_uplinks_refused_total", {}, count);
      if (client.conn.destroyed) return;
      log.debug("mqtt client closed on error", { client: client.id, error });
      client.conn.destroy();
    },
  });
}
