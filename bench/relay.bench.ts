/**
 * The relay against the cheapest server that could send the same bytes (`bench/relay/run.ts --help` for single rows).
 * Some fifteen minutes for all of it.
 */
import { main } from "./relay/run.ts";

await main(process.argv.slice(2));
