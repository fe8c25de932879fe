import { expect, test } from "vitest";
import { silentLog } from "../../../core/runtime/log.ts";
import { readCommandLine, USAGE } from "../../../firmware-sim/scenarios/command-line.ts";
import { checkMount } from "../../../firmware-sim/scenarios/mount-guard.ts";
import { runScenario } from "../../../firmware-sim/scenarios/scenario.ts";

const LOOPBACK = { mqtt: { host: "127.0.0.1", port: 1883 }, ntrip: { host: "127.0.0.1", port: 2101 } };

test("every scenario, with what it needs and nothing else", () => {
  expect(readCommandLine(["demo"])).toEqual({ name: "demo", secretsPath: "./data/demo/demo-secrets.json", statePath: null, ...LOOPBACK });
  expect(readCommandLine(["sensors", "--mqtt", "[::1]:1884", "--user", "cs", "--password", "x"])).toEqual({
    name: "sensors",
    broker: { host: "::1", port: 1884, username: "cs", password: "x" },
    statePath: null,
  });
  expect(readCommandLine(["base", "--password", "x", "--station-id", "7"])).toMatchObject({
    name: "base",
    stationId: 7,
    target: { host: "127.0.0.1", port: 2101, mount: "DEMO_ROKUGO", password: "x", protocol: "v2" },
  });
  expect(readCommandLine(["replay", "a.rtcm3", "--password", "x", "--protocol", "v1"])).toMatchObject({
    name: "replay",
    path: "a.rtcm3",
    target: { protocol: "v1" },
  });
  expect(readCommandLine(["rover", "--user", "t", "--password", "x", "--lat=-39"])).toMatchObject({
    name: "rover",
    place: { latDeg: -39, lonDeg: 140.5472 },
  });
  expect(readCommandLine(["--help"])).toEqual({ name: "help" });
});

test.each([
  [[], "which scenario?"],
  [["fly"], "no scenario fly"],
  [["base"], "--password is needed"],
  [["replay", "--password", "x"], "FILE is needed"],
  [["base", "extra", "--password", "x"], "what is extra?"],
  [["replay", "a", "b", "--password", "x"], "what is b?"],
  [["base", "--password", "x", "--ntrip", "2101"], "--ntrip 2101: host:port is expected"],
  [["base", "--password", "x", "--ntrip", "host:70000"], "--ntrip host:70000: host:port is expected"],
  [["base", "--password", "x", "--protocol", "3"], "--protocol 3: v1 or v2 is expected"],
  [["base", "--password", "x", "--lat", "north"], "--lat north: a number up to 90 is expected"],
  [["demo", "--speed", "2"], "Unknown option '--speed'"],
])("%j is refused: %s", (args, sentence) => {
  expect(() => readCommandLine(args)).toThrow(sentence);
});

test("the help names every option that is understood", () => {
  for (const option of ["mqtt", "ntrip", "user", "password", "mount", "allow-mount", "protocol", "station-id", "lat", "lon", "height", "secrets", "state"]) {
    expect(USAGE).toContain(`--${option} `);
  }
});

test.each(["MISATO1", "demo_rokugo", "XDEMO_1", "NEAR", ""])("nothing is pushed to %j unless its name is given twice", async (mount) => {
  expect(() => checkMount(mount, ["OTHER"])).toThrow(RangeError);
  expect(() => checkMount(mount, [mount])).not.toThrow();
  const scenario = readCommandLine(["base", "--password", "x", "--ntrip", "127.0.0.1:9", "--mount", mount]);
  if (scenario.name === "help") throw new Error("not asked for");
  const context = { log: silentLog, nowMs: Date.now, random: Math.random, signal: AbortSignal.timeout(5000) };
  await expect(runScenario(scenario, context)).rejects.toThrow("does not start with DEMO_");
});

test("DEMO_ mounts are for simulators", () => expect(() => checkMount("DEMO_ROKUGO", [])).not.toThrow());
