import type { Client } from "aedes";

/**
 * aedes tells a publisher that it is done when the last subscriber has drained. A subscriber's slowness is its own: what waits for it is
 * bounded by the forward gate, and the time by aedes' drain time-out, which goes on here without the one who waits.
 */
export function deliverWithoutWaiting(client: Client): void {
  const waiting = client as unknown as { waitForDrain(done: (error: Error | null, client: Client) => void): void };
  const waitForDrain = waiting.waitForDrain.bind(client);
  waiting.waitForDrain = (done) => {
    waitForDrain(() => {});
    setImmediate(done, null, client);
  };
}

/**
 * Writes acknowledgements that aedes knows nothing of. Who publishes and never reads them is cut by aedes' drain time-out, like any
 * other who takes nothing.
 */
export function writeAcknowledgements(client: Client, acks: Buffer): void {
  if (client.conn.destroyed || client.conn.write(acks)) return;
  const waiting = client as unknown as { _drainTimer: unknown; waitForDrain(done: () => void): void };
  if (waiting._drainTimer === null) waiting.waitForDrain(() => {});
}

/** Tells aedes that the client is alive: what takes the short way, it does not see. [MQTT-3.1.2-24] */
export function keepAlive(client: Client): void {
  const kept = client as unknown as { _keepaliveTimer: NodeJS.Timeout | null };
  kept._keepaliveTimer?.refresh();
}
