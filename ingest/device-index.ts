import type { Catalog, Device } from "../core/domain/site.ts";
import type { DeviceKey } from "../core/domain/uplink.ts";

/** The catalog's devices under the names that messages give them. */
export interface DeviceIndex {
  find(key: DeviceKey): Device | undefined;
}

export function indexDevices(catalog: Pick<Catalog, "devices">): DeviceIndex {
  const byEui = new Map<string, Device>();
  const byId = new Map<string, Device>();
  for (const device of catalog.devices) {
    byId.set(device.id, device);
    if (device.devEui !== null) byEui.set(device.devEui.toLowerCase(), device);
  }
  return { find: (key) => (key.kind === "devEui" ? byEui.get(key.devEui) : byId.get(key.deviceId)) };
}
