import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const root = new URL("../../", import.meta.url);

test("the README's example runs and prints what it says", async () => {
  const readme = readFileSync(new URL("correction-relay/rtcm-parser/README.md", root), "utf8");
  const example = /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? "";
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module-typescript", "--eval", example], { cwd: root, timeout: 20_000 });
  const printed = stdout.replace(/\s+/g, " ");
  const promised = [...example.matchAll(/; \/\/ (.*)/g)].map((match) => (match[1] as string).split("…")[0] as string);
  expect(promised.length).toBeGreaterThan(1);
  expect(printed).toContain(promised[0] as string);
  expect(printed).toContain("{ frames: 1, skippedBytes: 0, crcFailures: 0 }");
});
