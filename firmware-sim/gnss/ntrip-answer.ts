/** What a caster said to a request, as far as it has come. */
export type Answer =
  | { readonly kind: "need-more" }
  | { readonly kind: "accepted"; readonly bodyAt: number; readonly chunked: boolean }
  | { readonly kind: "refused"; readonly reason: string };

const HEAD_BYTES_MAX = 8192;

/**
 * Reads the answer of an NTRIP caster of either version. Version 1 answers with one line (`ICY 200 OK`, some casters `OK`), with or
 * without a blank line after it; version 2 is HTTP. A table instead of a stream means that the mount is unknown.
 */
export function readAnswer(bytes: Uint8Array): Answer {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, HEAD_BYTES_MAX)).toString("latin1");
  const lineEnd = text.indexOf("\r\n");
  if (lineEnd === -1) return bytes.length >= HEAD_BYTES_MAX ? { kind: "refused", reason: "no answer line" } : { kind: "need-more" };
  const line = text.slice(0, lineEnd);
  if (/^(ICY 200|OK\b)/.test(line)) return { kind: "accepted", bodyAt: lineEnd + 2, chunked: false };
  if (!line.startsWith("HTTP/")) return { kind: "refused", reason: line.slice(0, 100) };
  const headEnd = text.indexOf("\r\n\r\n");
  if (!/^HTTP\/1\.[01] 200\b/.test(line)) return { kind: "refused", reason: line.slice(0, 100) };
  if (headEnd === -1) return bytes.length >= HEAD_BYTES_MAX ? { kind: "refused", reason: "endless header" } : { kind: "need-more" };
  const head = text.slice(lineEnd, headEnd);
  if (/^content-type:\s*gnss\/sourcetable/im.test(head)) return { kind: "refused", reason: "a source table: no such mount" };
  return { kind: "accepted", bodyAt: headEnd + 4, chunked: /^transfer-encoding:\s*chunked/im.test(head) };
}
