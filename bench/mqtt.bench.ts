/** Acknowledged uplinks beside mosquitto (`node bench/ingest/mqtt.ts --help` for single rows). Some six minutes. */
import { main } from "./ingest/mqtt.ts";

await main(process.argv.slice(2));
