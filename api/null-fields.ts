import type { z } from "zod";

/**
 * Takes those fields out of a body that are `null` where the schema knows no null: that means left out, as everywhere in a site file. The validator,
 * which has to read the numbers of a query from text, would bend them into 0, "" and false. What is then missing, it says.
 */
export function dropNullFields(schema: z.ZodType, body: unknown): void {
  if (typeof body !== "object" || body === null) return;
  const { error } = schema.safeParse(body);
  for (const { path } of error?.issues ?? []) {
    const key = path.at(-1);
    const holder = path.slice(0, -1).reduce<unknown>(fieldOf, body);
    if (key !== undefined && isRecord(holder) && fieldOf(holder, key) === null) delete holder[key];
  }
}

function fieldOf(holder: unknown, key: PropertyKey): unknown {
  return typeof holder === "object" && holder !== null && Object.hasOwn(holder, key) ? (holder as Record<PropertyKey, unknown>)[key] : undefined;
}

function isRecord(value: unknown): value is Record<PropertyKey, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
