/**
 * Bytes of strict base64 (RFC 4648 §4: standard alphabet, padded, unused bits zero); null if it is anything else.
 * Node's own decoder skips what it does not know, so that a damaged payload would become a shorter, plausible one.
 */
export function base64Bytes(text: string): Uint8Array | null {
  const bytes = Buffer.from(text, "base64");
  return bytes.toString("base64") === text ? new Uint8Array(bytes) : null;
}
