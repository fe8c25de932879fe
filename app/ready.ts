import { readFileSync } from "node:fs";
import type { PlainListener } from "../core/domain/api.ts";
import type { Config } from "./config.ts";
import type { DataFolder } from "./data-folder.ts";
import type { Ports } from "./role.ts";

export const VERSION: string = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")).version;

const isLoopback = (bind: string): boolean => bind === "localhost" || bind === "::1" || bind.startsWith("127.");

/** Listeners that carry passwords without TLS beyond this machine (DESIGN.md §3): told at start and on the staff page. */
export function plainListeners(config: Pick<Config, "http" | "mqtt">): readonly PlainListener[] {
  const listeners: PlainListener[] = [
    { what: "HTTP", bind: config.http.bind },
    { what: "MQTT", bind: config.mqtt.bind },
  ];
  return listeners.filter(({ bind }) => !isLoopback(bind));
}

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
  for (const { what, bind } of plainListeners(config))
    console.log(`  warning: plain ${what} listens on ${bind}: passwords travel unencrypted. Use AZEMICHI_${what}S_PORT or a TLS proxy.`);
}

/** One JSON object on one line: a script can wait for it. */
export function printReady(facts: { config: Config; folder: DataFolder; ports: Ports }): void {
  const { config, folder, ports } = facts;
  const url = mapUrl(config, ports);
  console.log(`  map: ${url}`);
  const open = Object.fromEntries(Object.entries(ports).filter(([, port]) => port !== null));
  console.log(JSON.stringify({ event: "ready", ...open, url, demo: folder.demo, version: VERSION }));
}
