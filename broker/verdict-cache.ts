import { isUtf8 } from "node:buffer";
import { type Account, isHearable, judgePublish } from "./access.ts";

/** What becomes of a PUBLISH on a topic, as far as it can be told without aedes. */
export type LaneVerdict =
  | { readonly kind: "uplink"; readonly topic: string; readonly source: string } // for the journal, and nobody may subscribe to it
  | { readonly kind: "pass" } // for aedes
  | { readonly kind: "malformed" };

const TOPICS_MAX = 4096;
const PASS: LaneVerdict = { kind: "pass" };
const MALFORMED: LaneVerdict = { kind: "malformed" };

/** Remembers the verdicts on the topics of one account, which come again and again. At its bound it begins anew. */
export class VerdictCache {
  readonly #account: Account;
  readonly #onFull: () => void;
  readonly #verdicts = new Map<string, LaneVerdict>();

  constructor(account: Account, onFull: () => void) {
    this.#account = account;
    this.#onFull = onFull;
  }

  /** `bytes` is the topic as it came over the wire, one character for each byte. */
  of(bytes: string): LaneVerdict {
    const known = this.#verdicts.get(bytes);
    if (known !== undefined) return known;
    if (this.#verdicts.size >= TOPICS_MAX) {
      this.#onFull();
      this.#verdicts.clear();
    }
    const verdict = this.#judge(Buffer.from(bytes, "latin1"));
    this.#verdicts.set(bytes, verdict);
    return verdict;
  }

  #judge(bytes: Buffer): LaneVerdict {
    if (!isUtf8(bytes)) return MALFORMED; // [MQTT-1.5.3-1]
    const topic = bytes.toString("utf8");
    if (topic === "" || /[+#\0]/.test(topic)) return MALFORMED; // [MQTT-4.7.3-1], [MQTT-3.3.2-2], [MQTT-1.5.3-2]
    const verdict = judgePublish(this.#account, topic);
    return verdict.kind === "uplink" && !isHearable(topic) ? { kind: "uplink", topic, source: verdict.source } : PASS;
  }
}
