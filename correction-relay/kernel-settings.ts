import { readFileSync } from "node:fs";

/** A setting of the kernel that lets a slow rover's bytes pile up where the relay cannot see or stop them. */
export interface UnfitSetting {
  readonly name: string;
  readonly found: string;
  readonly wanted: string;
}

interface Setting {
  readonly name: string;
  readonly wanted: string;
  readonly fits: (values: readonly number[]) => boolean;
}

/** What deploy/90-azemichi.conf sets, network namespace by network namespace. */
const SETTINGS: readonly Setting[] = [
  { name: "net.ipv4.tcp_notsent_lowat", wanted: "16384", fits: ([bytes = Number.NaN]) => bytes > 0 && bytes <= 16_384 },
  { name: "net.ipv4.tcp_wmem", wanted: "4096 16384 262144", fits: (values) => (values[2] ?? Number.NaN) <= 262_144 },
  { name: "net.ipv4.tcp_retries2", wanted: "8", fits: ([count = Number.NaN]) => count <= 8 },
];

/**
 * The settings that are not as they should be; none where there is no such kernel.
 * @param read gives a file's text, or throws
 */
export function unfitSettings(read: (path: string) => string = (path) => readFileSync(path, "utf8")): UnfitSetting[] {
  return SETTINGS.flatMap(({ name, wanted, fits }) => {
    const found = textOf(`/proc/sys/${name.replaceAll(".", "/")}`, read);
    return found === null || fits(found.split(/\s+/).map(Number)) ? [] : [{ name, found, wanted }];
  });
}

function textOf(path: string, read: (path: string) => string): string | null {
  try {
    return read(path).trim().replace(/\s+/g, " ");
  } catch {
    return null; // another system, or one that does not show it
  }
}
