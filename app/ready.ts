import { readFileSync } from "node:fs";
import type { Config } from "./config.ts";
import type { DataFolder } from "./data-folder.ts";
import type { Ports } from "./role.ts";

export const VERSION: string = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")).version;

const isLoopback = (bind: string): boolean => bind === "localhost" || bind === "::1" || bind.startsWith("127.");

export function mapUrl(config: Config, ports: Ports): string {
  const host = ["0.0.0.0", "::"].includes(config.http.bind) ? "127.0.0.1" : config.http.bind;
  return config.publicUrl ?? `http://${host.includes(":") ? `[${host}]` : host}:${ports.http}/`;
}

/** What a person at the terminal needs to know, before the one line for scripts. The generated password stands here once. */
export function printWelcome(facts: { config: Config; folder: DataFolder; ports: Ports; adminPassword: string | null; notes: readonly string[] }): void {
  const { config, folder, adminPassword, notes } = facts;
  console.log(folder.demo ? `Azemichi ${VERSION} 研修・デモ: 本物ではありません / training demo: not the field` : `Azemichi ${VERSION}`);
  console.log(`  data: ${folder.path}`);
  if (adminPassword !== null) console.log(`  log-in: admin / ${adminPassword}   (also in admin-password.txt there)`);
  for (const note of notes) console.log(`  note: ${note}`);
  for (const [what, bind, variable] of [
    ["HTTP", config.http.bind, "HTTPS_PORT"],
    ["MQTT", config.mqtt.bind, "MQTTS_PORT"],
  ] as const) {
    if (!isLoopback(bind)) console.log(`  warning: plain ${what} listens on ${bind}: passwords travel unencrypted. Use AZEMICHI_${variable} or a TLS proxy.`);
  }
}

/** One JSON object on one line: a script can wait for it. */
export function printReady(facts: { config: Config; folder: DataFolder; ports: Ports }): void {
  const { config, folder, ports } = facts;
  const url = mapUrl(config, ports);
  console.log(`  map: ${url}`);
  const open = Object.fromEntries(Object.entries(ports).filter(([, port]) => port !== null));
  console.log(JSON.stringify({ event: "ready", ...open, url, demo: folder.demo, version: VERSION }));
}
