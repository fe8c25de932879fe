import { decodeMessage, type Ecef, FrameSplitter, latLonToEcef, messageType, stationId } from "rtcm-parser";
import { describe, expect, test } from "vitest";
import type { Base, Plot } from "../../core/domain/site.ts";
import { type Bench, baseOf, basic, eventually, frame1006, joinRover, joinSource, msm, openBench, type Peer, ROVER_PASSWORD, roverOf } from "./support.ts";

/** A field 600 m long from west to east, 30 m wide; a base at each of its ends, 3 km away. */
const LAT = 39.42;
const M_PER_DEG_LAT = 111_000;
const M_PER_DEG_LON = M_PER_DEG_LAT * Math.cos((LAT * Math.PI) / 180);
const at = (eastM: number, northM: number) => ({ latDeg: LAT + northM / M_PER_DEG_LAT, lonDeg: 140.55 + eastM / M_PER_DEG_LON });
const corner = (eastM: number, northM: number): [number, number] => [at(eastM, northM).lonDeg, at(eastM, northM).latDeg];
const plotOf = (id: string, westM: number, eastM: number, base: string | null): Plot => ({
  id,
  name: id,
  geometry: { type: "Polygon", coordinates: [[corner(westM, 0), corner(eastM, 0), corner(eastM, 30), corner(westM, 30), corner(westM, 0)]] },
  base,
  fude: null,
  crop: null,
});
const FIELD = plotOf("long", 0, 600, "west");

const arpAt = (eastM: number): Ecef => latLonToEcef({ ...at(eastM, 0), heightM: 60 });
const ARPS = { WEST: arpAt(-2700), EAST: arpAt(3300) };
const datum = { frame: "JGD2011", epoch: "元期" };
const surveyed = (mount: "WEST" | "EAST", stationNumber: number, more: Partial<Base> = {}): Base => {
  const { xM, yM, zM } = ARPS[mount];
  return baseOf(mount, { stationId: stationNumber, antenna: { x: xM, y: yM, z: zM }, datum, name: mount, ...more });
};

function ggaAt(eastM: number, northM: number, fix = 4): string {
  const { latDeg, lonDeg } = at(eastM, northM);
  const angle = (deg: number, digits: number): string => `${String(Math.floor(deg)).padStart(digits, "0")}${((deg % 1) * 60).toFixed(5).padStart(8, "0")}`;
  const line = `$GPGGA,000001.00,${angle(latDeg, 2)},N,${angle(lonDeg, 3)},E,${fix},12,0.8,60.0,M,36.0,M,1.0,1*`;
  return `${line}${[...line.slice(1, -1)]
    .reduce((sum, c) => sum ^ c.charCodeAt(0), 0)
    .toString(16)
    .toUpperCase()
    .padStart(2, "0")}\r\n`;
}

/** Two bases that send each second, and one tractor. */
class Town {
  readonly bench: Bench;
  readonly sources: Record<"WEST" | "EAST", Peer | null>;
  readonly rover: Peer;
  #second = 1; // the first was sent before the rover came

  constructor(bench: Bench, sources: Record<"WEST" | "EAST", Peer | null>, rover: Peer) {
    this.bench = bench;
    this.sources = sources;
    this.rover = rover;
  }

  static async open(bench: Bench, mount: string): Promise<Town> {
    const sources = { WEST: await joinSource(bench, "WEST"), EAST: await joinSource(bench, "EAST") };
    const idle = await joinRover(bench, "WEST", basic("other", ROVER_PASSWORD)); // until both have sent
    const town = new Town(bench, sources, idle);
    town.#second = 0;
    await town.epochs();
    await idle.until(() => idle.received.length > 60, "data");
    idle.socket.destroy();
    bench.pass(0);
    return new Town(bench, sources, await joinRover(bench, mount));
  }

  /** An epoch of each base that sends, the ARP before it. */
  async epochs(): Promise<void> {
    this.#second += 1;
    const before = (mount: string): number => this.bench.metrics.get("azemichi_relay_frames_total", { mount });
    for (const mount of ["WEST", "EAST"] as const) {
      const source = this.sources[mount];
      if (source === null) continue;
      const frames = before(mount);
      source.send(Buffer.concat([frame1006(0, ARPS[mount]), msm(1077, this.#second * 1000, { announced: false })]));
      await eventually(() => before(mount) === frames + 2, `${mount}'s epoch`);
    }
    await new Promise((resolve) => setImmediate(resolve)); // the epochs leave at the end of the turn
  }

  /** Seconds of driving: a GGA, an epoch, a look. */
  async drive(seconds: number, placeAt: (second: number) => readonly [eastM: number, northM: number]): Promise<void> {
    for (let second = 0; second < seconds; second += 1) {
      const [eastM, northM] = placeAt(second);
      const heard = this.bench.rovers.get("tractor1")?.position?.lonDeg;
      const line = ggaAt(eastM, northM);
      this.rover.send(line);
      await this.epochs();
      const isHeard = (): boolean => {
        this.bench.relay.tick();
        const now = this.bench.rovers.get("tractor1")?.position?.lonDeg;
        return now !== undefined && (now !== heard || this.#same(eastM, now));
      };
      await eventually(isHeard, "the GGA");
      this.bench.pass(1000);
    }
  }

  #same(eastM: number, lonDeg: number): boolean {
    return Math.abs(at(eastM, 0).lonDeg - lonDeg) < 1e-6;
  }

  /** Stations of the observations that the rover got, each run once. */
  get stations(): readonly number[] {
    const runs: number[] = [];
    for (const frame of framesOf(this.rover)) {
      const id = stationId(frame);
      if (messageType(frame) === 1077 && id !== null && runs.at(-1) !== id) runs.push(id);
    }
    return runs;
  }

  get notices(): readonly string[] {
    return framesOf(this.rover).flatMap((frame) => {
      const message = decodeMessage(frame);
      return message.kind === "1029" ? [message.text] : [];
    });
  }

  get service() {
    return this.bench.rovers.get("tractor1")?.service;
  }
}

const framesOf = (peer: Peer): readonly Uint8Array[] => [...new FrameSplitter().push(peer.received.subarray(14))];
const rovers = [roverOf("tractor1"), roverOf("other")];
const town = (of: { bases?: readonly Base[]; plots?: readonly Plot[] } = {}): Promise<Bench> =>
  openBench({ bases: of.bases ?? [surveyed("WEST", 1), surveyed("EAST", 2)], rovers, more: { plots: of.plots ?? [FIELD] } });
const WITHIN = [300, 15] as const;

describe("a drive over a 600 m field between two bases", () => {
  /** There and back with a turn on the headland, 25 m outside, for 15 s. */
  const row = (second: number): readonly [number, number] => {
    if (second < 30) return [second * 20 + 10, 15];
    if (second < 45) return [625, 15];
    return [600 - (second - 45) * 20, 15];
  };

  test("FIELD: no switch, headland and all", async () => {
    await using bench = await town();
    const drive = await Town.open(bench, "FIELD");
    await drive.drive(75, row);
    expect(drive.stations).toEqual([1]);
    expect(drive.service).toMatchObject({ requestedMount: "FIELD", plotId: "long", switches: [], notice: null });
  }, 60_000);

  test("NEAR: one switch at most", async () => {
    await using bench = await town();
    const drive = await Town.open(bench, "NEAR");
    await drive.drive(75, row);
    expect(drive.stations.length).toBeLessThanOrEqual(2);
  }, 60_000);

  test("a plot has the same base on every day, whichever is nearer", async () => {
    await using bench = await town({ plots: [{ ...FIELD, base: "east" }] });
    const drive = await Town.open(bench, "FIELD");
    await drive.drive(5, () => [20, 15]);
    expect(drive.stations.at(-1)).toBe(2);
    expect(drive.service?.switches[0]).toMatchObject({ to: "east", reason: { code: "home-base" } });
  }, 60_000);
});

describe("a base that ends inside a plot", () => {
  test("aligned: the other one within 10 s, ARP first, on a border of epochs", async () => {
    await using bench = await town({ bases: [surveyed("WEST", 1, { alignedWith: ["east"] }), surveyed("EAST", 2)] });
    const drive = await Town.open(bench, "FIELD");
    await drive.drive(5, () => WITHIN);
    drive.sources.WEST = null; // silent, not closed
    await drive.drive(10, () => WITHIN);
    expect(drive.stations).toEqual([1, 2]);
    const frames = framesOf(drive.rover).filter((frame) => messageType(frame) !== 1029);
    const first = frames.findIndex((frame) => messageType(frame) === 1077 && stationId(frame) === 2);
    expect(frames.slice(first - 2, first).map((frame) => [messageType(frame), stationId(frame)])).toContainEqual([1006, 2]);
    expect(frames.slice(0, first).some((frame) => messageType(frame) === 1077 && stationId(frame) === 2)).toBe(false);
    expect(drive.service?.switches[0]).toMatchObject({ from: "west", to: "east", reason: { code: "base-failover" } });
    expect(bench.events.find(({ roverId, code }) => roverId === "tractor1" && code === "base-failover")).toBeDefined();
  }, 60_000);

  test("unaligned: corrections end, console and card say so, and nothing else comes while the rover is there", async () => {
    await using bench = await town();
    const drive = await Town.open(bench, "FIELD");
    await drive.drive(5, () => WITHIN);
    drive.sources.WEST = null;
    await drive.drive(12, () => WITHIN);
    expect(drive.stations).toEqual([1]);
    expect(drive.service?.notice).toMatchObject({ code: "stop-now" });
    expect(drive.notices.some((text) => text.startsWith("止めてください"))).toBe(true);
  }, 60_000);

  test("and who reconnects there gets no other base either", async () => {
    await using bench = await town();
    const drive = await Town.open(bench, "FIELD");
    await drive.drive(5, () => WITHIN);
    drive.sources.WEST = null;
    await drive.drive(12, () => WITHIN);
    drive.rover.socket.destroy();
    const isGone = (): boolean => {
      bench.pass(0);
      return bench.rovers.get("tractor1")?.state === "disconnected";
    };
    await eventually(isGone, "gone");
    const again = await joinRover(bench, "FIELD");
    await drive.epochs();
    bench.pass(1000);
    await again.until(() => framesOf(again).length > 0, "the sentence");
    expect(framesOf(again).map((frame) => messageType(frame))).toEqual([1029]);
  }, 60_000);

  test.each([3, 6])(
    "a gap of %i s of the uplink causes nothing",
    async (gapS) => {
      await using bench = await town();
      const drive = await Town.open(bench, "FIELD");
      await drive.drive(5, () => WITHIN);
      const { WEST } = drive.sources;
      drive.sources.WEST = null;
      await drive.drive(gapS, () => WITHIN);
      drive.sources.WEST = WEST;
      await drive.drive(5, () => WITHIN);
      expect(drive.stations).toEqual([1]);
      expect(drive.service).toMatchObject({ switches: [], notice: null });
    },
    60_000,
  );

  test("a base whose position jumps ends at once, before a byte of it", async () => {
    await using bench = await town({ bases: [surveyed("WEST", 1, { alignedWith: ["east"] }), surveyed("EAST", 2)] });
    const drive = await Town.open(bench, "FIELD");
    await drive.drive(5, () => WITHIN);
    const moved = { ...ARPS.WEST, xM: ARPS.WEST.xM + 0.04 };
    drive.sources.WEST?.send(Buffer.concat([msm(1077, 900_000, { announced: true }), frame1006(0, moved), msm(1087, 900_000, { announced: false })]));
    await eventually(() => bench.events.some(({ code }) => code === "arp-off-survey"), "the stop");
    drive.sources.WEST = null;
    await drive.drive(2, () => WITHIN);
    expect(drive.stations).toEqual([1, 2]);
    expect(framesOf(drive.rover).some((frame) => messageType(frame) === 1087)).toBe(false);
  }, 60_000);

  test("staff change its way in: a gap like any other, and its rovers stay", async () => {
    await using bench = await town();
    const drive = await Town.open(bench, "FIELD");
    await drive.drive(20, () => WITHIN);
    bench.change({ ...bench.catalog(), bases: [surveyed("WEST", 1, { arpOffset: { mount: "WEST_J", x: 1, y: 1, z: 1, datum: null } }), surveyed("EAST", 2)] });
    drive.sources.WEST = null;
    await drive.drive(2, () => WITHIN);
    drive.sources.WEST = await joinSource(bench, "WEST");
    const before = framesOf(drive.rover).length;
    await drive.drive(5, () => WITHIN);
    expect(drive.service).toMatchObject({ switches: [], notice: null });
    expect(drive.stations).toEqual([1]);
    expect(framesOf(drive.rover).length - before).toBeGreaterThanOrEqual(8);
  }, 60_000);

  test("staff stop it: the other one within 2 s", async () => {
    await using bench = await town({ bases: [surveyed("WEST", 1, { alignedWith: ["east"] }), surveyed("EAST", 2)] });
    const drive = await Town.open(bench, "FIELD");
    await drive.drive(5, () => WITHIN);
    bench.change({ ...bench.catalog(), orders: [{ baseId: "west", confirmedAtMs: null, stoppedAtMs: bench.nowMs() }] });
    await drive.drive(2, () => WITHIN);
    expect(drive.stations).toEqual([1, 2]);
    expect(drive.service?.switches[0]?.reason.code).toBe("base-failover");
  }, 60_000);
});

describe("the first position lies in a plot", () => {
  test.each(["with the request", "a moment later"])(
    "FIELD, %s: its home base from the first epoch on, though another one is nearer and on file",
    async (when) => {
      await using bench = await openBench({
        bases: [surveyed("WEST", 1), surveyed("EAST", 2)],
        rovers: [roverOf("tractor1", { base: "east" }), roverOf("other")],
        more: { plots: [FIELD] },
      });
      const { sources } = await Town.open(bench, "WEST");
      const head = `GET /FIELD HTTP/1.0\r\nUser-Agent: NTRIP Test/1\r\nAuthorization: ${basic("tractor1", ROVER_PASSWORD)}\r\n`;
      const rover = await bench.connect();
      rover.send(when === "with the request" ? `${head}Ntrip-GGA: ${ggaAt(590, 15)}\r\n` : `${head}\r\n`);
      await rover.untilText("ICY 200 OK\r\n\r\n");
      if (when === "a moment later") rover.send(ggaAt(590, 15));
      const drive = new Town(bench, sources, rover);
      await eventually(() => {
        bench.relay.tick();
        return drive.service?.requestedMount === "FIELD" && bench.rovers.get("tractor1")?.position !== null;
      }, "the position");
      await drive.drive(5, () => [590, 15]);
      expect(drive.stations).toEqual([1]);
    },
  );
});

describe("without a position", () => {
  test.each(["NEAR", "FIELD"])("%s gives data at once", async (mount) => {
    await using bench = await town();
    const drive = await Town.open(bench, mount);
    await drive.epochs();
    await eventually(() => drive.stations.length === 1, "data");
  });

  test("the rover's own base on file comes before the nearest to the site", async () => {
    await using bench = await openBench({
      bases: [surveyed("WEST", 1), surveyed("EAST", 2)],
      rovers: [roverOf("tractor1", { base: "east" }), roverOf("other")],
      more: { plots: [FIELD] },
    });
    const drive = await Town.open(bench, "FIELD");
    await drive.epochs();
    await eventually(() => drive.stations.at(-1) === 2, "the own base's data");
  });
});

describe("the forms of a virtual mount", () => {
  test("stand in the table beside it; a base that is no choice makes none", async () => {
    await using bench = await town();
    const table = await (await bench.connect()).send("GET / HTTP/1.0\r\nUser-Agent: NTRIP x\r\n\r\n").untilClosed();
    for (const name of ["NEAR", "NEAR_M4", "NEAR_L", "FIELD", "FIELD_M4", "FIELD_L"]) {
      const line = new RegExp(`^STR;${name};.*$`, "m").exec(table)?.[0].split(";");
      expect(line?.length).toBe(19);
      expect(line?.[11]).toBe("1"); // wants GGA
      expect(line?.[12]).toBe("1"); // from several bases
    }
    await using none = await openBench({ bases: [baseOf("WEST")], rovers });
    expect(await (await none.connect()).send("GET / HTTP/1.0\r\nUser-Agent: NTRIP x\r\n\r\n").untilClosed()).not.toContain("STR;NEAR");
  });
});
