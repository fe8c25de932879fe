import type { DeviceJson } from "../../core/domain/api.ts";
import type { SilenceCause } from "../../core/domain/device-state.ts";
import { freshForMs } from "../../core/domain/paddy-status.ts";
import type { Field } from "./field.ts";
import { type Silence, silenceOf } from "./silence.ts";

/** "unsaid": never heard, or not for long, and nobody has said why. */
export type MissingCause = SilenceCause | "unsaid";

/** Sensors that are missing for the same reason: one thing to look at. */
export interface MissingGroup {
  readonly key: string;
  readonly cause: MissingCause;
  readonly gateways: readonly string[]; // names, of the cause "gateway"
  readonly silence: Silence | null; // of one of them; its note holds for all
  readonly sensors: readonly DeviceJson[]; // by name
}

/** What hides most behind it comes first. */
const ORDER: readonly MissingCause[] = ["network", "gateway", "device", "channel", "restart", "unsaid"];
const WORD_LATE_MS = 60_000; // word of a device that is heard may come after its time
const COLLATOR = new Intl.Collator("ja", { numeric: true });

/** Sensors of which something does not come, by cause. */
export function missingGroups(field: Pick<Field, "devices" | "gateways">, nowMs: number): readonly MissingGroup[] {
  const names = new Map([...field.gateways.values()].map((g) => [g.eui.toLowerCase(), g.name]));
  const groups = new Map<string, MissingGroup & { sensors: DeviceJson[] }>();
  for (const device of field.devices.values()) {
    const cause = missingCause(device, nowMs);
    if (cause === null) continue;
    const silence = cause === "unsaid" ? null : silenceOf(device);
    const heardBy = cause === "gateway" ? (device.state?.radio.gateways ?? []) : [];
    const gateways = heardBy.map((g) => names.get(g.gatewayId.toLowerCase()) ?? g.gatewayId).sort(COLLATOR.compare);
    const channels = silence?.channels.map((c) => `${c.quantity}@${c.depthCm}`) ?? [];
    const key = [cause, ...gateways, ...channels, ...(cause === "network" ? [silence?.note.ja] : [])].join("|"); // the note names the network
    const known = groups.get(key);
    if (known) known.sensors.push(device);
    else groups.set(key, { key, cause, gateways, silence, sensors: [device] });
  }
  for (const { sensors } of groups.values()) sensors.sort((a, b) => COLLATOR.compare(a.name, b.name));
  return [...groups.values()].sort((a, b) => ORDER.indexOf(a.cause) - ORDER.indexOf(b.cause) || b.sensors.length - a.sensors.length);
}

function missingCause(device: DeviceJson, nowMs: number): MissingCause | null {
  const { state } = device;
  const said = silenceOf(device);
  if (said !== null) return said.cause;
  const heardAt = state === null ? device.lastReadingAt : state.lastSeenAt;
  const heardLately = heardAt !== null && nowMs - Date.parse(heardAt) <= freshForMs(device.intervalS) + WORD_LATE_MS;
  return heardLately && state?.state !== "silent" ? null : "unsaid";
}
