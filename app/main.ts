import { enableCompileCache } from "node:module";

// A role that died must serve again within a second: its stripped and compiled sources are kept from the last time.
enableCompileCache();
const { cli } = await import("./cli.ts");
await cli(process.argv.slice(2));
