import { existsSync, lstatSync, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { dirname, join } from "node:path";
import { tokenDigest } from "../core/runtime/secrets.ts";
import { writeSecretFile } from "./data-folder.ts";

/** Where `web` hands HTTP hooks to `field`, and by what they know each other. */
const NAME = "field.sock";
/** sun_path of unix(7) holds 108 bytes with its end. */
const PATH_BYTES_MAX = 107;

const inFolder = (dataFolder: string): string => join(dataFolder, "run", NAME);
const pointer = (dataFolder: string): string => `${inFolder(dataFolder)}.path`;
const fits = (path: string): boolean => Buffer.byteLength(path) <= PATH_BYTES_MAX;

/** For `field`. A data folder whose path is too long for a socket gets a folder of its own under the system's temporary one, named in a file. */
export function hookSocketPath(dataFolder: string): string {
  const path = inFolder(dataFolder);
  if (fits(path)) return path;
  const before = pointedPath(dataFolder);
  if (before !== undefined && isOurs(dirname(before))) return before;
  const made = join(mkdtempSync(join(tmpdir(), "azemichi-")), NAME); // mode 0700
  writeSecretFile(pointer(dataFolder), made);
  return made;
}

/** For `web`: undefined as long as `field` has made none. */
export function hookSocketToConnect(dataFolder: string): string | undefined {
  const path = fits(inFolder(dataFolder)) ? inFolder(dataFolder) : pointedPath(dataFolder);
  return path !== undefined && existsSync(path) ? path : undefined;
}

/** New with each start, like the roles' log-ins to the broker. */
export const hookCredential = (busSecret: string): string => tokenDigest(Buffer.from(busSecret, "utf8"), "hooks");

function pointedPath(dataFolder: string): string | undefined {
  return existsSync(pointer(dataFolder)) ? readFileSync(pointer(dataFolder), "utf8") : undefined;
}

/** The temporary folder is everybody's: what was swept away and made again by somebody else is not entered. */
function isOurs(folder: string): boolean {
  const found = lstatSync(folder, { throwIfNoEntry: false });
  return found?.isDirectory() === true && found.uid === userInfo().uid && (found.mode & 0o077) === 0;
}
