import { tokenDigest } from "./secrets.ts";

/** Roles meet on our own broker under names that no site file can hold (`$` is refused there). */
export type BusRole = "relay" | "field" | "web" | "sim";
export const roleUser = (role: BusRole): string => `$role/${role}`;

/** Made from the start's own random secret: a new start makes new credentials. */
export const rolePassword = (busSecret: string, role: BusRole): string => tokenDigest(Buffer.from(busSecret, "utf8"), role);
