import { z } from "zod";
import { SiteFileSchema } from "../core/wire/site-file.ts";
import { profiles } from "../ingest/decoders/registry.ts";
import { checkSite } from "../store/site-check.ts";
import { readSiteFile } from "./site-import.ts";

const USAGE = `usage: npm run site -- check FILE     says what is wrong with a site file, and where
       npm run site -- schema         prints the JSON Schema of site files`;

/** Exit code 0: may be imported; 2: may not. */
function check(path: string): number {
  const result = checkSite(readSiteFile(path), profiles());
  if (!result.ok) {
    for (const issue of result.issues) console.error(`${issue.path}: ${issue.message}`);
    return 2;
  }
  for (const warning of result.warnings) console.log(`warning: ${warning.path} ${warning.message}`);
  console.log(`${path}: good`);
  return 0;
}

const [command, path] = process.argv.slice(2);
try {
  if (command === "check" && path !== undefined) process.exitCode = check(path);
  else if (command === "schema") console.log(JSON.stringify(z.toJSONSchema(SiteFileSchema, { io: "input", unrepresentable: "any" }), null, 2));
  else {
    console.error(USAGE);
    process.exitCode = 2;
  }
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 2;
}
