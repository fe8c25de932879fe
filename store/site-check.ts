import { isOpenToListeners, parseBrokerAddress } from "../core/wire/broker-address.ts";
import { sigfoxIdOf } from "../core/wire/sigfox-id.ts";
import { type SiteFile, SiteFileSchema } from "../core/wire/site-file.ts";
import { baseIssues, baseWarnings } from "./site-bases.ts";

export interface SiteIssue {
  readonly path: string; // e.g. devices[2].profile
  readonly message: string;
}
export type SiteCheck =
  | { readonly ok: true; readonly file: SiteFile; readonly warnings: readonly SiteIssue[] }
  | { readonly ok: false; readonly issues: readonly SiteIssue[] };

const SHORT_SECRET = 12;
const ISSUES_MAX = 50;

/** Shape, then what the shape cannot say: unique names, references that lead somewhere, profiles that exist. */
export function checkSite(document: unknown, knownProfiles: readonly string[], liveCodecs?: ReadonlySet<string>): SiteCheck {
  const shape = checkShape(document);
  if (!shape.ok) return shape;
  const issues = meaningIssues(shape.file, knownProfiles);
  if (issues.length > 0) return { ok: false, issues };
  return { ok: true, file: shape.file, warnings: siteWarnings(shape.file, liveCodecs) };
}

export function checkShape(document: unknown): { readonly ok: true; readonly file: SiteFile } | Extract<SiteCheck, { readonly ok: false }> {
  const parsed = SiteFileSchema.safeParse(document);
  if (!parsed.success) {
    const issues = parsed.error.issues.flatMap((issue) =>
      issue.code === "unrecognized_keys"
        ? issue.keys.map((key) => ({ path: pathText([...issue.path, key]), message: "unknown key" }))
        : [{ path: pathText(issue.path), message: issue.message }],
    );
    return { ok: false, issues: issues.slice(0, ISSUES_MAX) };
  }
  return { ok: true, file: parsed.data };
}

/** What the shape cannot say. At most 50. */
export function meaningIssues(file: SiteFile, knownProfiles: readonly string[]): SiteIssue[] {
  return [...duplicates(file), ...references(file), ...baseIssues(file), ...profiles(file, knownProfiles)].slice(0, ISSUES_MAX);
}

export function pathText(path: readonly PropertyKey[]): string {
  return (
    path.reduce<string>((text, part) => (typeof part === "number" ? `${text}[${part}]` : `${text}${text === "" ? "" : "."}${String(part)}`), "") ||
    "(whole file)"
  );
}

/** What must be unique, per kind: the id, and the names by which peers call. */
const UNIQUE: readonly { kind: Exclude<keyof SiteFile, "site" | "holdings" | "consents">; key: string; of: (entry: never) => string | null | undefined }[] = [
  ...(["parties", "users", "plots", "devices", "gateways", "networks", "bases", "rovers"] as const).map((kind) => ({
    kind,
    key: "id",
    of: (e: { id: string }) => e.id,
  })),
  { kind: "users", key: "username", of: (e: { username: string }) => e.username },
  { kind: "devices", key: "devEui", of: (e: { devEui?: string | null }) => e.devEui?.toLowerCase() },
  { kind: "devices", key: "sigfoxId", of: (e: { sigfoxId?: string | null }) => e.sigfoxId && sigfoxIdOf(e.sigfoxId) },
  { kind: "devices", key: "imsi", of: (e: { imsi?: string | null }) => e.imsi },
  { kind: "networks", key: "mqtt.username", of: (e: { mqtt?: { username: string } | null }) => e.mqtt?.username },
  { kind: "rovers", key: "username", of: (e: { username: string }) => e.username },
];

function* duplicates(file: SiteFile): Generator<SiteIssue> {
  for (const { kind, key, of } of UNIQUE) {
    const seen = new Set<string>();
    for (const [i, entry] of (file[kind] ?? []).entries()) {
      const value = of(entry as never);
      if (value === null || value === undefined) continue;
      if (seen.has(value)) yield { path: `${kind}[${i}].${key}`, message: `${value} stands here a second time` };
      seen.add(value);
    }
  }
  const networks = new Set((file.networks ?? []).map((n) => n.mqtt?.username));
  for (const [i, device] of (file.devices ?? []).entries()) {
    if (device.mqtt && device.mqtt.username !== device.id) yield { path: `devices[${i}].mqtt.username`, message: `must equal the device's id, ${device.id}` };
    if (device.mqtt && networks.has(device.mqtt.username)) yield { path: `devices[${i}].mqtt.username`, message: "is a network's user name too" };
  }
}

function* references(file: SiteFile): Generator<SiteIssue> {
  const ids = (kind: "parties" | "plots" | "bases"): Set<string> => new Set((file[kind] ?? []).map((e) => e.id));
  const known = { parties: ids("parties"), plots: ids("plots"), bases: ids("bases") };
  const check = function* (kind: keyof typeof known, id: string | null | undefined, path: string): Generator<SiteIssue> {
    if (id !== null && id !== undefined && !known[kind].has(id)) yield { path, message: `${id} is not among ${kind}` };
  };
  for (const [i, u] of (file.users ?? []).entries()) {
    yield* check("parties", u.party, `users[${i}].party`);
    for (const [k, plot] of (u.plots ?? []).entries()) yield* check("plots", plot, `users[${i}].plots[${k}]`);
  }
  for (const [i, p] of (file.plots ?? []).entries()) yield* check("bases", p.base, `plots[${i}].base`);
  for (const [i, h] of (file.holdings ?? []).entries()) {
    yield* check("parties", h.party, `holdings[${i}].party`);
    yield* check("plots", h.plot, `holdings[${i}].plot`);
  }
  for (const [i, d] of (file.devices ?? []).entries()) {
    yield* check("plots", d.plot, `devices[${i}].plot`);
    for (const [k, p] of (d.placements ?? []).entries()) yield* check("plots", p.plot, `devices[${i}].placements[${k}].plot`);
  }
  for (const [i, r] of (file.rovers ?? []).entries()) {
    yield* check("parties", r.party, `rovers[${i}].party`);
    yield* check("bases", r.base, `rovers[${i}].base`);
  }
  for (const [i, c] of (file.consents ?? []).entries()) yield* check("parties", c.party, `consents[${i}].party`);
}

const CODEC = /^codec:/;

/** A device that only speaks for itself (SenML) may name its profile as it likes; a frame from a network server needs a decoder. */
function* profiles(file: SiteFile, knownProfiles: readonly string[]): Generator<SiteIssue> {
  for (const [i, device] of (file.devices ?? []).entries()) {
    if ((!device.devEui && !device.sigfoxId) || knownProfiles.includes(device.profile) || device.profile === "senml" || CODEC.test(device.profile)) continue;
    yield { path: `devices[${i}].profile`, message: `${device.profile} is unknown; there are senml, ${knownProfiles.join(", ")}` };
  }
}

/** What a machine made: 256 bits as we write them, or as hex. */
const MADE_KEY = /^(?:[A-Za-z0-9_-]{43}|[0-9a-fA-F]{64})$/;

/** What may be, and yet is hardly meant so. `liveCodecs`: ids of vendor codecs that passed their gate; absent: nothing is known of any. */
export function siteWarnings(file: SiteFile, liveCodecs?: ReadonlySet<string>): SiteIssue[] {
  const found: SiteIssue[] = [...baseWarnings(file)];
  const look = (secret: string | null | undefined, path: string): void => {
    if (secret !== null && secret !== undefined && secret.length < SHORT_SECRET)
      found.push({ path, message: `is shorter than ${SHORT_SECRET} characters and easily guessed` });
  };
  for (const [i, u] of (file.users ?? []).entries()) look(u.password, `users[${i}].password`);
  for (const [i, d] of (file.devices ?? []).entries()) {
    look(d.mqtt?.password, `devices[${i}].mqtt.password`);
    if (liveCodecs && CODEC.test(d.profile) && !liveCodecs.has(d.profile.replace(CODEC, "")))
      found.push({
        path: `devices[${i}].profile`,
        message: "names a vendor codec that is not live: its uplinks are kept, and decoded once it is (PUT codecs/{id})",
      });
    if (d.mqtt?.password !== undefined && !MADE_KEY.test(d.mqtt.password))
      found.push({ path: `devices[${i}].mqtt.password`, message: `is chosen by a person; let the server make a key: POST devices/${d.id}/key` });
  }
  for (const [i, n] of (file.networks ?? []).entries()) {
    look(n.mqtt?.password, `networks[${i}].mqtt.password`);
    look(n.hookToken, `networks[${i}].hookToken`);
    const broker = n.url ? parseBrokerAddress(n.url) : null;
    if (broker?.kind === "address" && isOpenToListeners(broker.address))
      found.push({ path: `networks[${i}].url`, message: "is without TLS: password and uplinks can be read on the way; use mqtts:// or wss://" });
  }
  for (const [i, b] of (file.bases ?? []).entries()) look(b.sourcePassword, `bases[${i}].sourcePassword`);
  for (const [i, r] of (file.rovers ?? []).entries()) look(r.password, `rovers[${i}].password`);
  return found;
}
