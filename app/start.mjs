// `npm start`: sets up what is missing, then runs the service under Node 24. Plain JavaScript for any Node >= 18.
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { runUnder } from "./run-under.mjs";
import { ROOT, setUp } from "./setup.mjs";

const runtime = setUp({ map: true });
const main = join(ROOT, "app", "main.mjs");
if (runtime === process.execPath) await import(pathToFileURL(main).href);
else runUnder(runtime, [main, ...process.argv.slice(2)]);
