/**
 * Simulated corrections go to simulated bases only. A caster cannot tell them from real ones before the first 1033, so the simulator
 * itself refuses every mount that is not named DEMO_*, unless its name was given twice (`--allow-mount`).
 */
export function checkMount(mount: string, allowed: readonly string[]): void {
  if (mount.startsWith("DEMO_") || allowed.includes(mount)) return;
  throw new RangeError(
    `${mount} does not start with DEMO_: tractors may listen there. If that base has "sim": true in the site file, add --allow-mount ${mount}.`,
  );
}
