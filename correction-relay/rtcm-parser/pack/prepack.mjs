// Before `npm pack`: emits JavaScript and declarations to dist/, then puts the packed manifest in place.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { PACKAGE, removeEmitted, usePackedManifest, useRepositoryManifest } from "./manifest.mjs";

useRepositoryManifest();
removeEmitted();
const { status } = spawnSync(process.execPath, [compiler(), "-p", join(PACKAGE, "pack", "tsconfig.json")], { stdio: ["ignore", 2, 2] });
if (status !== 0) process.exit(status ?? 1);
usePackedManifest();

/** TypeScript is a development dependency of the project around. */
function compiler() {
  for (let folder = PACKAGE; ; folder = dirname(folder)) {
    const path = join(folder, "node_modules", "typescript", "bin", "tsc");
    if (existsSync(path)) return path;
    if (dirname(folder) === folder) break;
  }
  console.error("rtcm-parser: no TypeScript to build with; run `npm install` in the project first");
  process.exit(1);
}
