import { expect } from "vitest";

/** Equal in shape; numbers equal to 9 digits, and a vendor's numeric text counts as its number. */
export function expectClose(actual: unknown, expected: unknown, path = "$"): void {
  if (typeof expected === "string" && typeof actual === "number") expectClose(actual, Number(expected), path);
  else if (typeof expected === "number") {
    expect(typeof actual, path).toBe("number");
    expect(Math.abs(Number(actual) - expected), `${path}: ${actual} is not ${expected}`).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(expected)));
  } else if (Array.isArray(expected)) {
    expect(Array.isArray(actual) ? actual.length : actual, `${path}: ${JSON.stringify(actual)}`).toBe(expected.length);
    for (const [at, inner] of expected.entries()) expectClose((actual as unknown[])[at], inner, `${path}[${at}]`);
  } else if (typeof expected === "object" && expected !== null) {
    expect(actual, path).toBeTypeOf("object");
    for (const [key, inner] of Object.entries(expected)) expectClose((actual as Record<string, unknown>)[key], inner, `${path}.${key}`);
  } else expect(actual, path).toEqual(expected);
}
