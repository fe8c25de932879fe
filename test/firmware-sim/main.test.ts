import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { BASE_PASSWORD, baseOf, eventually, openBench } from "../correction-relay/support.ts";

const MAIN = fileURLToPath(new URL("../../firmware-sim/main.ts", import.meta.url));

function start(...args: string[]) {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  const said = { out: "", err: "" };
  child.stdout.on("data", (bytes: Buffer) => {
    said.out += bytes.toString("utf8");
  });
  child.stderr.on("data", (bytes: Buffer) => {
    said.err += bytes.toString("utf8");
  });
  const code = once(child, "close").then(([exit]) => exit as number | null);
  return { child, said, code };
}

test.each([
  [["--help"], 0, "Usage: npm run sim -- SCENARIO"],
  [["fly"], 2, "no scenario fly"],
  [["base", "--password", "x", "--mount", "MISATO1"], 1, "MISATO1 does not start with DEMO_"],
  [["demo", "--secrets", "/nowhere/demo-secrets.json"], 1, "/nowhere/demo-secrets.json"],
])("%j ends with %i and says why", async (args, expected, sentence) => {
  const { said, code } = start(...args);
  expect(await code).toBe(expected);
  expect(said.out + said.err).toContain(sentence);
});

test("a base pushes until SIGTERM, then ends with 0", async () => {
  await using bench = await openBench({ bases: [baseOf("DEMO_X", { sim: true })] });
  const { child, code, said } = start("base", "--ntrip", `127.0.0.1:${bench.port}`, "--mount", "DEMO_X", "--password", BASE_PASSWORD);
  try {
    await eventually(() => said.err.includes("base connected"), "the base");
  } finally {
    child.kill("SIGTERM");
  }
  expect(await code).toBe(0);
});
