import { DEMO_BASES, DEMO_GATEWAY, DEMO_NETWORK, DEMO_ROVERS, type DemoSecrets } from "../demo/demo-site.ts";
import { PADDIES } from "../demo/paddies.ts";
import { demoSensors, type SimSensor } from "../demo/sensors.ts";
import { tractorIn } from "../demo/tractor.ts";
import { runBase, type SimulatorContext } from "../gnss/base-simulator.ts";
import type { Caster } from "../gnss/ntrip-connection.ts";
import { runRover } from "../gnss/rover-simulator.ts";
import { runSensorFleet } from "../lpwa/sensor-fleet.ts";
import { checkMount } from "./mount-guard.ts";

export interface DemoOptions {
  readonly secrets: DemoSecrets;
  readonly mqtt: { readonly host: string; readonly port: number };
  readonly ntrip: Caster;
  readonly statePath: string | null;
  /** Whether the site knows this mount as a simulated base; asked before anything is pushed to it. */
  readonly isSimulatedMount: (mount: string) => boolean;
}

export function demoFleet(): readonly SimSensor[] {
  return demoSensors(new Map(PADDIES.map((paddy) => [paddy.id, paddy.name])));
}

/** Everything that lives in the demo site: sensors and their gateway, bases, tractors. Resolves when the signal has ended all of it. */
export async function runDemo(options: DemoOptions, context: SimulatorContext): Promise<void> {
  const { secrets, mqtt, ntrip } = options;
  const bases = DEMO_BASES.filter((base) => options.isSimulatedMount(base.mount));
  for (const base of bases) checkMount(base.mount, []);
  const fleet = runSensorFleet({
    ...context,
    sensors: demoFleet(),
    gatewayId: DEMO_GATEWAY.eui,
    broker: { ...mqtt, username: DEMO_NETWORK, password: secrets.network },
    statePath: options.statePath,
  });
  await Promise.all([
    fleet,
    ...bases.map((base) => runBase(base, { ...ntrip, mount: base.mount, password: secrets.base, protocol: base.protocol }, context)),
    ...DEMO_ROVERS.map(({ mount, username, plot, protocol }) =>
      runRover({ ...ntrip, mount, username, password: secrets.rover, protocol }, tractorIn(plot), context),
    ),
  ]);
}
