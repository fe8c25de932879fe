import { z } from "zod";
import { REFUSAL_REASONS, type Refusal } from "../core/domain/refusal.ts";
import { topics } from "../core/domain/topics.ts";
import type { Metrics } from "../core/runtime/metrics.ts";
import type { LiveSource } from "./live-feed.ts";

const RefusalSchema = z.looseObject({
  at: z.iso.datetime(),
  roverId: z.string(),
  username: z.string(),
  mount: z.string().max(256),
  reason: z.enum(REFUSAL_REASONS),
  address: z.string(),
});
const KEPT_MAX = 10_000; // rovers; beyond, the one refused longest ago is forgotten

/** The newest refused log-in of each rover, for its diagnosis. In memory: what was refused before a restart is told again by the console. */
export class Refusals {
  readonly #last = new Map<string, Refusal>();
  readonly #metrics: Metrics;

  constructor(metrics: Metrics) {
    this.#metrics = metrics;
  }

  listen(source: LiveSource): void {
    source.subscribe(topics.refusals, (_topic, payload) => this.receive(payload));
  }

  receive(payload: Uint8Array): void {
    let json: unknown;
    try {
      json = JSON.parse(Buffer.from(payload).toString("utf8"));
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
    }
    const { success, data } = RefusalSchema.safeParse(json);
    if (!success) {
      this.#metrics.count("azemichi_web_bus_malformed_total");
      return;
    }
    const { at, roverId, username, mount, reason, address } = data;
    this.#last.delete(roverId);
    this.#last.set(roverId, { at, roverId, username, mount, reason, address });
    const oldest = this.#last.keys().next().value;
    if (this.#last.size > KEPT_MAX && oldest !== undefined) this.#last.delete(oldest);
  }

  of(roverId: string): Refusal | null {
    return this.#last.get(roverId) ?? null;
  }
}
