const BASE64 = /^[A-Za-z0-9+/_-]*={0,2}$/;

/**
 * Bytes of base64 in the forms that proto3 JSON allows: standard or URL-safe alphabet (RFC 4648 §4, §5), with or without padding; null if it
 * is anything else. Unused bits must be zero and padding complete: Node's own decoder skips what it does not know, so that a damaged payload
 * would become a shorter, plausible one.
 */
export function base64Bytes(text: string): Uint8Array | null {
  const bytes = Buffer.from(text, "base64");
  if (bytes.toString("base64") === text) return new Uint8Array(bytes);
  if (!BASE64.test(text)) return null;
  const end = text.indexOf("=");
  const digits = end === -1 ? text : text.slice(0, end);
  if (end !== -1 && text.length % 4 !== 0) return null;
  return bytes.toString("base64url") === digits.replaceAll("+", "-").replaceAll("/", "_") ? new Uint8Array(bytes) : null;
}
