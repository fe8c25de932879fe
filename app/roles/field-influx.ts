import { createInflux, type Influx } from "../../store/influx.ts";
import type { DrainTarget } from "../../store/influx-drain.ts";
import type { InfluxConfig } from "../config.ts";

/** The tag `site` follows the catalog, which may be imported after the start. */
export function influxTarget(config: InfluxConfig, siteId: () => string): DrainTarget {
  let made: { siteId: string; influx: Influx } | undefined;
  const current = (): Influx => {
    const id = siteId();
    if (made?.siteId !== id) made = { siteId: id, influx: createInflux(config, { siteId: id }) };
    return made.influx;
  };
  return { send: (points, signal) => current().writer.send(points, signal), ensureDatabase: (signal) => current().ensureDatabase(signal) };
}
