import { describe, expect, test } from "vitest";
import { parseUpstreamUrl } from "../../../correction-relay/sources/upstream-url.ts";

const ntrip = { kind: "ntrip", host: "caster.example", port: 2101, tls: false, mount: "MNT", username: null, password: "", version: null };

describe("where a base's stream is fetched", () => {
  test.each([
    ["ntrip://caster.example/MNT", ntrip],
    ["ntrip://caster.example:2102/MNT", { ...ntrip, port: 2102 }],
    ["ntrip://caster.example:80/MNT", { ...ntrip, port: 80 }],
    ["NTRIP://caster.example/MNT?v=1", { ...ntrip, version: 1 }],
    ["ntrip://caster.example/MNT?v=2", { ...ntrip, version: 2 }],
    ["ntrips://caster.example:443/MNT", { ...ntrip, tls: true, port: 443 }],
    ["ntrips://caster.example/MNT", { ...ntrip, tls: true }],
    ["ntrip://user:p%40ss%3Aword@caster.example/MNT", { ...ntrip, username: "user", password: "p@ss:word" }],
    ["ntrip://a%40b.jp:none@127.0.0.1:2101/M_1", { ...ntrip, host: "127.0.0.1", mount: "M_1", username: "a@b.jp", password: "none" }],
    ["ntrip://user:100%@caster.example/MNT", { ...ntrip, username: "user", password: "100%" }],
    ["ntrip://[::1]:2101/MNT", { ...ntrip, host: "::1" }],
    ["tcp://10.0.0.7:9000", { kind: "tcp", host: "10.0.0.7", port: 9000 }],
    ["tcp://10.0.0.7:80", { kind: "tcp", host: "10.0.0.7", port: 80 }],
    ["tcp://[::1]:9000", { kind: "tcp", host: "::1", port: 9000 }],
    ["serial:/dev/ttyACM0?baud=57600", { kind: "serial", path: "/dev/ttyACM0", baud: 57_600 }],
    ["serial:///dev/ttyACM0", { kind: "serial", path: "/dev/ttyACM0", baud: 115_200 }],
  ])("%s", (text, expected) => expect(parseUpstreamUrl(text)).toEqual(expected));

  test.each([
    "",
    "caster.example",
    "http://caster.example/MNT",
    "ntrip://caster.example",
    "ntrip:///MNT",
    "tcp://10.0.0.7",
    "serial:ttyACM0",
    "ntrip://caster.example:99999/MNT",
  ])("%s leads nowhere", (text) => expect(parseUpstreamUrl(text)).toBeNull());
});
