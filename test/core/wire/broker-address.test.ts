import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { brokerAddressProblem, brokerName, isOpenToListeners, parseBrokerAddress } from "../../../core/wire/broker-address.ts";
import { hasMask, withKeptSecret, withoutSecret } from "../../../core/wire/upstream-address.ts";

const plain = { path: "", username: null, password: null, filters: [], prefix: "", caPath: null };

describe("an address of a broker", () => {
  test.each([
    ["mqtt://localhost", { ...plain, scheme: "mqtt", host: "localhost", port: 1883 }],
    ["mqtts://broker.example", { ...plain, scheme: "mqtts", host: "broker.example", port: 8883 }],
    ["mqtt://broker.example:80", { ...plain, scheme: "mqtt", host: "broker.example", port: 80 }],
    ["MQTT://Broker.Example:1884/", { ...plain, scheme: "mqtt", host: "broker.example", port: 1884 }],
    ["mqtt://[::1]:1883", { ...plain, scheme: "mqtt", host: "::1", port: 1883 }],
    ["ws://127.0.0.1:9001/mqtt", { ...plain, scheme: "ws", host: "127.0.0.1", port: 9001, path: "/mqtt" }],
    ["wss://broker.example", { ...plain, scheme: "wss", host: "broker.example", port: 443, path: "/" }],
    ["mqtt://cs:pass@h:1883", { ...plain, scheme: "mqtt", host: "h", port: 1883, username: "cs", password: "pass" }],
    ["mqtt://cs:1234@h", { ...plain, scheme: "mqtt", host: "h", port: 1883, username: "cs", password: "1234" }],
    ["mqtt://token@h", { ...plain, scheme: "mqtt", host: "h", port: 1883, username: "token", password: "" }],
    // The Things Stack: user name is application@tenant
    [
      "mqtts://app1@ttn:NNSXS.KEY@eu1.cloud.thethings.network:8883",
      { ...plain, scheme: "mqtts", host: "eu1.cloud.thethings.network", port: 8883, username: "app1@ttn", password: "NNSXS.KEY" },
    ],
    ["mqtt://cs:p%40%2F%23%25@h", { ...plain, scheme: "mqtt", host: "h", port: 1883, username: "cs", password: "p@/#%" }],
    [
      "mqtt://h?topic=application/+/device/+/event/up&topic=v3/#",
      { ...plain, scheme: "mqtt", host: "h", port: 1883, filters: ["application/+/device/+/event/up", "v3/#"] },
    ],
    ["mqtt://h?topic=v3%2F%2B%2Fdevices/%23", { ...plain, scheme: "mqtt", host: "h", port: 1883, filters: ["v3/+/devices/#"] }],
    ["mqtts://h?ca=/etc/ssl/our.pem&prefix=site1/", { ...plain, scheme: "mqtts", host: "h", port: 8883, prefix: "site1/", caPath: "/etc/ssl/our.pem" }],
  ])("%s", (text, address) => expect(parseBrokerAddress(text)).toEqual({ kind: "address", address }));

  test.each([
    ["broker.example:1883", "must begin with mqtts://"],
    ["http://h", "must begin with mqtts://"],
    ["__proto__://h", "must begin with mqtts://"],
    ["mqtt://", "must be mqtts://"],
    ["mqtt://h with space", "no spaces"],
    [`mqtt://${"h".repeat(1000)}`, "at most 1000 characters"],
    ["mqtt://h:0", "port"],
    ["mqtt://h:99999", "must be mqtts://"],
    ["mqtt://u:p/w@h", "written %40"],
    ["mqtt://u:p%zz@h", "no escape"],
    ["mqtt://:secret@h", "password without a user name"],
    ["mqtt://h/application/#", "topics are named by ?topic="],
    ["mqtt://h/application", "topics are named by ?topic="],
    ["mqtt://h?topic=a/#/b", "no MQTT topic filter"],
    ["mqtt://h?topic=a+/b", "no MQTT topic filter"],
    ["mqtt://h?topic=", "no MQTT topic filter"],
    ["mqtt://h?prefix=site1", "ending in /"],
    ["mqtt://h?ca=/x.pem", "no TLS"],
    ["mqtts://h?ca=our.pem", "path from the root"],
    ["mqtt://h?clientId=x", "takes only ?topic="],
  ])("%s is refused: %s", (text, why) => {
    expect(brokerAddressProblem(text)).toContain(why);
    expect(brokerAddressProblem(text)).not.toContain("secret");
  });

  test("whatever is written there: read or refused, never thrown, and the shown name holds no password", () => {
    const text = fc.oneof(
      fc.string(),
      fc.string().map((s) => `mqtts://user:password-of-it@${s}`),
      fc.webUrl().map((u) => u.replace("https", "mqtts")),
    );
    fc.assert(
      fc.property(text, (any) => {
        const result = parseBrokerAddress(any);
        if (result.kind === "address") expect(brokerName(result.address)).not.toContain("password-of-it");
        else expect(result.problem).not.toContain("password-of-it");
      }),
    );
  });

  test.each([
    ["mqtt://127.0.0.1", false],
    ["mqtt://localhost:1884", false],
    ["ws://[::1]/mqtt", false],
    ["mqtts://far.example", false],
    ["mqtt://192.168.1.4", true],
    ["mqtt://127.0.0.1.evil.example", true],
    ["ws://far.example/mqtt", true],
  ])("%s is open to listeners: %s", (text, open) => {
    const result = parseBrokerAddress(text);
    expect(result.kind === "address" && isOpenToListeners(result.address)).toBe(open);
  });

  test("what an export shows of it goes back to the same address, and to no other host", () => {
    const address = "mqtts://app1@ttn:NNSXS.KEY@eu1.example:8883?topic=v3/+/devices/+/up";
    const shown = withoutSecret(address);
    expect(shown).toBe("mqtts://app1@ttn:***@eu1.example:8883?topic=v3/+/devices/+/up");
    expect(hasMask(shown)).toBe(true);
    expect(withKeptSecret(shown, address)).toBe(address);
    expect(withKeptSecret(shown.replace("eu1.example", "evil.example"), address)).toBeNull();
    expect(withKeptSecret(shown.replace("mqtts:", "mqtt:"), address)).toBeNull();
  });
});
