const FORM = "mqtts://user:password@host:8883, mqtt://, wss:// or ws://";
const CHARS_MAX = 1000;
const FILTERS_MAX = 20;
const TOPIC_BYTES_MAX = 512;

/** Port when the address names none: IANA mqtt and secure-mqtt; WebSocket's are those of HTTP. */
const PORTS = { mqtt: 1883, mqtts: 8883, ws: 80, wss: 443 } as const;
export type BrokerScheme = keyof typeof PORTS;

/** An MQTT broker of somebody else, as `networks[].url` names it. */
export interface BrokerAddress {
  readonly scheme: BrokerScheme;
  readonly host: string; // IPv6 without brackets
  readonly port: number;
  readonly path: string; // of a WebSocket
  readonly username: string | null;
  readonly password: string | null;
  readonly filters: readonly string[]; // of `?topic=`; empty: what the network's kind says
  readonly prefix: string; // of `?prefix=`: stands before every topic there, and is taken off here
  readonly caPath: string | null; // of `?ca=`: PEM file of the authority that signed the broker's certificate
}

export type BrokerAddressResult = { readonly kind: "address"; readonly address: BrokerAddress } | { readonly kind: "invalid"; readonly problem: string };

/**
 * Reads `scheme://user:password@host:port/path?topic=FILTER&prefix=TOPIC/&ca=FILE`. `topic` may stand several times; `+` and `#` in it are
 * MQTT's own and need no escape. A problem never repeats the address: it may hold a password.
 */
export function parseBrokerAddress(text: string): BrokerAddressResult {
  if (text.length > CHARS_MAX || /[\s\0]/.test(text)) return invalid(`must be ${FORM}; no spaces, at most ${CHARS_MAX} characters`);
  const scheme = /^([a-z]+):\/\//i.exec(text)?.[1]?.toLowerCase();
  if (scheme === undefined || !(scheme in PORTS)) return invalid(`must begin with mqtts://, mqtt://, wss:// or ws://, like ${FORM}`);
  const queryAt = text.indexOf("?");
  const head = queryAt < 0 ? text : text.slice(0, queryAt);
  const url = URL.parse(head.replace(/^[a-z]+:/i, "http:"));
  if (url === null || url.hostname === "" || url.hash !== "")
    return invalid(`must be ${FORM}; a character like @, /, # or % in a password is written %40, %2F, %23, %25`);
  const port = portOf(head) ?? PORTS[scheme as BrokerScheme];
  if (port === 0 || port > 65_535) return invalid("must name a port between 1 and 65535");
  const webSocket = scheme === "ws" || scheme === "wss";
  if (!webSocket && !/^\/?$/.test(url.pathname)) return invalid("has a path after the host, which only ws:// and wss:// know; topics are named by ?topic=");
  const username = decoded(url.username);
  const password = decoded(url.password);
  if (username === undefined || password === undefined) return invalid("holds a % in user name or password that is no escape: write it %25");
  if (username === "" && password !== "") return invalid("has a password without a user name");
  const query = queryOf(queryAt < 0 ? "" : text.slice(queryAt + 1));
  if (typeof query === "string") return invalid(query);
  if (query.caPath !== null && scheme !== "mqtts" && scheme !== "wss") return invalid("names a ?ca= file, but no TLS: use mqtts:// or wss://");
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const path = webSocket ? url.pathname : "";
  return {
    kind: "address",
    address: { scheme: scheme as BrokerScheme, host, port, path, username: username || null, password: username === "" ? null : password, ...query },
  };
}

/** For site files. null: it can be used. */
export function brokerAddressProblem(text: string): string | null {
  const result = parseBrokerAddress(text);
  return result.kind === "invalid" ? result.problem : null;
}

/** Scheme, host and port: what may be shown to anybody who may know of the source. */
export function brokerName({ scheme, host, port }: Pick<BrokerAddress, "scheme" | "host" | "port">): string {
  return `${scheme}://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** Whether user name, password and uplinks cross a network that others may listen on. */
export function isOpenToListeners({ scheme, host }: Pick<BrokerAddress, "scheme" | "host">): boolean {
  return (scheme === "mqtt" || scheme === "ws") && !/^(?:localhost|.*\.localhost|127(?:\.\d+){3}|::1)$/i.test(host);
}

const invalid = (problem: string): BrokerAddressResult => ({ kind: "invalid", problem });

/** URL leaves out the port that it holds for the scheme's own; here that is one like others. */
function portOf(head: string): number | null {
  const found = /:(\d{1,5})(?:\/[^@]*)?$/.exec(head.replace(/^[a-z]+:\/\//i, ""));
  return found?.[1] === undefined ? null : Number(found[1]);
}

function queryOf(text: string): Pick<BrokerAddress, "filters" | "prefix" | "caPath"> | string {
  const filters: string[] = [];
  let prefix = "";
  let caPath: string | null = null;
  for (const part of text.split("&")) {
    if (part === "") continue;
    const at = part.indexOf("=");
    const key = part.slice(0, at < 0 ? undefined : at);
    const value = at < 0 ? "" : decoded(part.slice(at + 1));
    if (value === undefined) return `holds a % in ?${key}= that is no escape: write it %25`;
    if (key === "topic") filters.push(value);
    else if (key === "prefix") prefix = value;
    else if (key === "ca") caPath = value;
    else return "takes only ?topic=, ?prefix= and ?ca= after the host";
  }
  if (filters.length > FILTERS_MAX) return `names more than ${FILTERS_MAX} topics`;
  if (!filters.every(isTopicFilter)) return "names a ?topic= that is no MQTT topic filter: + stands for one whole level, # for all that follow, at the end";
  if (prefix !== "" && (/[+#\0]/.test(prefix) || !prefix.endsWith("/"))) return "names a ?prefix= that is no topic ending in /";
  if (caPath !== null && !caPath.startsWith("/")) return "names a ?ca= that is no path from the root, like /etc/ssl/our-ca.pem";
  return { filters, prefix, caPath };
}

/** [MQTT-4.7.1-2], [MQTT-4.7.1-3], [MQTT-4.7.3-1] */
function isTopicFilter(filter: string): boolean {
  if (filter === "" || filter.includes("\0") || new TextEncoder().encode(filter).length > TOPIC_BYTES_MAX) return false;
  const levels = filter.split("/");
  return levels.every((level, i) => level === "+" || (level === "#" && i === levels.length - 1) || !/[+#]/.test(level));
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined; // said by the caller, who knows where
  }
}
