import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { freshFolder, ROOT } from "../support/service.ts";

const run = (program: string, args: string[], cwd = ROOT): { status: number | null; output: string } => {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd, encoding: "utf8" });
  return { status, output: stdout + stderr };
};
const tsc = (project: string): ReturnType<typeof run> => run(process.execPath, [join(ROOT, "node_modules", "typescript", "bin", "tsc"), "-p", project]);
const biome = (args: string[], cwd = ROOT): ReturnType<typeof run> =>
  run(join(ROOT, "node_modules", "@biomejs", `cli-${process.platform}-${process.arch}`, "biome"), args, cwd);

describe("the house", () => {
  test("types hold", () => {
    expect(tsc(".")).toEqual({ status: 0, output: "" });
    expect(tsc("map-ui")).toEqual({ status: 0, output: "" });
  }, 120_000);

  test("lint holds", () => {
    const { status, output } = biome(["check", "--max-diagnostics=5"]);
    expect(status, output).toBe(0);
  }, 60_000);

  // The boundaries are worth what the linter makes of them: each forbidden import must be seen.
  test.each([
    { file: "ingest/zz-boundary.ts", source: 'import { access } from "../broker/access.ts";' },
    { file: "api/zz-boundary.ts", source: 'import { openSqliteReader } from "../store/sqlite-reader.ts";' },
    { file: "store/zz-boundary.ts", source: 'import { z } from "zod";' },
    { file: "broker/zz-boundary.ts", source: 'import mqtt from "mqtt";' },
    { file: "core/domain/zz-boundary.ts", source: 'import { readFileSync } from "node:fs";' },
    { file: "core/wire/zz-boundary.ts", source: 'import { Metrics } from "../runtime/metrics.ts";' },
    { file: "core/runtime/zz-boundary.ts", source: 'import { parseUplink } from "../wire/uplink-message.ts";' },
    { file: "correction-relay/zz-boundary.ts", source: 'import { readConfig } from "../app/config.ts";' },
    { file: "correction-relay/rtcm-parser/zz-boundary.ts", source: 'import { connect } from "node:net";' },
    { file: "firmware-sim/zz-boundary.ts", source: 'import { CatalogStore } from "../store/catalog.ts";' },
    { file: "map-ui/zz-boundary.ts", source: 'import { Metrics } from "../core/runtime/metrics.ts";' },
    { file: "app/zz-boundary.ts", source: 'import { start } from "../map-ui/main.ts";' },
  ])("a forbidden import is refused: $file", ({ file, source }) => {
    const folder = freshFolder("boundary"); // a tree of its own: others look at ours meanwhile
    copyFileSync(join(ROOT, "biome.json"), join(folder, "biome.json"));
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), `${source}\n`);
    expect(biome(["lint", "--vcs-enabled=false", file], folder).output).toContain("noRestrictedImports");
  });
});
