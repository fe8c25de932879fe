/** What a caster said to our request for a stream, as far as it has come. */
export type CasterAnswer =
  | { readonly kind: "need-more" }
  | { readonly kind: "stream"; readonly bodyAt: number; readonly chunked: boolean; readonly gzip: boolean; readonly server: string | null }
  | { readonly kind: "refused"; readonly why: "password" | "banned" | "mount" | "busy" | "other"; readonly line: string };

const HEAD_BYTES_MAX = 8192;
const PREAMBLE = 0xd3;
const BAN = /\b(bann?ed|blocked|sandbox|suspended|black ?list)/i;

/**
 * As tolerant as our own caster, since those in the field are malformed too: `ICY 200 OK` with or without a blank line,
 * `HTTP/1.1 200 OKNtrip-Version: …` without its CRLF, a stream that begins without a word, tables for an unknown mount.
 * `ended`: nothing more will come.
 */
export function readCasterAnswer(bytes: Uint8Array, ended = false): CasterAnswer {
  if (bytes[0] === PREAMBLE) return { kind: "stream", bodyAt: 0, chunked: false, gzip: false, server: null };
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, HEAD_BYTES_MAX)).toString("latin1");
  const full = ended || bytes.length >= HEAD_BYTES_MAX;
  const lineEnd = text.search(/\r?\n/);
  if (lineEnd === -1 && !full) return { kind: "need-more" };
  const line = (lineEnd === -1 ? text : text.slice(0, lineEnd)).slice(0, 120);
  if (BAN.test(text)) return { kind: "refused", why: "banned", line };
  if (/^(ICY 200|OK\b)/i.test(line)) return { kind: "stream", bodyAt: behindIcy(text, lineEnd), chunked: false, gzip: false, server: null };
  if (!/^HTTP\/\d/i.test(line)) return { kind: "refused", why: whyOf(line, text), line };
  if (!/^HTTP\/\d(\.\d)? 200/i.test(line)) return { kind: "refused", why: whyOf(line, text), line };
  const headEnd = /\r?\n\r?\n/.exec(text);
  if (headEnd === null) return full ? { kind: "refused", why: "other", line: "no end of the header" } : { kind: "need-more" };
  const head = text.slice(0, headEnd.index);
  if (/content-type:\s*gnss\/sourcetable/i.test(head)) return { kind: "refused", why: "mount", line: "a sourcetable: there is no such mount" };
  return {
    kind: "stream",
    bodyAt: headEnd.index + headEnd[0].length,
    chunked: /transfer-encoding:[^\r\n]*chunked/i.test(head),
    gzip: /(content|transfer)-encoding:[^\r\n]*gzip/i.test(head),
    server: /^server:\s*([^\r\n]{1,100})/im.exec(head)?.[1] ?? null,
  };
}

/** Header lines and the blank line behind `ICY 200 OK`, where there are any; RTKLIB's caster sends the bare line. */
function behindIcy(text: string, lineEnd: number): number {
  const rest = text.slice(lineEnd);
  const headers = /^\r?\n(?:[A-Za-z-]{1,40}:[^\r\n]*\r?\n)*(?:\r?\n)?/.exec(rest);
  return lineEnd + (headers?.[0].length ?? 0);
}

function whyOf(line: string, text: string): "password" | "mount" | "busy" | "other" {
  if (/\b40[13]\b|bad password|unauthori[sz]ed|forbidden/i.test(line)) return "password";
  if (/^SOURCETABLE|\b404\b/i.test(line) || text.includes("ENDSOURCETABLE")) return "mount";
  return /\b(409|429|503)\b|taken|too many/i.test(line) ? "busy" : "other";
}
