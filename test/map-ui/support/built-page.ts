import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const BUILD_TIMEOUT_MS = 50_000;

export interface BuiltPage {
  readonly dir: string;
  remove(): Promise<void>;
}

/** Builds the page as it is now into a folder of its own. */
export async function buildPage(): Promise<BuiltPage> {
  const dir = await mkdtemp(join(tmpdir(), "azemichi-map-ui-"));
  const vite = join(ROOT, "node_modules/vite/bin/vite.js");
  await promisify(execFile)(process.execPath, [vite, "build", "map-ui", "--outDir", dir, "--emptyOutDir", "--logLevel", "warn"], {
    cwd: ROOT,
    timeout: BUILD_TIMEOUT_MS,
    env: { ...process.env, NODE_ENV: "production" },
  });
  return { dir, remove: () => rm(dir, { recursive: true, force: true }) };
}
