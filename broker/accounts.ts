import type { Catalog } from "../core/domain/site.ts";
import { type BusRole, rolePassword, roleUser } from "../core/runtime/bus-credentials.ts";
import { equalSecrets, tokenDigest } from "../core/runtime/secrets.ts";
import type { Account } from "./access.ts";

/** A log-in as it came over the wire. */
export interface LoginAttempt {
  readonly username: string | undefined;
  readonly password: Uint8Array | undefined;
  readonly clientId: string;
}
export type LoginResult =
  | { readonly kind: "accepted"; readonly account: Account; readonly digest: string }
  | { readonly kind: "refused"; readonly reason: "credentials" | "client-id" };

const ROLES: readonly BusRole[] = ["relay", "field", "web", "sim"];
const PASSWORD_BYTES_MAX = 512;

interface Known {
  readonly account: Account;
  readonly digest: string; // what the digest of the right password is
}

/** Who may log in: devices and networks of the catalog, and the roles of this start. */
export class Accounts {
  readonly #key: Uint8Array;
  readonly #roles = new Map<string, Known>();
  readonly #nobody: Known;
  #site = new Map<string, Known>();

  constructor(options: { key: Uint8Array; busSecret: string }) {
    this.#key = options.key;
    for (const role of ROLES) {
      const digest = tokenDigest(this.#key, rolePassword(options.busSecret, role));
      this.#roles.set(roleUser(role), { account: { kind: "role", role }, digest });
    }
    this.#nobody = { account: { kind: "device", id: "" }, digest: tokenDigest(this.#key, "") };
  }

  load(catalog: Catalog): void {
    const site = new Map<string, Known>();
    for (const { id, mqttTokenHash } of catalog.devices) if (mqttTokenHash !== null) site.set(id, { account: { kind: "device", id }, digest: mqttTokenHash });
    for (const { id, kind, mqttUsername, mqttTokenHash } of catalog.networks) {
      if (mqttUsername !== null && mqttTokenHash !== null)
        site.set(mqttUsername, { account: { kind: "network", id, networkKind: kind }, digest: mqttTokenHash });
    }
    this.#site = site;
  }

  /** An unknown user takes the same path and time as a wrong password. */
  login(attempt: LoginAttempt): LoginResult {
    const { username = "", password = new Uint8Array(0), clientId } = attempt;
    const known = this.#find(username);
    const given = password.byteLength > PASSWORD_BYTES_MAX ? "" : Buffer.from(password).toString("utf8");
    const right = equalSecrets(tokenDigest(this.#key, given), (known ?? this.#nobody).digest);
    if (known === undefined || !right || given === "") return { kind: "refused", reason: "credentials" };
    // A device's client id is its own name, else one device could take over another's connection (DESIGN.md §5).
    if (known.account.kind === "device" && clientId !== known.account.id) return { kind: "refused", reason: "client-id" };
    return { kind: "accepted", account: known.account, digest: known.digest };
  }

  /** Whether a credential that logged in earlier still is the one in force. */
  stillValid(username: string, digest: string): boolean {
    return this.#find(username)?.digest === digest;
  }

  #find(username: string): Known | undefined {
    return username.startsWith("$") ? this.#roles.get(username) : this.#site.get(username);
  }
}
