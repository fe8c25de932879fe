import { parseArgs } from "node:util";
import { AzemichiError, type ErrorCode } from "../core/domain/errors.ts";
import { type Config, readConfig } from "./config.ts";

const USAGE = `usage: npm start -- [--site FILE] [--role relay|field|web|sim]

  --site FILE   run a real site from its site file (without it: the demo site, with simulators)
  --role ROLE   run one role alone on the data folder

Settings are environment variables (AZEMICHI_…); the README lists them.`;

/** Operator's mistakes end with 2, a machine's state (lock, port, disk) with 1. */
const EXIT_CODES: Partial<Record<ErrorCode, number>> = { CONFIG_INVALID: 2, SITE_INVALID: 2 };

/** Runs the service; sets the exit code. A known trouble ends with one sentence, an unknown one with its stack. */
export async function cli(args: readonly string[]): Promise<void> {
  try {
    const options = parse(args);
    if (options === "help") {
      console.log(USAGE);
      return;
    }
    const config = readConfig(options.site === undefined ? process.env : { ...process.env, AZEMICHI_SITE: options.site });
    await run(config, options.role);
  } catch (error) {
    if (error instanceof AzemichiError) {
      console.error(`azemichi: ${error.message}`);
      process.exit(EXIT_CODES[error.code] ?? 1);
    }
    console.error(error);
    process.exit(1);
  }
}

async function run(config: Config, role: string | undefined): Promise<void> {
  if (role === undefined) {
    const { supervise } = await import("./supervisor.ts");
    await supervise(config);
    return;
  }
  const { ROLES, runRole } = await import("./role-process.ts");
  if (!Object.hasOwn(ROLES, role)) throw new AzemichiError("CONFIG_INVALID", `--role ${role}: there are ${Object.keys(ROLES).join(", ")}`);
  await runRole(config, role as keyof typeof ROLES);
}

function parse(args: readonly string[]): { site: string | undefined; role: string | undefined } | "help" {
  try {
    const { values } = parseArgs({ args: [...args], options: { site: { type: "string" }, role: { type: "string" }, help: { type: "boolean" } } });
    return values.help ? "help" : { site: values.site, role: values.role };
  } catch (error) {
    throw new AzemichiError("CONFIG_INVALID", `${(error as Error).message}\n${USAGE}`);
  }
}
