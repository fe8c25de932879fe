import { expect, test } from "vitest";
import { withinMs } from "../../correction-relay/time-limit.ts";

test("done, late, or failed", async () => {
  expect(await withinMs(Promise.resolve(), 10_000)).toBe("done");
  expect(await withinMs(new Promise(() => {}), 1)).toBe("late");
  await expect(withinMs(Promise.reject(new Error("no")), 10_000)).rejects.toThrow("no");
});
