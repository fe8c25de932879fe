import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readConfig } from "../../app/config.ts";

const folder = mkdtempSync(join(tmpdir(), "azemichi-config-"));
const file = (name: string, content: string): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};

describe("configuration", () => {
  test("defaults are those of the documentation", () => {
    expect(readConfig({ PATH: "/bin" })).toMatchObject({
      sim: "auto",
      http: { bind: "127.0.0.1", port: 8080, tlsPort: null },
      mqtt: { bind: "127.0.0.1", port: 1883, tlsPort: null, wsPort: null },
      ntrip: { bind: "127.0.0.1", port: 2101, tlsPort: null },
      journalDays: 400,
      influx: null,
      logLevel: "info",
    });
  });

  test.each([
    { name: "unknown key", env: { AZEMICHI_HTPP_PORT: "1" }, says: /^AZEMICHI_HTPP_PORT: unknown/ },
    { name: "port that is no number", env: { AZEMICHI_HTTP_PORT: "http" }, says: /^AZEMICHI_HTTP_PORT: / },
    { name: "port out of range", env: { AZEMICHI_NTRIP_PORT: "65536" }, says: /^AZEMICHI_NTRIP_PORT: / },
    { name: "unknown choice", env: { AZEMICHI_SIM: "maybe" }, says: /^AZEMICHI_SIM: / },
    { name: "empty value", env: { AZEMICHI_DATA_DIR: "" }, says: /^AZEMICHI_DATA_DIR: / },
    { name: "NATS, until it is built", env: { AZEMICHI_NATS_URL: "nats://x" }, says: /^AZEMICHI_NATS_URL: .*not built yet/ },
    { name: "TLS port without certificate", env: { AZEMICHI_HTTPS_PORT: "8443" }, says: /^AZEMICHI_HTTPS_PORT: .*AZEMICHI_TLS_CERT/ },
    { name: "certificate without key", env: { AZEMICHI_TLS_CERT: "/x" }, says: /^AZEMICHI_TLS_CERT: / },
    { name: "InfluxDB without a database", env: { AZEMICHI_INFLUX_URL: "http://127.0.0.1:8086" }, says: /^AZEMICHI_INFLUX_URL: / },
    { name: "InfluxDB URL that is none", env: { AZEMICHI_INFLUX_URL: "ftp://x" }, says: /^AZEMICHI_INFLUX_URL: / },
    { name: "secret file that is not there", env: { AZEMICHI_INFLUX_TOKEN_FILE: "/nowhere" }, says: /^AZEMICHI_INFLUX_TOKEN_FILE: / },
    { name: "…_FILE of something that is no secret", env: { AZEMICHI_SITE_FILE: "/x" }, says: /^AZEMICHI_SITE_FILE: unknown/ },
    { name: "short administrator's password", env: { AZEMICHI_ADMIN_PASSWORD: "short" }, says: /^AZEMICHI_ADMIN_PASSWORD: / },
    { name: "config file that is not there", env: { AZEMICHI_CONFIG: "/nowhere.json" }, says: /^AZEMICHI_CONFIG: / },
    { name: "config file that is no JSON", env: { AZEMICHI_CONFIG: file("bad.json", "{") }, says: /^AZEMICHI_CONFIG: / },
    { name: "foreign key in the config file", env: { AZEMICHI_CONFIG: file("foreign.json", '{"HTTP_PORT":1}') }, says: /^HTTP_PORT: unknown/ },
  ])("$name names its key", ({ env, says }) => {
    expect(() => readConfig(env)).toThrow(expect.objectContaining({ code: "CONFIG_INVALID", message: expect.stringMatching(says) }));
  });

  test("a secret never stands in the message", () => {
    expect(() => readConfig({ AZEMICHI_ADMIN_PASSWORD: "hunter2" })).not.toThrow(/hunter2/);
  });

  test("test variables are ignored, the environment wins over the file, secrets may come from files", () => {
    const config = readConfig({
      AZEMICHI_TEST_INFLUX_URL: "anything",
      AZEMICHI_CONFIG: file("good.json", JSON.stringify({ AZEMICHI_HTTP_PORT: 1, AZEMICHI_MQTT_PORT: 2 })),
      AZEMICHI_HTTP_PORT: "3",
      AZEMICHI_ADMIN_PASSWORD_FILE: file("password", "correct horse\n"),
    });
    expect(config).toMatchObject({ http: { port: 3 }, mqtt: { port: 2 }, adminPassword: "correct horse" });
  });
});
