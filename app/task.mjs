// `npm run TASK`: sets up what is missing, then runs one developer's or operator's task under Node 24. Plain JavaScript for any Node >= 18.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { runUnder } from "./run-under.mjs";
import { ROOT, setUp } from "./setup.mjs";

const bin = (...path) => join(ROOT, "node_modules", ...path);
const TASKS = {
  test: { map: true, run: [[bin("vitest", "vitest.mjs"), "run"]] },
  check: {
    map: false,
    run: [
      [bin("typescript", "bin", "tsc"), "-p", ROOT],
      [bin("typescript", "bin", "tsc"), "-p", join(ROOT, "map-ui")],
    ],
    program: [bin("@biomejs", `cli-${process.platform}-${process.arch}`, "biome"), "check", ROOT], // the platform's binary itself
  },
  build: { map: true, run: [] },
  bench: {
    map: false,
    run: existsSync(join(ROOT, "bench"))
      ? readdirSync(join(ROOT, "bench"))
          .filter((f) => f.endsWith(".bench.ts"))
          .sort()
          .map((f) => [join(ROOT, "bench", f)])
      : [],
  },
  sim: { map: false, run: [[join(ROOT, "firmware-sim", "main.ts")]] },
  site: { map: false, run: [[join(ROOT, "app", "site-command.ts")]] },
  backup: { map: false, run: [[join(ROOT, "app", "backup-command.ts"), "backup"]] },
  restore: { map: false, run: [[join(ROOT, "app", "backup-command.ts"), "restore"]] },
};

const [name, ...rest] = process.argv.slice(2);
const task = TASKS[name ?? ""];
if (!task) {
  console.error(`usage: node app/task.mjs ${Object.keys(TASKS).join("|")} [arguments]`);
  process.exit(2);
}
const runtime = setUp({ map: task.map });
if (task.run.length === 1) runUnder(runtime, [...task.run[0], ...rest], { inRoot: name === "test" });
else {
  for (const [program, ...args] of [...task.run.map((command) => [runtime, ...command]), ...(task.program ? [task.program] : [])]) {
    const { status } = spawnSync(program, [...args, ...rest], { cwd: ROOT, stdio: "inherit" });
    if (status !== 0) process.exit(status ?? 1);
  }
}
