// In the repository "rtcm-parser" resolves to the sources, so that nothing is built and nothing stale is ever run. Nobody else
// can run those (Node strips no types below node_modules/), and npm packs the manifest it finds: so the packed one lies in its
// place from the end of prepack to postpack, for as long as npm writes the tarball. What it leads to was built just then.
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const PACKAGE = fileURLToPath(new URL("..", import.meta.url));
const EMITTED = join(PACKAGE, "dist");
const MANIFEST = join(PACKAGE, "package.json");
const KEPT = join(EMITTED, "package.repository.json");

export function usePackedManifest() {
  const text = readFileSync(MANIFEST, "utf8");
  const { private: _, scripts: __, exports: ___, ...rest } = JSON.parse(text);
  const packed = {
    ...rest,
    main: "./dist/rtcm-parser.js",
    types: "./dist/rtcm-parser.d.ts",
    exports: { ".": { types: "./dist/rtcm-parser.d.ts", default: "./dist/rtcm-parser.js" } },
    files: [...rest.files, "!dist/package.repository.json"],
  };
  writeFileSync(KEPT, text);
  replaceManifest(`${JSON.stringify(packed, null, 2)}\n`);
}

/** Also after a packing that was broken off; never over a manifest that was edited since. */
export function useRepositoryManifest() {
  if (!existsSync(KEPT)) return;
  const isPacked = "main" in JSON.parse(readFileSync(MANIFEST, "utf8"));
  if (isPacked) replaceManifest(readFileSync(KEPT, "utf8"));
  rmSync(KEPT);
}

export function removeEmitted() {
  rmSync(EMITTED, { recursive: true, force: true });
}

/** In one step: others may read it meanwhile. */
function replaceManifest(text) {
  writeFileSync(`${MANIFEST}.new`, text);
  renameSync(`${MANIFEST}.new`, MANIFEST);
}
