import { z } from "zod";
import type { BrokerSourceState, HookSourceState, SourceStates } from "../core/domain/source-state.ts";
import { topics } from "../core/domain/topics.ts";
import type { Metrics } from "../core/runtime/metrics.ts";
import type { LiveSource } from "./live-feed.ts";

const time = z.iso.datetime().nullable();
const count = z.int();

export const BrokerSourceSchema = z.looseObject({
  networkId: z.string(),
  address: z.string().describe("scheme, host and port"),
  stage: z.enum(["connecting", "connected", "waiting", "refused", "unusable"]),
  connectedSince: time,
  lastMessageAt: time,
  qos: z.literal([0, 1]).nullable().describe("the least that the broker granted; 0: what is sent while we are away is lost"),
  refusedFilters: z.array(z.string()),
  lastError: z.string().nullable(),
  lastErrorAt: time,
  nextTryAt: time,
  sessionLostAt: time.describe("when the broker was found to have forgotten us"),
  counts: z.looseObject({ uplinks: count, repeats: count, gatewayMessages: count, unused: count, cut: count, lost: count, connections: count }),
}) satisfies z.ZodType<BrokerSourceState>;

export const HookSourceSchema = z.looseObject({ networkId: z.string(), lastMessageAt: z.iso.datetime(), uplinks: count }) satisfies z.ZodType<HookSourceState>;

const StatesSchema = z.looseObject({ brokers: z.array(BrokerSourceSchema), hooks: z.array(HookSourceSchema) }) satisfies z.ZodType<SourceStates>;

const NONE: SourceStates = { brokers: [], hooks: [] };

/** The newest word of `field` about the sources that are not its own broker. */
export class SourceStatesFeed {
  readonly #metrics: Metrics;
  #current: SourceStates = NONE;

  constructor(metrics: Metrics) {
    this.#metrics = metrics;
  }

  listen(source: LiveSource): void {
    source.subscribe(topics.sources, (_topic, payload) => this.receive(payload));
  }

  receive(payload: Uint8Array): void {
    let json: unknown;
    try {
      json = JSON.parse(Buffer.from(payload).toString("utf8"));
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
    }
    const { success, data } = StatesSchema.safeParse(json);
    if (success) this.#current = data;
    else this.#metrics.count("azemichi_web_bus_malformed_total");
  }

  current(): SourceStates {
    return this.#current;
  }

  /** What staff have to know of, one sentence each: who refuses us, and whom we do not reach. */
  troubles(): string[] {
    return this.#current.brokers.flatMap(({ networkId, stage, lastError }) =>
      stage !== "connected" && lastError !== null ? [`source ${networkId}: ${lastError}`] : [],
    );
  }
}
