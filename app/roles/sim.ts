import { existsSync } from "node:fs";
import { join } from "node:path";
import { runDemo } from "../../firmware-sim/scenarios/demo.ts";
import { readDemoSecrets } from "../../firmware-sim/scenarios/scenario.ts";
import type { RoleContext, RunRole } from "../role.ts";

/** The simulators of the demo site, against our own broker and caster on loopback: with the accounts of the site, like anybody from outside. */
export const run: RunRole = async (context) => {
  const { dataFolder, log, signal, nowMs, resources } = context;
  const secretsPath = join(dataFolder, "demo-secrets.json");
  if (!context.demo || !existsSync(secretsPath)) {
    log.warn("nothing to simulate: the simulators belong to the demo site", { dataFolder });
    return;
  }
  const running = runDemo(
    {
      secrets: readDemoSecrets(secretsPath),
      mqtt: { host: loopback(context.config.mqtt.bind), port: context.ports.mqtt },
      ntrip: { host: loopback(context.config.ntrip.bind), port: context.ports.ntrip },
      statePath: join(dataFolder, "sim-state.json"),
      isSimulatedMount: (mount) => isSimulated(context, mount),
    },
    { log, nowMs, random: Math.random, signal },
  );
  resources.use("simulators", running, (all) => all); // they end by the signal
  running.catch((error: unknown) => {
    log.error("a simulator died", { error });
    process.exitCode = 1;
    setImmediate(() => process.exit()); // the supervisor starts the role again
  });
};

function isSimulated({ catalog }: RoleContext, mount: string): boolean {
  return catalog.current().bases.some((base) => base.mount === mount && base.sim);
}

/** A listener on every address is reached over loopback. */
function loopback(bind: string): string {
  return bind === "0.0.0.0" || bind === "::" ? "127.0.0.1" : bind;
}
