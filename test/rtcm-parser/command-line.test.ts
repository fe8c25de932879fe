import { spawn, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodeMessage, frameOf, msmFromObservations } from "rtcm-parser";
import { describe, expect, test } from "vitest";
import { lineOf } from "../../correction-relay/rtcm-parser/bin/lines.ts";
import { describeNeeding, sharedPath } from "../support/requirements.ts";
import { CAPTURES, readCapture } from "./captures.ts";
import { runCommand } from "./command.ts";
import { chunked, concat, EXAMPLE_1005, ZERO_LENGTH } from "./fixtures.ts";

const ROOT = decodeURIComponent(new URL("../../", import.meta.url).pathname);
const LAUNCHER = join(ROOT, "correction-relay", "rtcm-parser", "bin", "rtcm-parser.mjs");
const folder = (): string => mkdtempSync(join(tmpdir(), "azemichi-rtcm-"));

const linesOf = (stdout: string): Record<string, unknown>[] =>
  stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe("one line for each message", () => {
  test("with its place, type and fields, whatever stands between; a filler has no type, a message without a table its payload", async () => {
    const other = frameOf(Uint8Array.of(0xfe, 0x81, 2, 3));
    const bytes = concat(new TextEncoder().encode("# x\n"), EXAMPLE_1005, ZERO_LENGTH, Uint8Array.of(0xd3, 0, 5), other);
    for (const size of [1, 1460]) {
      const { status, stdout } = await runCommand(["-"], [...chunked(bytes, [size])]);
      expect(status).toBe(0);
      expect(linesOf(stdout)).toEqual([
        {
          ...{ frame: 0, offset: 4, length: 25, type: 1005, kind: "1005", stationId: 2003, itrfYear: 0, gps: true, glonass: false, galileo: false },
          ...{ nonPhysical: false, xM: 1114104.5999, singleOscillator: false, yM: -4850729.7108, quarterCycle: 0, zM: 3975521.4643 },
        },
        { frame: 1, offset: 29, length: 6, type: null, kind: "empty" },
        { frame: 2, offset: 38, length: 10, type: 4072, kind: "raw", payload: "fe810203" },
      ]);
    }
  });

  test("an MSM names satellites and signals", () => {
    const observation = { satelliteId: 2, signalId: 15, pseudorangeM: 2.2e7, phaseRangeM: null, rangeRateMps: 1, cnrDbHz: 44, lockMs: 0, halfCycle: false };
    const head = { constellation: "QZSS", msm: 4, stationId: 1, epochMs: 5, multipleMessage: false } as const;
    const bytes = encodeMessage(msmFromObservations(head, [observation]));
    expect(JSON.parse(lineOf({ index: 3, offset: 99, type: 1114, bytes }))).toMatchObject({
      ...{ frame: 3, offset: 99, length: bytes.length, type: 1114, kind: "msm", constellation: "QZSS", msm: 4, epochMs: 5 },
      satellites: [{ satellite: "J02", satelliteId: 2, wholeMs: 73 }],
      cells: [{ satellite: "J02", signal: "2S", signalId: 15, cnrDbHz: 44, phaseRangeM: null }],
    });
  });

  test("a message with a good CRC that cannot be decoded is shown as such, and the next one follows", async () => {
    const cut = frameOf(Uint8Array.of(1019 >> 4, (1019 & 15) << 4, 1));
    const { status, stdout } = await runCommand(["-"], [concat(cut, EXAMPLE_1005)]);
    expect(status).toBe(0);
    expect(linesOf(stdout)).toMatchObject([
      { frame: 0, type: 1019, error: { code: "TRUNCATED", message: expect.any(String), type: 1019, bitOffset: expect.any(Number) }, payload: "3fb001" },
      { frame: 1, type: 1005, kind: "1005" },
    ]);
  });
});

describe("how it is called", () => {
  test.each([
    [["--help"], 0, "usage: rtcm-parser", ""],
    [["truth", "-h"], 0, "usage: rtcm-parser", ""],
    [[], 2, "", "no file given"],
    [["truth"], 2, "", "no file given"],
    [["--fast", "x"], 2, "", "unknown option --fast"],
    [["a", "b"], 2, "", "one file at a time"],
    [["/no/such/file"], 2, "", "rtcm-parser: /no/such/file: no such file\n"],
    [["truth", "/no/such/file"], 2, "", "rtcm-parser: /no/such/file: no such file\n"],
    [[tmpdir()], 2, "", "is a directory"],
    [["--", "--help"], 2, "", "rtcm-parser: --help: no such file"],
  ])("%j gives status %d", async (args, status, stdout, stderr) => {
    expect(await runCommand(args)).toEqual({ status, stdout: expect.stringContaining(stdout), stderr: expect.stringContaining(stderr) });
  });

  test("a file that breaks off while it is read: what came before, and status 1", async () => {
    const pieces: AsyncIterable<Uint8Array> = {
      async *[Symbol.asyncIterator]() {
        yield EXAMPLE_1005;
        throw Object.assign(new Error("read failed"), { code: "EIO" });
      },
    };
    expect(await runCommand(["-"], pieces)).toEqual({ status: 1, stdout: expect.stringContaining('"1005"'), stderr: "rtcm-parser: -: read failed\n" });
  });
});

/** Every Node there is: this one, and an older one of the host if it has one. */
const NODES = [process.execPath, ...["/usr/bin/node", "/usr/local/bin/node"].filter((path) => spawnSync(path, ["--version"]).status === 0)];

describe.each(NODES)("as a program, under %s", (node) => {
  test("it reads a file and standard input, and gives its status", () => {
    const file = join(folder(), "one.rtcm3");
    writeFileSync(file, EXAMPLE_1005);
    const byName = spawnSync(node, [LAUNCHER, file], { encoding: "utf8" });
    expect(byName).toMatchObject({ status: 0, stderr: "" });
    expect(linesOf(byName.stdout)).toMatchObject([{ type: 1005, stationId: 2003 }]);
    expect(spawnSync(node, [LAUNCHER, "-"], { input: EXAMPLE_1005, encoding: "utf8" }).stdout).toBe(byName.stdout);
    expect(spawnSync(node, [LAUNCHER, "/no/such/file"], { encoding: "utf8" })).toMatchObject({ status: 2, stdout: "" });
  });
});

describe("as a program", () => {
  test("a reader that goes away ends it in silence", async () => {
    const child = spawn(process.execPath, [LAUNCHER, "-"], { stdio: ["pipe", "pipe", "pipe"] });
    let stderr = "";
    child.stderr.on("data", (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    child.stdin.on("error", () => {}); // it is gone, with what was still to be written
    const many = concat(...new Array<Uint8Array>(20_000).fill(EXAMPLE_1005));
    child.stdin.write(many);
    child.stdout.once("data", () => {
      child.stdout.destroy();
      child.stdin.write(many);
    });
    const status = await new Promise((resolve) => child.on("close", resolve));
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  });

  test("beside its sources no emitted code is used, however fresh; without a Node for them it says what to do", () => {
    const copy = folder();
    const from = join(ROOT, "correction-relay", "rtcm-parser");
    for (const part of ["bin", "package.json", "rtcm-parser.ts"]) cpSync(join(from, part), join(copy, part), { recursive: true });
    mkdirSync(join(copy, "dist", "bin"), { recursive: true });
    writeFileSync(join(copy, "dist", "bin", "command.js"), "console.log('emitted')");
    writeFileSync(join(copy, "bin", "command.ts"), "console.log('source' as string)");
    const run = (node: string) => spawnSync(node, [join(copy, "bin", "rtcm-parser.mjs")], { encoding: "utf8" });
    expect(run(process.execPath)).toMatchObject({ status: 0, stdout: "source\n" });
    const old = NODES.find((node) => Number.parseInt(spawnSync(node, ["-p", "process.versions.node"], { encoding: "utf8" }).stdout, 10) < 24);
    if (old === undefined) return;
    expect(run(old)).toMatchObject({ status: 2, stdout: "", stderr: expect.stringContaining("npm install") });
    mkdirSync(join(copy, "node_modules", `node-${process.platform}-${process.arch}`, "bin"), { recursive: true });
    symlinkSync(process.execPath, join(copy, "node_modules", `node-${process.platform}-${process.arch}`, "bin", "node"));
    expect(run(old)).toMatchObject({ status: 0, stdout: "source\n" });
  });
});

describeNeeding(["shared"], "lines of real captures", () => {
  test.each(CAPTURES)("%s: one for each frame of the truth, none an error", async (name) => {
    const { truth } = readCapture(name);
    const { status, stdout } = await runCommand([sharedPath(`rtcm/${name}`)]);
    expect(status).toBe(0);
    const lines = linesOf(stdout);
    expect(lines.map(({ offset, length, type }) => [offset, length, type ?? -1])).toEqual(truth.frameList);
    for (const line of lines) expect(line).not.toHaveProperty("error");
  });
});
