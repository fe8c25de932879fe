import type { Catalog, Device } from "../core/domain/site.ts";
import type { DeviceKey } from "../core/domain/uplink.ts";
import { sigfoxIdOf } from "../core/wire/sigfox-id.ts";

/** The catalog's devices under the names that messages give them. */
export interface DeviceIndex {
  find(key: DeviceKey): Device | undefined;
}

export function indexDevices(catalog: Pick<Catalog, "devices">): DeviceIndex {
  const byEui = new Map<string, Device>();
  const byId = new Map<string, Device>();
  const bySigfoxId = new Map<string, Device>();
  const byImsi = new Map<string, Device>();
  for (const device of catalog.devices) {
    byId.set(device.id, device);
    if (device.devEui !== null) byEui.set(device.devEui.toLowerCase(), device);
    if (device.sigfoxId !== null) bySigfoxId.set(sigfoxIdOf(device.sigfoxId), device);
    if (device.imsi !== null) byImsi.set(device.imsi, device);
  }
  return {
    find(key) {
      switch (key.kind) {
        case "devEui":
          return byEui.get(key.devEui);
        case "mqtt":
          return byId.get(key.deviceId);
        case "sigfox":
          return bySigfoxId.get(key.sigfoxId);
        case "imsi":
          return byImsi.get(key.imsi);
      }
    },
  };
}
