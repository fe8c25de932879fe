import { expect, test } from "vitest";
import { EMPTY_FIELD, fromSnapshot, withEvents } from "../../map-ui/state/field.ts";
import { baseHealth, deviceState, fixtureSnapshot, reading, roverState } from "./support/fixture-field.ts";

const NOW = Date.parse("2026-06-12T00:00:00Z");
const start = () => fromSnapshot(fixtureSnapshot(NOW), EMPTY_FIELD);
const levelOf = (field: ReturnType<typeof start>) => field.readings.get("level-1|water.level|")?.value;

test("a newer reading replaces, an older one (late uplink, replay) changes nothing, the same time is a correction", () => {
  const newer = reading("level-1", "plot-1", "water.level", 9, NOW);
  const older = reading("level-1", "plot-1", "water.level", 1, NOW - 3_600_000);
  const corrected = { ...newer, value: 8 };
  const field = withEvents(start(), [{ kind: "reading", data: [newer, older] }], "101");
  expect(levelOf(field)).toBe(9);
  expect(field.id).toBe("101");
  expect(levelOf(withEvents(field, [{ kind: "reading", data: [corrected] }], null))).toBe(8);
});

test("word of bases and rovers that we do not know is left out; old word is left out", () => {
  const before = start();
  const field = withEvents(
    before,
    [
      { kind: "base", data: baseHealth(NOW, { baseId: "foreign" }) },
      { kind: "base", data: baseHealth(NOW - 5000, { state: "silent" }) },
      { kind: "rover", data: roverState("foreign", NOW) },
    ],
    null,
  );
  expect([...field.bases.keys()]).toEqual(["misato1"]);
  expect(field.bases.get("misato1")?.health?.state).toBe("sending");
  expect(field.rovers.size).toBe(before.rovers.size);
});

test("word of a device is taken by event and by snapshot; what is older, or of a device that we may not see, is left out", () => {
  const silent = deviceState("level-1", NOW, { state: "silent", cause: "device" });
  const event = (data: typeof silent) => ({ kind: "device", data }) as const;
  const field = withEvents(start(), [event(silent), event(deviceState("level-1", NOW - 1000)), event(deviceState("foreign", NOW))], "101");
  expect(field.devices.get("level-1")?.state).toEqual(silent);
  expect(field.devices.size).toBe(13);
  const heard = withEvents(field, [event(deviceState("level-1", NOW + 1000))], "102");
  expect(heard.devices.get("level-1")?.state?.state).toBe("reporting");
  const snapshot = fixtureSnapshot(NOW);
  const polled = fromSnapshot({ ...snapshot, devices: snapshot.devices.map((d) => ({ ...d, state: deviceState(d.id, NOW, { state: "silent" }) })) }, heard);
  expect([...polled.devices.values()].every((d) => d.state?.state === "silent")).toBe(true);
});

test("a surveyed base stays where it was surveyed, another one stands where it says", () => {
  const health = baseHealth(NOW);
  const surveyed = withEvents(start(), [{ kind: "base", data: health }], null);
  expect(surveyed.bases.get("misato1")?.position?.lonDeg).toBe(140.5468);
  const snapshot = fixtureSnapshot(NOW);
  const loose = fromSnapshot({ ...snapshot, bases: snapshot.bases.map((b) => ({ ...b, surveyed: false, position: null })) }, EMPTY_FIELD);
  expect(withEvents(loose, [{ kind: "base", data: health }], null).bases.get("misato1")?.position).toEqual({ latDeg: 39.4203, lonDeg: 140.5442 });
});

test("a rover trails its last minute, over snapshots too", () => {
  let field = start();
  for (let s = 1; s <= 90; s++) {
    field = withEvents(field, [{ kind: "rover", data: roverState("tractor-1", NOW + s * 1000) }], null);
  }
  const trail = field.trails.get("tractor-1") ?? [];
  expect(trail).toHaveLength(60);
  expect(trail.at(-1)?.atMs).toBe(NOW + 90_000);
  expect(fromSnapshot(fixtureSnapshot(NOW + 91_000), field).trails.get("tractor-1")).toHaveLength(60);
});

test("the same plots are the same array, so that the map is not drawn anew", () => {
  const field = start();
  expect(fromSnapshot(fixtureSnapshot(NOW + 15_000), field).plots).toBe(field.plots);
  const snapshot = fixtureSnapshot(NOW);
  const fewer = { ...snapshot, plots: { ...snapshot.plots, features: snapshot.plots.features.slice(1) } };
  expect(fromSnapshot(fewer, field).plots).toHaveLength(13);
});
