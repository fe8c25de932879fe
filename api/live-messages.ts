import { z } from "zod";
import type { BaseHealth, GatewayState, RoverState } from "../core/domain/live.ts";
import type { ReadingJson } from "../core/domain/reading.ts";
import { TOPIC_ROOT } from "../core/domain/topics.ts";

/** One thing that happened. `key` names the thing whose newest state replaces the older; readings have none, each counts. */
export type LiveItem =
  | { readonly name: "reading"; readonly data: readonly ReadingJson[] }
  | { readonly name: "base"; readonly key: string; readonly data: BaseHealth }
  | { readonly name: "rover"; readonly key: string; readonly data: RoverState }
  | { readonly name: "gateway"; readonly key: string; readonly data: GatewayState };

/** `gone`: the retained message was cleared. */
export type LiveMessage =
  | { readonly kind: "item"; readonly item: LiveItem }
  | { readonly kind: "gone"; readonly name: "base" | "rover" | "gateway"; readonly key: string }
  | { readonly kind: "malformed"; readonly reason: string };

// Our own roles write these messages: checked is what the feed itself looks at, the rest is passed on.
const Readings = z.looseObject({
  deviceId: z.string(),
  readings: z.array(z.looseObject({ deviceId: z.string(), plotId: z.string().nullable(), time: z.string() })),
});
const Base = z.looseObject({ baseId: z.string() });
const Rover = z.looseObject({ roverId: z.string() });
const Gateway = z.looseObject({ gatewayId: z.string() });

/** A message of DESIGN.md §5 for browsers. */
export function messageOf(topic: string, text: string): LiveMessage {
  const [kind = "", key = ""] = topic.slice(TOPIC_ROOT.length + 1).split("/");
  if (text === "") {
    const name = ({ bases: "base", rovers: "rover", gateways: "gateway" } as const)[kind];
    return name ? { kind: "gone", name, key } : { kind: "malformed", reason: "empty" };
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { kind: "malformed", reason: "not JSON" };
  }
  switch (kind) {
    case "readings":
      return checked(Readings.safeParse(json), (m) => ({ name: "reading", data: m.readings as unknown as ReadingJson[] }));
    case "bases":
      return checked(Base.safeParse(json), (m) => ({ name: "base", key, data: m as unknown as BaseHealth }));
    case "rovers":
      return checked(Rover.safeParse(json), (m) => ({ name: "rover", key, data: m as unknown as RoverState }));
    case "gateways":
      return checked(Gateway.safeParse(json), (m) => ({ name: "gateway", key, data: m as unknown as GatewayState }));
    default:
      return { kind: "malformed", reason: "unexpected topic" };
  }
}

function checked<T>(result: z.ZodSafeParseResult<T>, item: (message: T) => LiveItem): LiveMessage {
  if (result.success) return { kind: "item", item: item(result.data) };
  const issue = result.error.issues[0];
  return { kind: "malformed", reason: `${issue?.path.join(".") ?? ""}: ${issue?.message ?? "unexpected shape"}` };
}
