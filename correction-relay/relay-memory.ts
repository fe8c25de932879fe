import type { Ecef } from "rtcm-parser";
import type { DescriptorMemory, Descriptors } from "./descriptor-watch.ts";
import type { GuardMemory } from "./guard-memory.ts";

/** What is kept of a base beside its guard: enough to say something of it while it is away. */
export interface LastBase {
  readonly lastEpochAtMs: number | null;
  readonly arp: Ecef | null; // as last transmitted
  readonly receiver: string | null;
  readonly systems: readonly string[]; // it was seen to deliver for long enough to be missed
}

/** What is kept of a rover: where it was served, and under which datum in each plot. */
export interface LastRover {
  readonly baseId: string;
  readonly plotId: string | null; // that a FIELD mount held it in
  readonly atMs: number;
  readonly datums: Readonly<Record<string, string>>; // by plot
}

/** The parts of the relay's own file. What does not read as what it should be is null: it counts as lost. */
export const readers = { guard: guardOf, base: baseOf, rover: roverOf } as const;

type Fields = Readonly<Record<string, unknown>>;
export const fieldsOf = (value: unknown): Fields | null => (typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : null);
const isText = (value: unknown): value is string => typeof value === "string" && value.length <= 1024;
const isTime = (value: unknown): value is number | null => value === null || Number.isFinite(value);

function ecefOf(value: unknown): Ecef | null | undefined {
  if (value === null) return null;
  const { xM, yM, zM } = fieldsOf(value) ?? {};
  if (!(typeof xM === "number" && typeof yM === "number" && typeof zM === "number" && Number.isFinite(xM + yM + zM))) return undefined;
  return { xM, yM, zM };
}

function guardOf(value: unknown): GuardMemory | null {
  const of = fieldsOf(value);
  if (of === null) return null;
  const { recheckPassedMs, lostAtMs } = of;
  const stop = stopOf(of["stop"]);
  const learned = ecefOf(of["learned"]);
  const descriptors = descriptorsOf(of["descriptors"]);
  if (stop === undefined || learned === undefined || descriptors === null || !isTime(recheckPassedMs) || !isTime(lostAtMs)) return null;
  return { stop, learned, recheckPassedMs, lostAtMs, descriptors };
}

function stopOf(value: unknown): GuardMemory["stop"] | undefined {
  if (value === null) return null;
  const { atMs, reason } = fieldsOf(value) ?? {};
  const { code, ja, en } = fieldsOf(reason) ?? {};
  if (typeof atMs !== "number" || !Number.isFinite(atMs) || !isText(code) || !isText(ja) || !isText(en)) return undefined;
  return { atMs, reason: { code, ja, en } };
}

function descriptorsOf(value: unknown): DescriptorMemory | null {
  const of = fieldsOf(value);
  if (of === null) return null;
  const memory: Partial<Record<"1007" | "1008" | "1033", Descriptors>> = {};
  for (const kind of ["1007", "1008", "1033"] as const) {
    if (of[kind] === undefined) continue;
    const { antenna, antennaSerial, receiver, firmware, receiverSerial } = fieldsOf(of[kind]) ?? {};
    if (!isText(antenna) || !isText(antennaSerial) || !isText(receiver) || !isText(firmware) || !isText(receiverSerial)) return null;
    memory[kind] = { antenna, antennaSerial, receiver, firmware, receiverSerial };
  }
  return memory;
}

function baseOf(value: unknown): LastBase | null {
  const of = fieldsOf(value);
  if (of === null) return null;
  const { lastEpochAtMs, receiver, systems } = of;
  const arp = ecefOf(of["arp"]);
  if (!isTime(lastEpochAtMs) || arp === undefined || !(receiver === null || isText(receiver)) || !Array.isArray(systems) || !systems.every(isText)) return null;
  return { lastEpochAtMs, arp, receiver, systems };
}

function roverOf(value: unknown): LastRover | null {
  const { baseId, plotId = null, atMs, datums } = fieldsOf(value) ?? {};
  const byPlot = fieldsOf(datums);
  if (
    !isText(baseId) ||
    !(plotId === null || isText(plotId)) ||
    typeof atMs !== "number" ||
    !Number.isFinite(atMs) ||
    byPlot === null ||
    !Object.values(byPlot).every(isText)
  )
    return null;
  return { baseId, plotId, atMs, datums: byPlot as Readonly<Record<string, string>> };
}
