// Plain JavaScript, since a first file in TypeScript would load the type stripper: 80 ms and 15 MB in every role.
import { enableCompileCache } from "node:module";
import { fileURLToPath } from "node:url";
import { setFlagsFromString } from "node:v8";

// A role that died must serve again within a second: stripped and compiled sources are kept. The variable takes it to
// the roles and to their threads; each flushes what it compiled once it serves, since a killed process does not.
process.env.NODE_COMPILE_CACHE ??= fileURLToPath(new URL("../node_modules/.cache/azemichi", import.meta.url));
enableCompileCache(process.env.NODE_COMPILE_CACHE);
// What the relay allocates for each write dies at once. A young generation that grows as it likes would be 60 MB of that beside
// 10,000 rovers, and colder in the processor's cache.
if (process.argv.includes("relay")) setFlagsFromString("--semi-space-growth-factor=1");
const { cli } = await import("./cli.ts");
await cli(process.argv.slice(2));
