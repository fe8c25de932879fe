import { createLog } from "../core/runtime/log.ts";
import { readCommandLine, USAGE } from "./scenarios/command-line.ts";
import { runScenario } from "./scenarios/scenario.ts";

/** `npm run sim -- SCENARIO`: exit code 0 after a signal or --help, 2 for a command line that makes no sense, 1 when it could not run. */
export async function main(args: readonly string[], signal: AbortSignal): Promise<number> {
  let scenario: ReturnType<typeof readCommandLine>;
  try {
    scenario = readCommandLine(args);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}\n`);
    return 2;
  }
  if (scenario.name === "help") {
    process.stdout.write(`${USAGE}\n`);
    return 0;
  }
  try {
    await runScenario(scenario, { log: createLog({ level: "debug" }), nowMs: Date.now, random: Math.random, signal });
    return 0;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
}

if (import.meta.main) {
  const stop = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => stop.abort());
  process.exitCode = await main(process.argv.slice(2), stop.signal);
}
