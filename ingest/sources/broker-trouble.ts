import { type BrokerAddress, brokerName } from "../../core/wire/broker-address.ts";

/** Why a connection is not, or no longer: a sentence for staff, and whether somebody has to change something before it can be. */
export interface BrokerTrouble {
  readonly kind: "refused" | "lost";
  readonly text: string;
}

/** CONNACK return codes, MQTT 3.1.1 table 3.1. 3 passes by itself. */
const REFUSALS: Readonly<Record<number, BrokerTrouble>> = {
  1: { kind: "refused", text: "the broker does not speak MQTT 3.1.1" },
  2: { kind: "refused", text: "the broker refuses our client id" },
  3: { kind: "lost", text: "the broker says that it cannot serve right now" },
  4: { kind: "refused", text: "the broker refuses user name or password" },
  5: { kind: "refused", text: "the broker refuses us: user name or password is wrong, or the account may not connect" },
};

const UNTRUSTED = "the broker's certificate is signed by nobody we trust: name its authority's file with ?ca=";
const BY_CODE: Readonly<Record<string, string>> = {
  ENOTFOUND: "the broker's name is not known to our name server",
  EAI_AGAIN: "our name server does not answer",
  ECONNREFUSED: "nothing listens there",
  ECONNRESET: "the connection was cut by the other side",
  EHOSTUNREACH: "there is no way to this host",
  ENETUNREACH: "there is no way to this network",
  ETIMEDOUT: "the host does not answer",
  EPROTO: "no TLS is spoken there, or none that we know",
  ERR_SSL_WRONG_VERSION_NUMBER: "no TLS is spoken there: mqtt:// or ws:// is the address of a plain listener",
  ERR_TLS_CERT_ALTNAME_INVALID: "the broker's certificate is for another name than this",
  CERT_HAS_EXPIRED: "the broker's certificate has expired",
  CERT_NOT_YET_VALID: "the broker's certificate is not valid yet; is our clock right?",
  DEPTH_ZERO_SELF_SIGNED_CERT: UNTRUSTED,
  SELF_SIGNED_CERT_IN_CHAIN: UNTRUSTED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNTRUSTED,
};

/** Of the library's error, or undefined when the connection ended without one. `answered`: the broker had let us in. */
export function troubleOf(error: (Error & { code?: unknown }) | undefined, address: BrokerAddress, answered: boolean): BrokerTrouble {
  const at = brokerName(address);
  if (error === undefined)
    return { kind: "lost", text: answered ? `${at}: the broker closed the connection` : `${at}: the connection was closed before the broker answered` };
  if (typeof error.code === "number" && !answered) {
    const { kind, text } = REFUSALS[error.code] ?? { kind: "refused", text: `the broker refuses us with code ${error.code}` };
    return { kind, text: `${at}: ${text}` };
  }
  if (error.message === "connack timeout") return { kind: "lost", text: `${at}: no answer to our log-in` };
  const text = typeof error.code === "string" ? (BY_CODE[error.code] ?? `${error.message}`) : error.message;
  return { kind: "lost", text: `${at}: ${withoutCredentials(text, address)}` };
}

/** No library repeats what it logs in with; should one ever, it does not leave here. */
function withoutCredentials(text: string, { password }: BrokerAddress): string {
  return password === null || password === "" ? text : text.replaceAll(password, "***");
}
