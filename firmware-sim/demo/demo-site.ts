import { type Geodetic, latLonToEcef } from "rtcm-parser";
import type { SiteFile } from "../../core/wire/site-file.ts";
import { moved } from "../gnss/local-frame.ts";
import { outlineOf, PADDIES, PADDY_ORIGIN } from "./paddies.ts";
import { demoSensors, type SimProfile } from "./sensors.ts";

/** Made once per demo data folder and kept beside its catalog: the simulators log in with them like anybody else. */
export interface DemoSecrets {
  readonly network: string; // MQTT account demo-chirpstack
  readonly base: string; // source password of the DEMO_* mounts
  readonly rover: string;
  readonly sato: string; // a farmer
  readonly yakuba: string; // a member of the town's staff
}

/** `random` gives a new unguessable text at each call. */
export function newDemoSecrets(random: () => string): DemoSecrets {
  return { network: random(), base: random(), rover: random(), sato: random(), yakuba: random() };
}

export const DEMO_NETWORK = "demo-chirpstack";
export const DEMO_GATEWAY = { id: "demo-gw-rokugo", eui: "02a2e31cfffe0001", name: "六郷(研修)" } as const;

export interface DemoBase {
  readonly id: string;
  readonly mount: string;
  readonly name: string;
  readonly stationId: number;
  readonly antenna: Geodetic;
  readonly protocol: "v1" | "v2"; // how the simulator pushes: SOURCE, POST
}
export const DEMO_BASES: readonly DemoBase[] = [
  {
    id: "demo-rokugo",
    mount: "DEMO_ROKUGO",
    name: "六郷(研修)",
    stationId: 1,
    antenna: { latDeg: 39.4231, lonDeg: 140.5472, heightM: 96.5 },
    protocol: "v2",
  },
  {
    id: "demo-senhata",
    mount: "DEMO_SENHATA",
    name: "千畑(研修)",
    stationId: 2,
    antenna: { latDeg: 39.4342, lonDeg: 140.5598, heightM: 112.2 },
    protocol: "v1",
  },
];

export interface DemoRover {
  readonly id: string;
  readonly name: string;
  readonly username: string;
  readonly party: string;
  readonly mount: string;
  readonly plot: string; // where it works
  readonly protocol: "v1" | "v2";
}
export const DEMO_ROVERS: readonly DemoRover[] = [
  {
    id: "demo-tractor-1",
    name: "トラクター1号",
    username: "demo-tractor-1",
    party: "sato-farm",
    mount: "DEMO_ROKUGO",
    plot: "kita-3",
    protocol: "v2",
  },
  {
    id: "demo-tractor-2",
    name: "トラクター2号",
    username: "demo-tractor-2",
    party: "misato-hojin",
    mount: "DEMO_SENHATA",
    plot: "terada",
    protocol: "v1",
  },
];

const CHANNELS: Partial<Record<SimProfile, Record<string, string>>> = {
  "dragino-ldds75": { ds18b20: "water.temperature" }, // its probe hangs in the water
};

/** The training site of Misato-cho: invented paddies, simulated devices, nothing of the field. */
export function demoSite(secrets: DemoSecrets): SiteFile {
  const sensors = demoSensors(new Map(PADDIES.map((p) => [p.id, p.name])));
  const gateway = moved(PADDY_ORIGIN, { eastM: -160, northM: 330 });
  return {
    site: { id: "misato-demo", name: { ja: "美郷町(研修・デモ)", en: "Misato (training demo)" }, timeZone: "Asia/Tokyo" },
    parties: [
      { id: "sato-farm", name: "佐藤農場", kind: "person" },
      { id: "misato-hojin", name: "農事組合法人みさと", kind: "corporation" },
    ],
    users: [
      { id: "demo-sato", username: "sato", password: secrets.sato, role: "farmer", party: "sato-farm" },
      { id: "demo-yakuba", username: "yakuba", password: secrets.yakuba, role: "staff" },
    ],
    plots: PADDIES.map((paddy) => ({
      id: paddy.id,
      name: paddy.name,
      geometry: asWritten(outlineOf(paddy)),
      base: paddy.base,
      crop: { variety: paddy.variety, transplantedOn: `2026-${paddy.transplantedOn}` },
    })),
    holdings: PADDIES.map((paddy) => ({ party: paddy.party, plot: paddy.id, from: "2020-04-01" })),
    devices: sensors.map((sensor) => ({
      id: sensor.id,
      name: sensor.name,
      devEui: sensor.devEui,
      profile: sensor.profile,
      intervalS: sensor.intervalS,
      channels: CHANNELS[sensor.profile] ?? {},
      placements: [{ plot: sensor.plot, zeroMm: sensor.zeroMm, depthCm: sensor.depthCm }],
    })),
    gateways: [{ ...DEMO_GATEWAY, lat: round7(gateway.latDeg), lon: round7(gateway.lonDeg) }],
    networks: [{ id: DEMO_NETWORK, kind: "chirpstack", mqtt: { username: DEMO_NETWORK, password: secrets.network } }],
    bases: DEMO_BASES.map((base) => ({
      id: base.id,
      mount: base.mount,
      name: base.name,
      sourcePassword: secrets.base,
      stationId: base.stationId,
      kind: "physical",
      antenna: antennaOf(base),
      datum: { frame: "JGD2011", epoch: "元期" },
      maxBaselineKm: 20,
      alignedWith: DEMO_BASES.filter(({ id }) => id !== base.id).map(({ id }) => id), // their antennas stand exactly where they say
      sim: true,
    })),
    rovers: DEMO_ROVERS.map((rover) => ({
      id: rover.id,
      name: rover.name,
      username: rover.username,
      password: secrets.rover,
      mounts: ["*"],
      party: rover.party,
      maxSessions: 2,
    })),
  };
}

/** ECEF as 1006 carries it: 0.1 mm. */
export function antennaOf(base: Pick<DemoBase, "antenna">): { x: number; y: number; z: number } {
  const { xM, yM, zM } = latLonToEcef(base.antenna);
  return { x: round4(xM), y: round4(yM), z: round4(zM) };
}

const round4 = (m: number): number => Number(m.toFixed(4));
const round7 = (deg: number): number => Number(deg.toFixed(7));

type PlotGeometry = NonNullable<SiteFile["plots"]>[number]["geometry"];
function asWritten(outline: ReturnType<typeof outlineOf>): PlotGeometry {
  return { type: "Polygon", coordinates: outline.coordinates.map((ring) => ring.map(([lon, lat]) => [lon, lat])) };
}
