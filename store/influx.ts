import { InfluxClient, type InfluxTarget } from "./influx-client.ts";
import { InfluxReader, type InfluxReaderOptions } from "./influx-reader.ts";
import { InfluxWriter } from "./influx-writer.ts";

export interface Influx {
  readonly writer: InfluxWriter;
  readonly reader: InfluxReader;
  ensureDatabase: InfluxClient["ensureDatabase"];
  ping: InfluxClient["ping"];
}

/** Makes no connection yet: a start never waits for InfluxDB. */
export function createInflux(target: InfluxTarget, options: InfluxReaderOptions): Influx {
  const client = new InfluxClient(target);
  return {
    writer: new InfluxWriter(client, options.siteId),
    reader: new InfluxReader(client, options),
    ensureDatabase: (signal) => client.ensureDatabase(signal),
    ping: (signal) => client.ping(signal),
  };
}
