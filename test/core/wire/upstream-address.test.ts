import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { addressProblem, hasMask, withKeptSecret, withoutSecret } from "../../../core/wire/upstream-address.ts";
import { parseUpstreamUrl } from "../../../correction-relay/sources/upstream-url.ts";

describe("addresses of a stream", () => {
  test.each([
    "ntrip://caster.example/MNT",
    "ntrip://user:word@caster.example:2101/MNT",
    "ntrip://user:word@caster.example:80/MNT",
    "ntrips://user:w%40rd@caster.example/MNT?v=1",
    "NTRIP://user:word@[2001:db8::1]:2101/MNT?v=2",
    "ntrip://user@caster.example/MNT",
    "tcp://192.0.2.1:5015",
    "tcp://[::]:5015",
    "serial:/dev/ttyACM0",
    "serial:/dev/serial/by-id/usb-u-blox_AG-if00?baud=460800",
  ])("%s is one, to the site file and to the relay", (text) => {
    expect(addressProblem(text, "pull")).toBeNull();
    expect(parseUpstreamUrl(text)).not.toBeNull();
  });

  test.each([
    ["", /must be one of/],
    ["caster.example:2101", /must be one of/],
    ["https://caster.example/MNT", /must be one of/],
    ["ntrip://caster.example", /must name the mount/],
    ["ntrip://caster.example/A/B", /must name the mount/],
    ["ntrip://user:a/b@caster.example/MNT", /must/],
    ["ntrip://user:word@caster.example/MNT#x", /%23/],
    ["ntrip://caster.example/MNT?v=3", /\?v=1 or \?v=2/],
    ["ntrip://caster.example/MNT?version=2", /\?v=1 or \?v=2/],
    ["ntrip://caster .example/MNT", /no spaces/],
    ["ntrip://:2101/MNT", /must be one of/],
    ["tcp://192.0.2.1", /tcp:\/\/host:port/],
    ["tcp://192.0.2.1:0", /tcp:\/\/host:port/],
    ["tcp://192.0.2.1:5015/path", /tcp:\/\/host:port/],
    ["tcp://user:word@192.0.2.1:5015", /tcp:\/\/host:port/],
    ["serial:ttyACM0", /must be one of/],
    ["serial:/dev/ttyACM0?baud=299", /baud/],
    ["serial:/dev/ttyACM0?speed=9600", /must be one of/],
  ])("%s is none", (text, says) => {
    expect(addressProblem(text, "pull")).toMatch(says);
  });

  test("we listen on TCP alone", () => {
    expect(addressProblem("tcp://0.0.0.0:5015", "listen")).toBeNull();
    for (const text of ["ntrip://a/B", "serial:/dev/ttyS0", "udp://0.0.0.0:1"]) expect(addressProblem(text, "listen")).toMatch(/tcp:\/\/host:port/);
  });

  test("what the site file takes the relay understands, whatever it is", () => {
    const part = fc.string({ unit: fc.constantFrom(..."aZ9.-_%@:/?#=&[] v2"), maxLength: 12 });
    const text = fc.tuple(fc.constantFrom("ntrip://", "ntrips://", "tcp://", "serial:", "serial://"), part, part).map((parts) => parts.join(""));
    fc.assert(
      fc.property(text, (address) => {
        if (addressProblem(address, "pull") === null) expect(parseUpstreamUrl(address)).not.toBeNull();
      }),
      { numRuns: 3000 },
    );
  });
});

describe("passwords in addresses", () => {
  const KEPT = "ntrip://user:geheim@caster.example:2101/MNT";
  test("are masked where they stand, and nowhere else", () => {
    expect(withoutSecret(KEPT)).toBe("ntrip://user:***@caster.example:2101/MNT");
    expect(withoutSecret("mqtts://user:word@broker.example:8883")).toBe("mqtts://user:***@broker.example:8883");
    for (const bare of ["ntrip://caster.example:2101/MNT", "tcp://[2001:db8::1]:5015", "serial:/dev/ttyACM0?baud=9600"]) expect(withoutSecret(bare)).toBe(bare);
  });

  test.each([
    { name: "another mount and port", shown: "ntrip://user:***@caster.example:2102/OTHER?v=1", whole: "ntrip://user:geheim@caster.example:2102/OTHER?v=1" },
    { name: "another case of the host", shown: "ntrip://user:***@Caster.Example:2101/MNT", whole: "ntrip://user:geheim@Caster.Example:2101/MNT" },
    { name: "another host", shown: "ntrip://user:***@evil.example:2101/MNT", whole: null },
    { name: "another user", shown: "ntrip://root:***@caster.example:2101/MNT", whole: null },
    { name: "without TLS before, with it now", shown: "ntrips://user:***@caster.example:2101/MNT", whole: null },
  ])("a mask stands for the kept one: $name", ({ shown, whole }) => {
    expect(hasMask(shown)).toBe(true);
    expect(withKeptSecret(shown, KEPT)).toBe(whole);
  });

  test("a password with $& in it comes back as it was", () => {
    const odd = "ntrip://u:$&$1%24@h/M";
    expect(withKeptSecret(withoutSecret(odd), odd)).toBe(odd);
  });
});
