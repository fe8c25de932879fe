import type { DatabaseSync, StatementSync } from "node:sqlite";
import { BulkInsert } from "./bulk-insert.ts";

export interface SessionRow {
  readonly number: number;
  readonly sessionKey: string | null;
  readonly startMs: number;
  readonly joined: boolean;
  readonly lastFCnt: number;
  readonly lastTimeMs: number;
}
export interface FrameRow {
  readonly devEui: string;
  readonly fCnt: number;
  readonly fPort: number; // -1 = none
  readonly payloadHash: string;
}
/** How one gateway heard a frame: its name, dBm, dB. */
export type Reception = readonly [gatewayId: string, rssiDbm: number | null, snrDb: number | null];

export interface FoundFrame {
  readonly session: number;
  readonly timeMs: number;
  readonly timeSource: string; // of timeMs, see `EventTime`; "+clock" behind it: a substitute
  readonly uplinkSeq: number; // 0 = processed before this was kept
  readonly receptions: readonly Reception[];
}
export interface Heard {
  readonly deviceId: string;
  readonly source: string;
  readonly timeMs: number;
  readonly receivedAtMs: number;
  readonly receptions: readonly Reception[];
}

const ANY_WAY: Reception = ["", null, null];
const SESSIONS_PER_DEVICE_MAX = 50; // the newest; a device with more resets than that within memory is broken
const CACHED_DEVICES_MAX = 20_000;

/** Duplicate keys, sessions and who was heard when: the side of readings.db that tells frames apart. Inside the caller's transaction. */
export class FrameStore {
  readonly #sql: ReturnType<typeof prepare>;
  readonly #sessions = new Map<string, readonly SessionRow[]>(); // newest first
  readonly #unsaved = new Map<string, Map<number, SessionRow>>();
  readonly #heard = new Map<
    string,
    { device: string; gateway: string; source: string; timeMs: number; receivedAtMs: number; rssi: number | null; snr: number | null }
  >();
  readonly #sources = new Map<string, number>();
  readonly #inserts: BulkInsert;
  readonly #fresh = new Map<string, FoundFrame[]>(); // frames that wait to be written, by their key

  constructor(db: DatabaseSync) {
    this.#sql = prepare(db);
    const columns = "dev_eui, f_cnt, f_port, payload_hash, time_ms, session, received_ms, uplink_seq, receptions, time_source";
    this.#inserts = new BulkInsert(db, `INSERT OR IGNORE INTO frame (${columns})`, 10);
  }

  /** The device's sessions, newest first; a bounded number. */
  sessions(devEui: string): readonly SessionRow[] {
    const known = this.#sessions.get(devEui);
    if (known !== undefined) return known;
    const rows = this.#sql.sessions.all(devEui, SESSIONS_PER_DEVICE_MAX) as unknown as (Omit<SessionRow, "joined"> & { joined: number })[];
    const sessions = rows.map((row) => ({
      number: row.number,
      sessionKey: row.sessionKey,
      startMs: row.startMs,
      joined: row.joined === 1,
      lastFCnt: row.lastFCnt,
      lastTimeMs: row.lastTimeMs,
    }));
    this.#remember(devEui, sessions);
    return sessions;
  }

  saveSession(devEui: string, session: SessionRow): void {
    const others = this.sessions(devEui).filter((s) => s.number !== session.number);
    const sorted = [...others, session].sort((a, b) => b.number - a.number).slice(0, SESSIONS_PER_DEVICE_MAX);
    this.#remember(devEui, sorted);
    const unsaved = this.#unsaved.get(devEui);
    if (unsaved === undefined) this.#unsaved.set(devEui, new Map([[session.number, session]]));
    else unsaved.set(session.number, session);
  }

  /** Frames with this key, of the days for which keys are kept. */
  framesLike(key: FrameRow): FoundFrame[] {
    const rows = this.#sql.framesLike.all(key.devEui, key.fCnt, key.fPort, key.payloadHash) as unknown as (Omit<FoundFrame, "receptions"> & {
      receptions: string;
    })[];
    const found = rows.map((row) => ({
      session: row.session,
      timeMs: row.timeMs,
      timeSource: row.timeSource,
      uplinkSeq: row.uplinkSeq,
      receptions: JSON.parse(row.receptions) as Reception[],
    }));
    const fresh = this.#fresh.get(textOf(key));
    return fresh === undefined ? found : [...found, ...fresh];
  }

  saveFrame(key: FrameRow, frame: FoundFrame, receivedAtMs: number): void {
    const { timeMs, session, uplinkSeq, receptions, timeSource } = frame;
    const heard = JSON.stringify(receptions);
    this.#inserts.add(key.devEui, key.fCnt, key.fPort, key.payloadHash, timeMs, session, receivedAtMs, uplinkSeq, heard, timeSource);
    const text = textOf(key);
    const fresh = this.#fresh.get(text);
    if (fresh === undefined) this.#fresh.set(text, [frame]);
    else fresh.push(frame);
  }

  /** A copy of a frame was found to be heard by more gateways, or to be earlier. */
  updateFrame(key: FrameRow, was: FoundFrame, now: FoundFrame): void {
    this.#write();
    const { devEui, fCnt, fPort, payloadHash } = key;
    const receptions = JSON.stringify(now.receptions);
    this.#sql.updateFrame.run(now.timeMs, now.timeSource, receptions, devEui, fCnt, fPort, payloadHash, was.timeMs, was.session);
  }

  /** Greatest times win, whatever the order in which they come. Written at `flush`. */
  heard({ deviceId, source, timeMs, receivedAtMs, receptions }: Heard): void {
    for (const [gateway, rssi, snr] of [ANY_WAY, ...receptions]) {
      const key = `${deviceId}|${gateway}`;
      const known = this.#heard.get(key);
      const latest = known === undefined || timeMs > known.timeMs || (timeMs === known.timeMs && (rssi ?? -999) > (known.rssi ?? -999));
      this.#heard.set(key, {
        device: deviceId,
        gateway,
        source: receivedAtMs >= (known?.receivedAtMs ?? receivedAtMs) ? source : (known?.source ?? source),
        timeMs: Math.max(timeMs, known?.timeMs ?? timeMs),
        receivedAtMs: Math.max(receivedAtMs, known?.receivedAtMs ?? receivedAtMs),
        rssi: latest ? rssi : known.rssi,
        snr: latest ? snr : known.snr,
      });
    }
    this.sourceHeard(source, receivedAtMs);
  }

  sourceHeard(source: string, receivedAtMs: number): void {
    this.#sources.set(source, Math.max(receivedAtMs, this.#sources.get(source) ?? receivedAtMs));
  }

  /** The last thing before a commit. */
  flush(): void {
    this.#write();
    for (const [devEui, sessions] of this.#unsaved)
      for (const s of sessions.values()) this.#sql.saveSession.run(devEui, s.number, s.sessionKey, s.startMs, s.joined ? 1 : 0, s.lastFCnt, s.lastTimeMs);
    for (const h of this.#heard.values()) this.#sql.heard.run(h.device, h.gateway, h.source, h.timeMs, h.receivedAtMs, h.rssi, h.snr);
    for (const [source, receivedAtMs] of this.#sources) this.#sql.sourceHeard.run(source, receivedAtMs);
    this.#unsaved.clear();
    this.#heard.clear();
    this.#sources.clear();
  }

  /** After a rollback: what was remembered may not be in the file. */
  forget(): void {
    this.#inserts.forget();
    this.#fresh.clear();
    this.#sessions.clear();
    this.#unsaved.clear();
    this.#heard.clear();
    this.#sources.clear();
  }

  #write(): void {
    this.#inserts.flush();
    this.#fresh.clear();
  }

  #remember(devEui: string, sessions: readonly SessionRow[]): void {
    if (this.#sessions.size >= CACHED_DEVICES_MAX && !this.#sessions.has(devEui)) {
      for (const known of this.#sessions.keys()) if (!this.#unsaved.has(known)) this.#sessions.delete(known);
    }
    this.#sessions.set(devEui, sessions);
  }
}

const textOf = ({ devEui, fCnt, fPort, payloadHash }: FrameRow): string => `${devEui}|${fCnt}|${fPort}|${payloadHash}`;

function prepare(db: DatabaseSync) {
  return {
    sessions: db.prepare(
      `SELECT number, session_key AS sessionKey, start_ms AS startMs, joined, last_f_cnt AS lastFCnt, last_time_ms AS lastTimeMs
       FROM session WHERE dev_eui = ? ORDER BY number DESC LIMIT ?`,
    ),
    saveSession: db.prepare(
      "INSERT OR REPLACE INTO session (dev_eui, number, session_key, start_ms, joined, last_f_cnt, last_time_ms) VALUES (?, ?, ?, ?, ?, ?, ?)",
    ),
    framesLike: db.prepare(
      `SELECT session, time_ms AS timeMs, time_source AS timeSource, uplink_seq AS uplinkSeq, receptions FROM frame
       WHERE dev_eui = ? AND f_cnt = ? AND f_port = ? AND payload_hash = ?`,
    ),
    updateFrame: db.prepare(
      `UPDATE OR REPLACE frame SET time_ms = ?, time_source = ?, receptions = ?
       WHERE dev_eui = ? AND f_cnt = ? AND f_port = ? AND payload_hash = ? AND time_ms = ? AND session = ?`,
    ),
    heard: db.prepare(
      `INSERT INTO device_heard (device, gateway, source, time_ms, received_ms, rssi, snr) VALUES (?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (device, gateway) DO UPDATE SET
         source = iif(excluded.received_ms >= received_ms, excluded.source, source),
         rssi = iif((excluded.time_ms, coalesce(excluded.rssi, -999)) >= (time_ms, coalesce(rssi, -999)), excluded.rssi, rssi),
         snr = iif((excluded.time_ms, coalesce(excluded.rssi, -999)) >= (time_ms, coalesce(rssi, -999)), excluded.snr, snr),
         time_ms = max(time_ms, excluded.time_ms), received_ms = max(received_ms, excluded.received_ms)`,
    ),
    sourceHeard: db.prepare(
      "INSERT INTO source_heard (source, received_ms) VALUES (?, ?) ON CONFLICT (source) DO UPDATE SET received_ms = max(received_ms, excluded.received_ms)",
    ),
  } satisfies Record<string, StatementSync>;
}
