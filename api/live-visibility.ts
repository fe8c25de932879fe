import type { Device } from "../core/domain/site.ts";
import type { LiveItem } from "./live-messages.ts";
import type { Visibility } from "./visibility.ts";

/** What has to be known of a thing to say who may see it. */
export interface LiveThings {
  readonly nowMs: () => number;
  roverParty(roverId: string): string | null;
  device(deviceId: string): Device | undefined;
}

/** The part of an event that this viewer may see, the very same when that is all of it, null when there is none. */
export function visibleData(event: LiveItem, visibility: Visibility, things: LiveThings): unknown {
  switch (event.name) {
    case "reading": {
      const seen = visibility.everything ? event.data : event.data.filter((r) => visibility.seesReading({ plotId: r.plotId, timeMs: Date.parse(r.time) }));
      if (seen.length === 0) return null;
      return seen.length === event.data.length ? event.data : seen;
    }
    case "rover":
      return visibility.seesRover({ party: things.roverParty(event.data.roverId) }) ? event.data : null;
    case "device": {
      if (visibility.everything) return event.data;
      const device = things.device(event.data.deviceId);
      return device !== undefined && visibility.seesDevice(device, things.nowMs()) ? event.data : null;
    }
    case "base":
    case "gateway":
      return visibility.seesNetwork ? event.data : null;
  }
}
