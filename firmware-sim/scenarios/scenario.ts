import { readFileSync } from "node:fs";
import type { Geodetic } from "rtcm-parser";
import { unreachable } from "../../core/domain/errors.ts";
import { DEMO_GATEWAY, type DemoSecrets } from "../demo/demo-site.ts";
import { runBase, type SimulatorContext } from "../gnss/base-simulator.ts";
import type { Caster, PushTarget, RoverTarget } from "../gnss/ntrip-connection.ts";
import { runReplay } from "../gnss/replay.ts";
import { runRover } from "../gnss/rover-simulator.ts";
import { runSensorFleet } from "../lpwa/sensor-fleet.ts";
import type { BrokerAddress } from "../lpwa/uplink-publisher.ts";
import { demoFleet, runDemo } from "./demo.ts";
import { checkMount } from "./mount-guard.ts";

/** What can be played against a running service. */
export type Scenario =
  | {
      readonly name: "demo";
      readonly secretsPath: string;
      readonly statePath: string | null;
      readonly mqtt: { readonly host: string; readonly port: number };
      readonly ntrip: Caster;
    }
  | { readonly name: "sensors"; readonly broker: BrokerAddress; readonly statePath: string | null }
  | { readonly name: "base"; readonly target: PushTarget; readonly allowMounts: readonly string[]; readonly stationId: number; readonly antenna: Geodetic }
  | { readonly name: "replay"; readonly target: PushTarget; readonly allowMounts: readonly string[]; readonly path: string }
  | { readonly name: "rover"; readonly target: RoverTarget; readonly place: Geodetic };

/** Runs until the signal. Throws RangeError for a mount that is not for simulators, and when a file cannot be used. */
export async function runScenario(scenario: Scenario, context: SimulatorContext): Promise<void> {
  switch (scenario.name) {
    case "demo": {
      const { mqtt, ntrip, statePath, secretsPath } = scenario;
      return runDemo({ secrets: readDemoSecrets(secretsPath), mqtt, ntrip, statePath, isSimulatedMount: (mount) => mount.startsWith("DEMO_") }, context);
    }
    case "sensors": {
      const { broker, statePath } = scenario;
      await runSensorFleet({ ...context, sensors: demoFleet(), gatewayId: DEMO_GATEWAY.eui, broker, statePath });
      return;
    }
    case "base":
      checkMount(scenario.target.mount, scenario.allowMounts);
      return runBase({ stationId: scenario.stationId, antenna: scenario.antenna }, scenario.target, context);
    case "replay":
      checkMount(scenario.target.mount, scenario.allowMounts);
      return runReplay(scenario.path, scenario.target, context);
    case "rover":
      return runRover(scenario.target, () => scenario.place, context);
    default:
      return unreachable(scenario);
  }
}

/** The demo's passwords as its first start wrote them. Throws RangeError when the file holds anything else. */
export function readDemoSecrets(path: string): DemoSecrets {
  const parsed: unknown = JSON.parse(readFileSync(path, "utf8"));
  const { network, base, rover, sato, yakuba } = (typeof parsed === "object" && parsed !== null ? parsed : {}) as Record<string, unknown>;
  const texts = [network, base, rover, sato, yakuba];
  if (!texts.every((text) => typeof text === "string" && text !== "")) throw new RangeError(`${path} does not hold the demo's five passwords`);
  return { network, base, rover, sato, yakuba } as DemoSecrets;
}
