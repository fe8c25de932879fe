import type { Device } from "../core/domain/site.ts";
import type { DecodedValue } from "../core/domain/uplink.ts";
import type { CodecIdentity } from "../core/wire/codec-identity.ts";
import { codecOf, decodeFrame, levelKind } from "./decoders/registry.ts";

export interface RawFrame {
  readonly bytes: Uint8Array;
  readonly fPort: number;
  readonly recvTimeMs: number; // event time of the frame
}
export type FrameDecode =
  | {
      readonly kind: "decoded";
      readonly values: readonly DecodedValue[];
      readonly codec: CodecIdentity;
      readonly levelKind: "distance" | "head" | null;
    }
  | { readonly kind: "undecodable"; readonly reason: string };

/** Vendor scripts, which run beside us with limits of time and memory. */
export interface ScriptDecoder {
  decode(codecId: string, frame: RawFrame): FrameDecode | { readonly kind: "not-live" };
}

const SCRIPT = "codec:";

/** The id of the vendor codec that a profile names; null for a built-in one. */
export function scriptOf(profile: string): string | null {
  return profile.startsWith(SCRIPT) ? profile.slice(SCRIPT.length) : null;
}

/** Decodes a frame of a device by its profile: a table of ours or a vendor's script. Never throws. */
export function decodeFor(device: Device, frame: RawFrame, scripts: ScriptDecoder): FrameDecode {
  const script = scriptOf(device.profile);
  if (script !== null) {
    const found = scripts.decode(script, frame);
    return found.kind === "not-live" ? { kind: "undecodable", reason: `codec ${script} is not live` } : found;
  }
  const decoded = decodeFrame(device.profile, { bytes: frame.bytes, fPort: frame.fPort, channels: device.channels });
  const codec = codecOf(device.profile);
  if (decoded.kind === "unknown-profile" || codec === null) return { kind: "undecodable", reason: `unknown profile ${device.profile}` };
  if (decoded.kind === "undecodable") return decoded;
  return { kind: "decoded", values: decoded.values, codec, levelKind: levelKind(device.profile) };
}
