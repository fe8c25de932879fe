import type { DeviceIndex } from "./device-index.ts";
import type { ScriptDecoder } from "./frame-decoder.ts";
import type { JournaledUplink } from "./journal-reader.ts";
import { planUplink } from "./plan-uplink.ts";
import type { SessionReader } from "./sessions.ts";
import type { Replan } from "./uplink-writer.ts";

/** Plans uplinks of before anew, from their raw bytes. A copy stays a copy: the key that told so may be forgotten by now. */
export function replanWith(parts: {
  readonly journal: { read(seq: number): JournaledUplink | undefined };
  readonly store: { readonly frames: SessionReader };
  readonly devices: () => DeviceIndex;
  readonly scripts: ScriptDecoder;
}): Replan {
  return (was) => {
    const uplink = was.outcome === "duplicate" ? undefined : parts.journal.read(was.seq);
    if (uplink === undefined) return undefined;
    return { uplink, plan: planUplink(uplink, { devices: parts.devices(), sessions: parts.store.frames, scripts: parts.scripts, before: was }) };
  };
}
