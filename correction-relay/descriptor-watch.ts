import { decodeMessage, RtcmError } from "rtcm-parser";
import type { Sentence } from "../core/domain/live.ts";
import { GUARD_WORDS } from "./guard-words.ts";

/** What a base last said it is made of. Each message type for itself: senders fill them differently. */
export interface Descriptors {
  readonly antenna: string;
  readonly antennaSerial: string;
  readonly receiver: string;
  readonly firmware: string;
  readonly receiverSerial: string;
}
export type DescriptorMemory = Readonly<Partial<Record<"1007" | "1008" | "1033", Descriptors>>>;

const FIELDS = [
  ["antenna", "antenna"],
  ["antennaSerial", "antenna serial"],
  ["receiver", "receiver"],
  ["receiverSerial", "receiver serial"],
  ["firmware", "firmware"],
] as const;
const QUIET_MS = 60_000; // a new antenna shows in 1008 and in 1033, and stations that take turns would alarm at each message

export interface DescriptorChange {
  readonly sentence: Sentence;
  readonly severity: "warning" | "alarm"; // new firmware is no new hardware
}

/** Notices that a base's antenna or receiver is another one than before; an empty field says nothing. */
export class DescriptorWatch {
  #known: DescriptorMemory;
  readonly #toldAtMs = new Map<string, number>(); // by field

  constructor(known: DescriptorMemory) {
    this.#known = known;
  }

  get memory(): DescriptorMemory {
    return this.#known;
  }

  /** @returns null: nothing new to remember; else the changes to tell, none for what was seen for the first time */
  frame(frame: Uint8Array, nowMs: number): readonly DescriptorChange[] | null {
    const read = descriptorsOf(frame);
    if (read === null) return null;
    const { kind, said } = read;
    const known = this.#known[kind];
    const changes: DescriptorChange[] = [];
    const next = { ...(known ?? said) };
    let news = known === undefined;
    for (const [field, what] of FIELDS) {
      const before = known?.[field] ?? "";
      const now = said[field];
      if (now === "" || now === before) continue;
      next[field] = now;
      news = true;
      if (before === "" || nowMs - (this.#toldAtMs.get(field) ?? Number.NEGATIVE_INFINITY) < QUIET_MS) continue;
      this.#toldAtMs.set(field, nowMs);
      changes.push({ sentence: GUARD_WORDS.descriptorChanged(what, before, now), severity: field === "firmware" ? "warning" : "alarm" });
    }
    if (!news) return null;
    this.#known = { ...this.#known, [kind]: next };
    return changes;
  }
}

function descriptorsOf(frame: Uint8Array): { readonly kind: "1007" | "1008" | "1033"; readonly said: Descriptors } | null {
  try {
    const message = decodeMessage(frame);
    if (message.kind !== "1007" && message.kind !== "1008" && message.kind !== "1033") return null;
    const whole = message.kind === "1033" ? message : null;
    const said = {
      antenna: message.antenna.trim(),
      antennaSerial: message.kind === "1007" ? "" : message.antennaSerial.trim(),
      receiver: whole?.receiver.trim() ?? "",
      firmware: whole?.firmware.trim() ?? "",
      receiverSerial: whole?.receiverSerial.trim() ?? "",
    };
    return { kind: message.kind, said };
  } catch (error) {
    if (!(error instanceof RtcmError)) throw error;
    return null;
  }
}
