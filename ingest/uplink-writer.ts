import type { UplinkOutcome } from "../core/domain/ledger.ts";
import type { Quantity } from "../core/domain/quantity.ts";
import type { Reading } from "../core/domain/reading.ts";
import type { JournaledUplink } from "./journal-reader.ts";
import type { Plan, PlannedCopy } from "./plan.ts";
import type { FoundFrame, FrameKey, Reception, Session, SessionReader } from "./sessions.ts";

export interface UplinkAccount {
  readonly seq: number;
  readonly source: string;
  readonly outcome: UplinkOutcome;
  readonly reason: string; // "" for stored
  readonly device: string | null; // our id, else the name that came
  readonly receivedAtMs: number;
  readonly timeMs: number | null; // event time
  readonly firstMs: number | null; // of the readings that it gave
  readonly lastMs: number | null;
}
/** A device spoke, and through which gateways. */
export interface HeardDevice {
  readonly deviceId: string;
  readonly source: string;
  readonly timeMs: number; // event time
  readonly receivedAtMs: number;
  readonly receptions: readonly Reception[];
}
export interface ReadingRank {
  readonly fCnt: number;
  readonly payloadHash: string;
  readonly uplinkSeq: number;
}

/** What writing an uplink needs of the store, inside a transaction. */
export interface UplinkStore {
  readonly readings: {
    put(reading: Reading, rank: ReadingRank): boolean;
    takeBack(
      given: { deviceId: string; uplinkSeq: number; firstMs: number; lastMs: number },
      keeps: (quantity: Quantity, depthCm: number | null, timeMs: number) => boolean,
    ): number[];
  };
  readonly frames: SessionReader & {
    saveSession(devEui: string, session: Session): void;
    saveFrame(key: FrameKey, frame: FoundFrame, receivedAtMs: number): void;
    updateFrame(key: FrameKey, was: FoundFrame, now: FoundFrame): void;
    heard(heard: HeardDevice): void;
    sourceHeard(source: string, receivedAtMs: number): void;
  };
  account(uplink: UplinkAccount): void;
  accountOf(seq: number): UplinkAccount | undefined;
  retime(seq: number, span: { timeMs: number; firstMs: number | null; lastMs: number | null }): void;
  count(source: string, outcome: UplinkOutcome, n: number): void;
  unfeed(uplinkSeq: number): void;
  /** Other uplinks of the device that may have given a reading at `timeMs`. */
  othersAt(device: string, timeMs: number, seq: number): number[];
}

/** Reads an uplink of before again and plans it anew; undefined = its raw bytes are gone, or it stays what it was. */
export type Replan = (was: UplinkAccount) => { uplink: JournaledUplink; plan: Plan } | undefined;

/** Writes plans into the store. Whoever calls it is inside a transaction. */
export class UplinkWriter {
  readonly #store: UplinkStore;
  readonly #replan: Replan;
  #heard: HeardDevice[] = [];

  constructor(store: UplinkStore, replan: Replan) {
    this.#store = store;
    this.#replan = replan;
  }

  /** The devices that spoke, since this was asked last: true only after the commit. */
  takeHeard(): readonly HeardDevice[] {
    const heard = this.#heard;
    this.#heard = [];
    return heard;
  }

  /** An uplink that is processed for the first time. Its place in the ledger is the caller's to count. */
  write(uplink: JournaledUplink, plan: Plan): void {
    this.#writeFrame(uplink, plan);
    for (const reading of plan.readings) this.#store.readings.put(reading, rankOf(plan.key, uplink.seq));
    if (plan.copy !== null) this.#writeCopy(plan.copy);
    const { seq, source, receivedAtMs } = uplink;
    const { outcome, reason, device } = plan;
    this.#store.account({ seq, source, outcome, reason, device, receivedAtMs, timeMs: plan.timeMs ?? receivedAtMs, ...spanOf(plan.readings) });
  }

  /** An uplink that was processed before: its readings, its account and the ledger become what it says when it is read again. */
  rewrite(seq: number): void {
    const was = this.#store.accountOf(seq);
    const again = was && this.#replan(was);
    if (was === undefined || again === undefined) return;
    const { uplink, plan } = again;
    const { source, receivedAtMs } = uplink;
    const { outcome, reason, device } = plan;
    this.#writeFrame(uplink, plan);
    this.#replaceReadings(was, plan.readings, plan.key, device);
    if (plan.copy !== null) this.#writeCopy(plan.copy);
    this.#store.account({ seq, source, outcome, reason, device, receivedAtMs, timeMs: plan.timeMs ?? receivedAtMs, ...spanOf(plan.readings) });
    if (outcome === was.outcome) return;
    this.#store.count(source, was.outcome, -1);
    this.#store.count(source, outcome, 1);
  }

  /** What an uplink gives no longer is taken back; a reading that it had kept from that place comes into it. */
  #replaceReadings(was: UplinkAccount, readings: readonly Reading[], key: FrameKey | null, device: string | null): void {
    const { readings: store } = this.#store;
    this.#store.unfeed(was.seq);
    let gone: readonly number[] = [];
    if (was.device !== null && was.firstMs !== null && was.lastMs !== null) {
      const given = { deviceId: was.device, uplinkSeq: was.seq, firstMs: was.firstMs, lastMs: was.lastMs };
      gone = store.takeBack(given, placesOf(readings, was.device === device));
    }
    for (const reading of readings) store.put(reading, rankOf(key, was.seq));
    const others = new Set(gone.flatMap((timeMs) => this.#store.othersAt(was.device ?? "", timeMs, was.seq)));
    for (const seq of others) {
      const account = this.#store.accountOf(seq);
      const again = account && this.#replan(account);
      for (const reading of again?.plan.readings ?? []) store.put(reading, rankOf(again?.plan.key ?? null, seq));
    }
  }

  #writeFrame(uplink: JournaledUplink, plan: Plan): void {
    const { frames } = this.#store;
    const { receivedAtMs, source } = uplink;
    if (plan.session !== null) frames.saveSession(plan.session.devEui, plan.session.session);
    if (plan.frame !== null) frames.saveFrame(plan.frame.key, plan.frame.frame, receivedAtMs);
    if (plan.heard === null || plan.device === null) {
      frames.sourceHeard(source, receivedAtMs);
      return;
    }
    const heard = { deviceId: plan.device, source, timeMs: plan.timeMs ?? receivedAtMs, receivedAtMs, receptions: plan.heard };
    frames.heard(heard);
    this.#heard.push(heard);
  }

  /** The original's readings as they would be, had it told what the copy tells. */
  #writeCopy({ key, was, now, readings }: PlannedCopy): void {
    this.#store.frames.updateFrame(key, was, now);
    const original = this.#store.accountOf(now.uplinkSeq);
    if (original === undefined || original.outcome !== "stored" || original.device === null) return;
    const next = readings(original.receivedAtMs);
    this.#replaceReadings(original, next, key, original.device);
    this.#store.retime(original.seq, { timeMs: now.timeMs, ...spanOf(next) });
  }
}

function rankOf(key: FrameKey | null, uplinkSeq: number): ReadingRank {
  return { fCnt: key?.fCnt ?? 0, payloadHash: key?.payloadHash ?? "", uplinkSeq };
}

function spanOf(readings: readonly Reading[]): { firstMs: number | null; lastMs: number | null } {
  if (readings.length === 0) return { firstMs: null, lastMs: null };
  let [firstMs, lastMs] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { timeMs } of readings) {
    if (timeMs < firstMs) firstMs = timeMs;
    if (timeMs > lastMs) lastMs = timeMs;
  }
  return { firstMs, lastMs };
}

/** Whether one of `readings` stands in this place, so that it replaces what is there. */
function placesOf(readings: readonly Reading[], sameDevice: boolean): (quantity: Quantity, depthCm: number | null, timeMs: number) => boolean {
  if (!sameDevice) return () => false;
  const places = new Set(readings.map((r) => `${r.quantity}|${r.depthCm}|${r.timeMs}`));
  return (quantity, depthCm, timeMs) => places.has(`${quantity}|${depthCm}|${timeMs}`);
}
