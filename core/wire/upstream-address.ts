/** What stands for a password that is kept and never shown. */
export const SECRET_MASK = "***";

export type AddressUse = "pull" | "listen";

const FORMS: Readonly<Record<AddressUse, string>> = {
  pull: "one of ntrip://user:password@host:2101/MOUNT, ntrips://… (TLS), tcp://host:port, serial:/dev/ttyACM0?baud=115200",
  listen: "tcp://host:port, the address on which we wait for the base",
};
const ADDRESS_CHARS_MAX = 500;
const BAUDS = { least: 300, most: 4_000_000 };
const WITH_PASSWORD = /^([a-z][a-z0-9+.-]*:\/\/[^/?#]*?):([^/?#]*)@([^/?#@]*)/i;

/** Why this is no address of a base's stream, without repeating it: it may hold a password. null: it is one. */
export function addressProblem(text: string, use: AddressUse): string | null {
  if (text.length > ADDRESS_CHARS_MAX || /[\s\0]/.test(text)) return `must be ${FORMS[use]}; no spaces, at most ${ADDRESS_CHARS_MAX} characters`;
  const scheme = /^([a-z]+):/i.exec(text)?.[1]?.toLowerCase();
  if (scheme === "serial" && use === "pull") return serialProblem(text);
  if (scheme === "tcp") return tcpProblem(text, use);
  if ((scheme === "ntrip" || scheme === "ntrips") && use === "pull") return ntripProblem(text);
  return `must be ${FORMS[use]}`;
}

/** Paths are those of Linux: a port that stays the same over a restart is one of /dev/serial/by-id/. */
function serialProblem(text: string): string | null {
  const found = /^serial:(?:\/\/)?\/[^?#]+(?:\?baud=(\d{3,7}))?$/i.exec(text);
  if (!found || !text.startsWith("serial:")) return `must be ${FORMS.pull}`;
  const baud = Number(found[1] ?? BAUDS.least);
  return baud >= BAUDS.least && baud <= BAUDS.most ? null : `baud must lie between ${BAUDS.least} and ${BAUDS.most}`;
}

function tcpProblem(text: string, use: AddressUse): string | null {
  const url = urlOf(text);
  const bare = url !== null && url.username === "" && url.password === "" && /^\/?$/.test(url.pathname) && url.search === "" && url.hash === "";
  // URL leaves out port 80, which is one like others here
  const port = /:(\d{1,5})\/?$/.exec(text)?.[1];
  return bare && port !== undefined && Number(port) > 0 ? null : `must be ${use === "listen" ? FORMS.listen : "tcp://host:port"}`;
}

function ntripProblem(text: string): string | null {
  const url = urlOf(text);
  if (url === null || url.hash !== "") return `must be ${FORMS.pull}; a character like @, /, # or % in a password is written %40, %2F, %23, %25`;
  if (!/^\/[^/]+$/.test(url.pathname)) return "must name the mount after the host: ntrip://user:password@host:2101/MOUNT";
  const version = url.searchParams.get("v");
  const others = [...url.searchParams.keys()].some((key) => key !== "v");
  return others || (version !== null && version !== "1" && version !== "2") ? "takes only ?v=1 or ?v=2 (the version of NTRIP) after the mount" : null;
}

/** `http` in the place of the scheme: URL understands hosts and ports of known schemes only. */
function urlOf(text: string): URL | null {
  const url = URL.parse(text.replace(/^[a-z]+:/i, "http:"));
  return url === null || url.hostname === "" || url.port === "0" ? null : url;
}

/** The address as it may be shown: the password replaced, the rest as it stands. */
export function withoutSecret(address: string): string {
  return address.replace(WITH_PASSWORD, (_all, head: string, _secret, host: string) => `${head}:${SECRET_MASK}@${host}`);
}

export const hasMask = (address: string): boolean => WITH_PASSWORD.exec(address)?.[2] === SECRET_MASK;

/**
 * The address with the password that is kept in the place of its mask. null: there is none for that user and host: a kept
 * password never goes to another host than the one it was written for.
 */
export function withKeptSecret(address: string, kept: string | null | undefined): string | null {
  const shown = WITH_PASSWORD.exec(address);
  const known = kept ? WITH_PASSWORD.exec(kept) : null;
  if (!shown || !known || shown[1]?.toLowerCase() !== known[1]?.toLowerCase() || hostOf(shown[3]) !== hostOf(known[3])) return null;
  return address.replace(WITH_PASSWORD, () => `${shown[1]}:${known[2]}@${shown[3]}`);
}

const hostOf = (hostAndPort: string | undefined): string => (hostAndPort ?? "").toLowerCase().replace(/:\d*$/, "");
