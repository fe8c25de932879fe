import { z } from "zod";
import { brokerAddressProblem } from "./broker-address.ts";
import { type AddressUse, addressProblem } from "./upstream-address.ts";

/** The site file of DESIGN.md §4. Unknown keys are errors that name their path. Required: id, and mount, username, profile, geometry where the kind has one. */
const id = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, "letters, digits, '.', '_' and '-', at most 64, starting with a letter or digit");
const name = z.string().max(200);
const date = z.string().regex(/^\d{4}-\d{2}-\d{2}$/, "a date like 2026-05-20");
const instant = z.iso.datetime({ offset: true, local: true }).or(date);
const secret = z.string().min(1).max(256);
const hash = z.string().min(1).max(512); // an exported secret: never its plain text
const finite = z.number();

const position = z.tuple([z.number().min(-180).max(180), z.number().min(-90).max(90)]);
const polygon = z.strictObject({ type: z.literal("Polygon"), coordinates: z.array(z.array(position).min(4).max(2000)).max(20) });
const interval = { from: instant.nullish(), to: instant.nullish() };
const mount = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, "letters, digits, '.', '_' and '-'")
  .refine((m) => !["NEAR", "FIELD"].includes(m.toUpperCase()), "NEAR and FIELD are reserved mount names")
  .refine((m) => !/_(?:M4|L)$/i.test(m), "must not end in _M4 or _L: under these names we offer every mount a second time, as MSM4 and as 1004/1012");
const address = (use: AddressUse) =>
  z.string().refine((text) => addressProblem(text, use) === null, { error: ({ input }) => addressProblem(String(input), use) ?? "" });
const ecef = { x: finite, y: finite, z: finite };
const STATION_ID = "1 to 4095, another one for each base; or null: frames pass with the number as sent, and the base stays out of NEAR and FIELD";
const datum = z.strictObject({ frame: z.string(), epoch: z.string() });
const mqttAccount = z.strictObject({ username: id, password: secret.optional(), tokenHash: hash.optional() });

const party = z.strictObject({ id, name: name.optional(), kind: z.enum(["person", "corporation", "group"]).optional() });
const user = z.strictObject({
  id,
  username: id,
  password: secret.optional(),
  passwordHash: hash.optional(),
  role: z.enum(["farmer", "advisor", "staff", "trainer", "admin"]).optional(),
  party: id.nullish(),
  until: instant.nullish(),
  plots: z.array(id).optional(),
});
const plot = z.strictObject({
  id,
  name: name.optional(),
  geometry: polygon,
  base: id.nullish(),
  fude: z.strictObject({ polygon_uuid: z.string(), issue_year: z.int() }).nullish(),
  crop: z.strictObject({ variety: z.string().nullish(), transplantedOn: date.nullish(), headedOn: date.nullish() }).nullish(),
});
const holding = z.strictObject({ party: id, plot: id, ...interval });
const placement = z.strictObject({ plot: id.nullish(), ...interval, zeroMm: finite.nullish(), depthCm: finite.nullish() });
const device = z.strictObject({
  id,
  name: name.optional(),
  devEui: z
    .string()
    .regex(/^[0-9a-fA-F]{16}$/, "16 hexadecimal digits")
    .nullish(),
  sigfoxId: z.string().nullish(),
  imsi: z.string().nullish(),
  profile: z.string().min(1),
  intervalS: z.number().positive().max(604_800).optional(),
  channels: z.record(z.string(), z.string()).optional(),
  placements: z.array(placement).max(200).optional(),
  plot: id.nullish(),
  levelZeroMm: finite.nullish(),
  mqtt: mqttAccount.nullish(),
});
const gateway = z.strictObject({
  id,
  eui: z.string().min(1).max(64),
  name: name.optional(),
  lat: z.number().min(-90).max(90).nullish(),
  lon: z.number().min(-180).max(180).nullish(),
});
const NETWORK_KINDS = ["chirpstack", "tts", "helium", "sigfox", "soracom"] as const;
const network = z.strictObject({
  id,
  mqtt: mqttAccount.nullish(),
  hookToken: secret.nullish(),
  hookTokenHash: hash.nullish(),
  url: z
    .string()
    .refine((text) => brokerAddressProblem(text) === null, { error: ({ input }) => brokerAddressProblem(String(input)) ?? "" })
    .nullish(),
  kind: z.enum(NETWORK_KINDS, `one of ${NETWORK_KINDS.join(", ")}, or null: several, or another`).nullish(),
});
const base = z.strictObject({
  id,
  mount,
  name: name.optional(),
  sourcePassword: secret.optional(),
  sourcePasswordHash: hash.optional(),
  stationId: z.int(STATION_ID).min(1, STATION_ID).max(4095, STATION_ID).nullish(),
  kind: z.enum(["physical", "network"]).optional(),
  antenna: z.strictObject(ecef).nullish(),
  datum: datum.nullish(),
  maxBaselineKm: z.number().positive().nullish(),
  alignedWith: z.array(id).optional(),
  sim: z.boolean().optional(),
  arpOffset: z.strictObject({ mount, ...ecef, datum: datum.nullish() }).nullish(),
  pull: address("pull").nullish(),
  pullMode: z.enum(["always", "demand"]).optional(),
  pullSessions: z.int().min(1).max(1000).optional(),
  listen: address("listen").nullish(),
});
const rover = z.strictObject({
  id,
  name: name.optional(),
  username: z
    .string()
    .min(1)
    .max(128)
    .regex(/^[^:$\s][^:\s]*$/, "no colon and no space"),
  password: secret.optional(),
  passwordHash: hash.optional(),
  mounts: z.array(z.string()).optional(),
  party: id.nullish(),
  base: id.nullish(),
  maxSessions: z.int().min(0).optional(),
  expiresOn: date.nullish(),
  staffTest: z.boolean().optional(),
});
const consent = z.strictObject({ party: id, scope: z.enum(["town", "advisor", "trial", "open"]), ...interval, how: z.string().nullish() });

export const SiteFileSchema = z.strictObject({
  site: z.strictObject({
    id,
    name: z.strictObject({ ja: name, en: name }).or(name).optional(),
    timeZone: z.string().refine(isTimeZone, "an IANA time zone like Asia/Tokyo").optional(),
    failoverAfterS: z.number().min(5).max(20).optional(),
  }),
  parties: z.array(party).optional(),
  users: z.array(user).optional(),
  plots: z.array(plot).max(60_000).optional(),
  holdings: z.array(holding).optional(),
  devices: z.array(device).optional(),
  gateways: z.array(gateway).optional(),
  networks: z.array(network).optional(),
  bases: z.array(base).optional(),
  rovers: z.array(rover).optional(),
  consents: z.array(consent).optional(),
});
export type SiteFile = z.infer<typeof SiteFileSchema>;

function isTimeZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}
