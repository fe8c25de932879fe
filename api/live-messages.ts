import { z } from "zod";
import type { DeviceState } from "../core/domain/device-state.ts";
import type { BaseHealth, GatewayState, RoverState } from "../core/domain/live.ts";
import type { ReadingJson } from "../core/domain/reading.ts";
import { TOPIC_ROOT } from "../core/domain/topics.ts";

/** One thing that happened. `key` names the thing whose newest state replaces the older; readings have none, each counts. */
export type LiveItem =
  | { readonly name: "reading"; readonly data: readonly ReadingJson[] }
  | { readonly name: "base"; readonly key: string; readonly data: BaseHealth }
  | { readonly name: "rover"; readonly key: string; readonly data: RoverState }
  | { readonly name: "gateway"; readonly key: string; readonly data: GatewayState }
  | { readonly name: "device"; readonly key: string; readonly data: DeviceState };

/** `gone`: the retained message was cleared. */
export type LiveMessage =
  | { readonly kind: "item"; readonly item: LiveItem }
  | { readonly kind: "gone"; readonly name: "base" | "rover" | "gateway" | "device"; readonly key: string }
  | { readonly kind: "malformed"; readonly reason: string };

// Our own roles write these messages: checked is what the feed itself looks at, the rest is passed on.
const Readings = z.looseObject({
  deviceId: z.string(),
  readings: z.array(z.looseObject({ deviceId: z.string(), plotId: z.string().nullable(), time: z.string() })),
});
const Base = z.looseObject({ baseId: z.string() });
const Rover = z.looseObject({ roverId: z.string() });
const Gateway = z.looseObject({ gatewayId: z.string() });
const Device = z.looseObject({ deviceId: z.string() });

/** A message of DESIGN.md §5 for browsers. */
export function messageOf(topic: string, text: string): LiveMessage {
  const [kind = "", key = ""] = topic.slice(TOPIC_ROOT.length + 1).split("/");
  if (text === "") {
    const name = ({ bases: "base", rovers: "rover", gateways: "gateway", states: "device" } as const)[kind];
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
      return checked(Readings, json, { name: "reading", data: (json as { readings: readonly ReadingJson[] } | null)?.readings ?? [] });
    case "bases":
      return checked(Base, json, { name: "base", key, data: json as BaseHealth });
    case "rovers":
      return checked(Rover, json, { name: "rover", key, data: json as RoverState });
    case "gateways":
      return checked(Gateway, json, { name: "gateway", key, data: json as GatewayState });
    case "states":
      return checked(Device, json, { name: "device", key, data: json as DeviceState });
    default:
      return { kind: "malformed", reason: "unexpected topic" };
  }
}

/** The message as it came, not a copy: it goes on to browsers as it is. */
function checked(schema: z.ZodType, json: unknown, item: LiveItem): LiveMessage {
  const result = schema.safeParse(json);
  if (result.success) return { kind: "item", item };
  const issue = result.error.issues[0];
  return { kind: "malformed", reason: `${issue?.path.join(".") ?? ""}: ${issue?.message ?? "unexpected shape"}` };
}
