import { createHash } from "node:crypto";

/** 64 bits: tells frames of one device and one counter apart, and orders two of them at one time. */
export function payloadHash(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex").slice(0, 16);
}
