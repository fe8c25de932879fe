export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** What stands under the request line. */
export interface Headers {
  readonly values: ReadonlyMap<string, string>; // names in lower case; of repeated ones the first
  readonly gga: readonly string[];
}

// Android's Base64 breaks its lines after 76 characters, and ends them with LF.
const FULL = /^basic\s+(\S{76})+$/i;
const WRAPPED = /^[A-Za-z0-9+/]+=*\s*$/;
const GGA = /^\$[A-Z]{2}GGA,/;

/** Any case, with or without the space behind the colon, empty values; a GGA line among them; what is none of these is ignored. */
export function readHeaders(lines: readonly string[]): Headers {
  const values = new Map<string, string>();
  const gga: string[] = [];
  let above = ""; // name of the header above
  for (const line of lines) {
    if (GGA.test(line)) {
      gga.push(line.trim());
      continue;
    }
    const colon = line.indexOf(":");
    if (above === "authorization" && FULL.test(values.get(above) ?? "") && WRAPPED.test(line)) values.set(above, `${values.get(above)}${line.trim()}`);
    if (colon < 1) continue;
    const name = line.slice(0, colon).trim().toLowerCase();
    const value = line.slice(colon + 1).trim();
    above = values.has(name) ? "" : name;
    if (!values.has(name)) values.set(name, value);
  }
  const sent = values.get("ntrip-gga");
  if (sent) gga.push(sent.startsWith("$") ? sent : `$${sent}`);
  return { values, gga };
}

// What NTRIP clients send. An unknown name stays glued to the value before it, which is harmless for all but these.
const NAMES =
  "Host|User-Agent|Source-Agent|STR|Authorization|Accept|Connection|Proxy-Connection|Ntrip-Version|Ntrip-GGA|Ntrip-STR|Content-Type|Content-Encoding|Transfer-Encoding|Cache-Control";
const GLUED = new RegExp(`[ \\t]*(?=(?:${NAMES}):|\\$[A-Z]{2}GGA,)`, "gi");

/** Lines of a head whose sender knows no line ends: `GET /M HTTP/1.0User-Agent: xAuthorization: Basic …`. */
export function unglued(head: string): string[] {
  // `Proxy-Connection:` holds `Connection:`, and `Ntrip-GGA: $GPGGA,` holds a sentence: a piece that ends so goes on with the next.
  const pieces = head.split(GLUED);
  const lines: string[] = [];
  for (const piece of pieces) {
    const last = lines.at(-1);
    if (last !== undefined && /(Proxy-|Ntrip-GGA:)\s*$/i.test(last)) lines[lines.length - 1] = last + piece;
    else lines.push(piece);
  }
  return lines;
}

/** RFC 7617, scheme in any case; a user without colon has an empty password. */
export function basicCredentials(value: string | undefined): Credentials | null {
  const found = /^basic\s+(\S+)/i.exec(value ?? "");
  if (!found) return null;
  const text = Buffer.from(found[1] as string, "base64").toString("utf8");
  const colon = text.indexOf(":");
  return colon === -1 ? { username: text, password: "" } : { username: text.slice(0, colon), password: text.slice(colon + 1) };
}

/** RFC 9112 §7: the codings apart from `chunked`, without parameters. */
export function compressionIn(transferEncoding = ""): string | null {
  const codings = transferEncoding.toLowerCase().split(",");
  return codings.map((coding) => coding.replace(/;.*/, "").trim()).find((coding) => !["", "chunked", "identity"].includes(coding)) ?? null;
}

/** `Ntrip/2.0` as the standard has it, and as it is typed by hand. */
export const ntripVersion = (value = ""): 1 | 2 => (/^(ntrip\s*\/?\s*)?2/i.test(value) ? 2 : 1);
