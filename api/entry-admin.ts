import type { UnknownDevicesJson, UplinkDetailJson, UplinkPageJson, UplinkState, UplinkSummaryJson } from "../core/domain/uplink-json.ts";
import type { ProblemIssue } from "./problem.ts";

/** Kinds of the site file whose entries are edited one by one. */
export type EntryKind = "users" | "plots" | "devices" | "gateways" | "networks" | "bases" | "rovers";

export type EntryChange = { readonly kind: EntryKind; readonly id: string; readonly by: string; readonly atMs: number } & (
  | { readonly how: "put"; readonly entry: unknown }
  | { readonly how: "patch"; readonly patch: unknown }
  | { readonly how: "remove" }
);

/** Why an edit changed nothing. */
export type EditRefusal =
  | { readonly kind: "missing" }
  | { readonly kind: "in-use"; readonly by: readonly string[] } // places that name it
  | { readonly kind: "last-admin" }
  | { readonly kind: "refused"; readonly issues: readonly ProblemIssue[] };

export type EditResult =
  | {
      readonly kind: "done";
      readonly isNew: boolean;
      readonly entry: Readonly<Record<string, unknown>> | null; // without secrets and hashes
      readonly warnings: readonly ProblemIssue[];
    }
  | EditRefusal;

/** Which credential: a device's or network's MQTT account, or a network's token for HTTP hooks. */
export interface KeyOwner {
  readonly kind: "devices" | "networks";
  readonly id: string;
  readonly opens: "mqtt" | "hook";
  readonly by: string;
  readonly atMs: number;
}

export interface NewZero {
  readonly deviceId: string;
  readonly fromMs: number;
  readonly zeroMm: number;
  readonly by: string;
  readonly note: string | null;
  readonly atMs: number;
}

export interface ZeroLogEntry {
  readonly id: number;
  readonly atMs: number;
  readonly fromMs: number;
  readonly zeroMm: number;
  readonly formerMm: number | null;
  readonly username: string;
  readonly note: string | null;
}

/** Single entries of the site file. Everything it changed is seen by `ApiContext.catalog` when it answers. */
export interface EntryAdmin {
  /** As it may leave this machine; undefined: there is none. */
  shown(kind: EntryKind, id: string): Readonly<Record<string, unknown>> | undefined;
  edit(change: EntryChange): Promise<EditResult>;
  /** The only copy of a new key. */
  makeKey(owner: KeyOwner): Promise<{ readonly kind: "done"; readonly username: string | null; readonly key: string } | EditRefusal>;
  revokeKey(owner: KeyOwner): Promise<EditResult>;
  giveZero(
    zero: NewZero,
  ): Promise<
    | { readonly kind: "done"; readonly formerMm: number | null; readonly toMs: number | null; readonly redecodeId: number }
    | { readonly kind: "nowhere" }
    | EditRefusal
  >;
  /** Newest first. */
  zeroLog(deviceId: string): readonly ZeroLogEntry[];
}

/** Where uplinks ended up. The period is of receipt, [fromMs, toMs); absent = any. */
export interface UplinkRecord {
  list(filter: {
    readonly outcome?: UplinkState;
    readonly reason?: string;
    readonly device?: string;
    readonly source?: string;
    readonly fromMs?: number;
    readonly toMs?: number;
    readonly beforeSeq?: number;
    readonly max: number;
  }): Promise<UplinkPageJson>;
  /** null: there is no such uplink, or it is forgotten. */
  one(seq: number): Promise<UplinkDetailJson | null>;
  summary(fromMs: number): Promise<UplinkSummaryJson>;
  unknownDevices(page: { readonly beforeSeq: number | null; readonly max: number }): Promise<UnknownDevicesJson>;
}
