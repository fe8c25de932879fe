import type { FastifyInstance } from "fastify";
import { z } from "zod";
import type { ApiContext } from "../context.ts";
import { addEndpoint } from "../endpoint.ts";
import { BrokerSourceSchema, HookSourceSchema } from "../source-states.ts";

const SourceSchema = z.strictObject({
  id: z.string(),
  kind: z.string().nullable(),
  mqttAccount: z.string().nullable().describe("user name with which it may connect to our broker"),
  hook: z.strictObject({ enabled: z.boolean().describe("a token is set"), state: HookSourceSchema.nullable() }),
  broker: BrokerSourceSchema.nullable().describe("the broker at its url, to which we connect"),
});
export function sourceRoutes(app: FastifyInstance, api: ApiContext): void {
  addEndpoint(app, api, {
    method: "GET",
    url: "/sources",
    summary: "Each network, the ways in which it reaches us, and how they are doing",
    access: "operator",
    ok: { description: "states since field started; without secrets", schema: z.array(SourceSchema) },
    handle: () => {
      const { brokers, hooks } = api.sources.current();
      return api.catalog.current().networks.map(({ id, kind, mqttUsername, hookTokenHash }) => ({
        id,
        kind,
        mqttAccount: mqttUsername,
        hook: { enabled: hookTokenHash !== null, state: hooks.find((h) => h.networkId === id) ?? null },
        broker: brokers.find((b) => b.networkId === id) ?? null,
      }));
    },
  });
}
