type Json = unknown;

const DEPTH_MAX = 32; // no entry of a site file is half as deep; what lies deeper is taken as it is, and refused by its schema

/** JSON merge patch (RFC 7396 §2): null removes a key, objects merge, everything else replaces. */
export function mergePatch(target: Json, patch: Json, depth = 0): Json {
  if (!isObject(patch) || depth > DEPTH_MAX) return patch;
  const merged = new Map<string, Json>(isObject(target) ? Object.entries(target) : []);
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) merged.delete(key);
    else merged.set(key, mergePatch(merged.get(key), value, depth + 1));
  }
  return Object.fromEntries(merged);
}

function isObject(value: Json): value is Record<string, Json> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
