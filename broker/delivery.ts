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
