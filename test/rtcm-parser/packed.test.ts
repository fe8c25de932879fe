import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { EXAMPLE_1005 } from "./fixtures.ts";

const ROOT = decodeURIComponent(new URL("../../", import.meta.url).pathname);
const SOURCES = join(ROOT, "correction-relay", "rtcm-parser");

/** Packed from a copy: while npm packs, the copy's manifest is another, and ours is being read by other tests. */
const folder = mkdtempSync(join(tmpdir(), "azemichi-packed-"));
const copy = join(folder, "project", "rtcm-parser");
const app = join(folder, "app");

function run(program: string, args: readonly string[], cwd: string): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd, encoding: "utf8", timeout: 60_000 });
  if (status !== 0) throw new Error(`${program} ${args.join(" ")}: ${error?.message ?? `${stdout}${stderr}`}`);
  return stdout;
}

interface Packed {
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

/** Under other majors than ours too, where the host has one. */
const NODES = [process.execPath, ...["/usr/bin/node", "/usr/local/bin/node"].filter((path) => existsSync(path))];

describe("the package, packed and installed into an empty folder", () => {
  let packed: Packed;

  beforeAll(() => {
    cpSync(SOURCES, copy, { recursive: true, filter: (path) => !/\/(dist|node_modules)$/.test(path) });
    symlinkSync(join(ROOT, "node_modules"), join(folder, "project", "node_modules"));
    packed = (JSON.parse(run("npm", ["pack", "--json", "--silent", "--pack-destination", folder], copy)) as [Packed])[0];
    mkdirSync(app);
    writeFileSync(join(app, "package.json"), JSON.stringify({ name: "app", private: true, type: "module" }));
    run("npm", ["install", "--offline", "--no-audit", "--no-fund", "--silent", join(folder, packed.filename)], app);
  }, 120_000);

  test("holds JavaScript, types, README and licence, no TypeScript and no recordings", () => {
    const paths = packed.files.map(({ path }) => path);
    expect(paths).toEqual(
      expect.arrayContaining(["LICENSE", "README.md", "package.json", "bin/rtcm-parser.mjs", "dist/rtcm-parser.js", "dist/rtcm-parser.d.ts"]),
    );
    expect(paths.filter((path) => !/^(dist\/.*\.(js|d\.ts)|bin\/rtcm-parser\.mjs|LICENSE|README\.md|package\.json)$/.test(path))).toEqual([]);
    const manifest = JSON.parse(readFileSync(join(app, "node_modules", "rtcm-parser", "package.json"), "utf8")) as Record<string, unknown>;
    for (const absent of ["private", "scripts", "dependencies"]) expect(manifest).not.toHaveProperty(absent);
    expect(readFileSync(join(SOURCES, "LICENSE"))).toEqual(readFileSync(join(ROOT, "LICENSE")));
  });

  test("leaves the sources as they were", () => {
    expect(readFileSync(join(copy, "package.json"), "utf8")).toBe(readFileSync(join(SOURCES, "package.json"), "utf8"));
    expect(readdirSync(copy)).not.toContain("dist");
  });

  test.each(NODES)("runs under %s: library and command", (node) => {
    writeFileSync(
      join(app, "use.mjs"),
      `import { decodeMessage, FrameSplitter } from "rtcm-parser";
       for (const frame of new FrameSplitter().push(Uint8Array.from(Buffer.from("${Buffer.from(EXAMPLE_1005).toString("hex")}", "hex")))) console.log(decodeMessage(frame).xM);`,
    );
    expect(run(node, ["use.mjs"], app)).toBe("1114104.5999\n");
    writeFileSync(join(app, "one.rtcm3"), EXAMPLE_1005);
    const command = join(app, "node_modules", ".bin", "rtcm-parser");
    expect(JSON.parse(run(node, [command, "truth", "one.rtcm3"], app))).toMatchObject({
      framing: { frames: 1 },
      stations: [{ station: 2003, x: 1114104.5999 }],
    });
    expect(JSON.parse(run(node, [command, "one.rtcm3"], app))).toMatchObject({ kind: "1005", stationId: 2003 });
  });

  test("its types are there and mean something", () => {
    writeFileSync(
      join(app, "use.ts"),
      `import { decodeMessage, FrameSplitter, type RtcmMessage } from "rtcm-parser";
       const message: RtcmMessage = decodeMessage(new Uint8Array(6));
       export const xM: number | null = message.kind === "1005" ? message.xM : null;
       // @ts-expect-error there is no such kind
       export const none = message.kind === "9999";
       export const lengths: number[] = [...new FrameSplitter().push(new Uint8Array(0))].map((frame) => frame.length);`,
    );
    const tsc = join(ROOT, "node_modules", "typescript", "bin", "tsc");
    const options = ["--noEmit", "--strict", "--target", "es2022", "--skipLibCheck", "false"];
    for (const module of ["nodenext", "preserve"]) run(process.execPath, [tsc, "--ignoreConfig", ...options, "--module", module, "use.ts"], app);
  }, 60_000);
});

test("here the package resolves to its sources", () => {
  expect(import.meta.resolve("rtcm-parser")).toBe(new URL("../../correction-relay/rtcm-parser/rtcm-parser.ts", import.meta.url).href);
});
