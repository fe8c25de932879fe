/** Where we fetch a base's stream ourselves, from a `pull` or `listen` of the site file. */
export type UpstreamUrl =
  | {
      readonly kind: "ntrip";
      readonly host: string;
      readonly port: number;
      readonly tls: boolean;
      readonly mount: string;
      readonly username: string | null;
      readonly password: string;
      readonly version: 1 | 2 | null; // null: tried and remembered
    }
  | { readonly kind: "tcp"; readonly host: string; readonly port: number }
  | { readonly kind: "serial"; readonly path: string; readonly baud: number };

const NTRIP_PORT = 2101;
const BAUD = 115_200;

/**
 * `ntrip://user:password@host:port/MOUNT`, the same with `ntrips://` for TLS and `?v=1` or `?v=2` for one version of NTRIP only,
 * `tcp://host:port`, `serial:/dev/ttyACM0?baud=115200`. null: none of these.
 */
export function parseUpstreamUrl(text: string): UpstreamUrl | null {
  const serial = /^serial:(?:\/\/)?(\/[^?]+)(?:\?baud=(\d{3,7}))?$/.exec(text);
  if (serial) return { kind: "serial", path: serial[1] as string, baud: Number(serial[2] ?? BAUD) };
  const url = URL.parse(text.replace(/^(ntrips?|tcp):/i, (scheme) => (scheme.toLowerCase() === "ntrips:" ? "https:" : "http:")));
  const scheme = /^(ntrips?|tcp):/i.exec(text)?.[1]?.toLowerCase();
  if (url === null || scheme === undefined || url.hostname === "") return null;
  const host = url.hostname.replace(/^\[|\]$/g, "");
  if (scheme === "tcp") {
    const port = url.port === "" ? usualPort(text, 80) : Number(url.port);
    return port === null ? null : { kind: "tcp", host, port };
  }
  const mount = decoded(url.pathname.replace(/^\//, ""));
  if (mount === "") return null;
  const version = url.searchParams.get("v");
  return {
    kind: "ntrip",
    host,
    port: url.port === "" ? (usualPort(text, scheme === "ntrips" ? 443 : 80) ?? NTRIP_PORT) : Number(url.port),
    tls: scheme === "ntrips",
    mount,
    username: url.username === "" && url.password === "" ? null : decoded(url.username),
    password: decoded(url.password),
    version: version === "1" ? 1 : version === "2" ? 2 : null,
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return text; // a stray % is part of the word
    throw error;
  }
}

/** URL leaves out the port that is usual for http or https; here they are ports like others. */
function usualPort(text: string, port: 80 | 443): number | null {
  return new RegExp(`:${port}(?=[/?#]|$)`).test(text.replace(/^.*@/, "")) ? port : null;
}
