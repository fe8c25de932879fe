import type { Catalog, Device } from "../core/domain/site.ts";
import { deviceKeyName } from "../core/domain/uplink.ts";
import { sigfoxIdOf } from "../core/wire/sigfox-id.ts";
import { scriptOf } from "./frame-decoder.ts";

type Known = Pick<Catalog, "devices" | "codecs">;

/**
 * Whose uplinks may be understood now that were not before: names that a device has newly (rejected as unknown), and devices whose
 * profile, probes or vendor codec changed (quarantined). Without a catalog of before, at a start, every name is looked up.
 */
export function whatBecameKnown(before: Known | undefined, now: Known): { names: string[]; deviceIds: string[] } {
  if (before === undefined) return { names: now.devices.flatMap(namesOf), deviceIds: [] };
  const former = new Map(before.devices.map((device) => [device.id, device]));
  const formerNames = new Set(before.devices.flatMap(namesOf));
  const formerCodecs = new Map(before.codecs.map(({ id, sha256 }) => [id, sha256]));
  const changedCodecs = new Set(now.codecs.filter(({ id, sha256 }) => formerCodecs.get(id) !== sha256).map(({ id }) => id));
  const names = now.devices.flatMap(namesOf).filter((name) => !formerNames.has(name));
  const deviceIds = now.devices
    .filter((device) => {
      const was = former.get(device.id);
      if (was !== undefined && (was.profile !== device.profile || JSON.stringify(was.channels) !== JSON.stringify(device.channels))) return true;
      return changedCodecs.has(scriptOf(device.profile) ?? "");
    })
    .map(({ id }) => id);
  return { names, deviceIds };
}

function namesOf({ id, devEui, sigfoxId, imsi }: Device): string[] {
  return [
    deviceKeyName({ kind: "mqtt", deviceId: id }),
    ...(devEui === null ? [] : [deviceKeyName({ kind: "devEui", devEui: devEui.toLowerCase() })]),
    ...(sigfoxId === null ? [] : [deviceKeyName({ kind: "sigfox", sigfoxId: sigfoxIdOf(sigfoxId) })]),
    ...(imsi === null ? [] : [deviceKeyName({ kind: "imsi", imsi })]),
  ];
}
