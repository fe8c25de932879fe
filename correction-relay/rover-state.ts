import { ecefToLatLon, latLonToEcef } from "rtcm-parser";
import type { BaseHealth, RoverState } from "../core/domain/live.ts";
import type { Gga } from "../core/wire/nmea-gga.ts";

/** A GGA and when it was heard. */
export interface HeardGga {
  readonly gga: Gga;
  readonly atMs: number;
}

/** What the mount knows of a rover's session. */
export interface ServedBy {
  readonly mount: string;
  readonly baseId: string | null;
  readonly sim: boolean;
  readonly antenna: BaseHealth["antenna"];
  readonly nowMs: number;
}

/** What the session itself knows. */
export interface SessionFacts {
  readonly roverId: string;
  readonly agent: string | null;
  readonly connectedAtMs: number;
  readonly sentBytes: number;
  readonly skippedEpochs: number;
  readonly lastEpochAtMs: number | null; // arrival of the last epoch sent
  readonly lastGga: HeardGga | null;
}

/** What is shown of a rover that is connected. */
export function connectedRover({ mount, baseId, sim, antenna, nowMs }: ServedBy, session: SessionFacts): RoverState {
  const { roverId, agent, connectedAtMs, sentBytes, skippedEpochs, lastEpochAtMs, lastGga } = session;
  const position = lastGga?.gga.position ?? null;
  return {
    roverId,
    at: iso(nowMs),
    state: "connected",
    sim,
    mount,
    baseId,
    agent,
    connectedSince: iso(connectedAtMs),
    sentBytes,
    skippedEpochs,
    correctionAgeS: lastEpochAtMs === null ? null : (nowMs - lastEpochAtMs) / 1000,
    position: position === null || lastGga === null ? null : { ...position, at: iso(lastGga.atMs) },
    fix: lastGga?.gga.fix ?? "unknown",
    satellites: lastGga?.gga.satellites ?? null,
    hdop: lastGga?.gga.hdop ?? null,
    ggaAgeS: lastGga?.gga.ageS ?? null,
    baselineKm: position === null || antenna === null ? null : baselineKm(position, antenna),
  };
}

/** What is shown of a rover that is not there. */
export function absentRover(roverId: string, nowMs: number, last: RoverState | null): RoverState {
  return {
    ...(last ?? NEVER_SEEN),
    roverId,
    at: iso(nowMs),
    state: "disconnected",
    connectedSince: null,
    correctionAgeS: null,
  };
}

const NEVER_SEEN: Omit<RoverState, "roverId" | "at"> = {
  state: "disconnected",
  sim: false,
  mount: null,
  baseId: null,
  agent: null,
  connectedSince: null,
  sentBytes: 0,
  skippedEpochs: 0,
  correctionAgeS: null,
  position: null,
  fix: "unknown",
  satellites: null,
  hdop: null,
  ggaAgeS: null,
  baselineKm: null,
};

/** Straight line to the ARP; a rover without height is taken to stand as high as the base. */
function baselineKm(rover: { latDeg: number; lonDeg: number; heightM: number | null }, { x, y, z }: NonNullable<BaseHealth["antenna"]>): number {
  const heightM = rover.heightM ?? ecefToLatLon({ xM: x, yM: y, zM: z }).heightM;
  const { xM, yM, zM } = latLonToEcef({ latDeg: rover.latDeg, lonDeg: rover.lonDeg, heightM });
  return Math.round(Math.hypot(xM - x, yM - y, zM - z)) / 1000;
}

const iso = (ms: number): string => new Date(ms).toISOString();
