import type { RtcmMessage } from "rtcm-parser";
import type { Navigation } from "./physical-constants.ts";

/** Broadcast orbit of GPS, QZSS, Galileo or BeiDou; angles in radians, times in seconds of the system's own week. */
export interface KeplerEphemeris {
  readonly kind: "kepler";
  readonly constellation: Exclude<Navigation, "GLONASS">;
  readonly satelliteId: number;
  /** Galileo has two: I/NAV (1046) and F/NAV (1045), whose clocks differ. */
  readonly message: "1019" | "1042" | "1044" | "1045" | "1046";
  readonly healthy: boolean;
  readonly referenceS: number; // toe
  readonly clockReferenceS: number; // toc
  readonly issue: number; // IODE, IODnav, AODE
  readonly clock: readonly [af0S: number, af1SPerS: number, af2SPerS2: number];
  readonly sqrtA: number; // √m
  readonly eccentricity: number;
  readonly m0Rad: number;
  readonly deltaNRadPerS: number;
  readonly omega0Rad: number;
  readonly omegaDotRadPerS: number;
  readonly i0Rad: number;
  readonly idotRadPerS: number;
  readonly omegaRad: number;
  readonly cucRad: number;
  readonly cusRad: number;
  readonly cicRad: number;
  readonly cisRad: number;
  readonly crcM: number;
  readonly crsM: number;
  /** TGD; BGD E5b/E1 (I/NAV) or E5a/E1 (F/NAV); TGD1, TGD2 of BeiDou. */
  readonly groupDelaysS: readonly [first: number, second: number];
}

/** Broadcast state vector of GLONASS in PZ-90, at `referenceS` of the day in UTC + 3 h. */
export interface GlonassEphemeris {
  readonly kind: "glonass";
  readonly constellation: "GLONASS";
  readonly satelliteId: number;
  readonly message: "1020";
  readonly healthy: boolean;
  readonly referenceS: number; // tb
  readonly issue: number;
  readonly frequencyChannel: number;
  readonly positionM: readonly [number, number, number];
  readonly velocityMps: readonly [number, number, number];
  readonly accelerationMps2: readonly [number, number, number];
  readonly tauNS: number;
  readonly gammaN: number;
}

export type Ephemeris = KeplerEphemeris | GlonassEphemeris;

/** A broadcast ephemeris out of its message (1019, 1020, 1042, 1044, 1045, 1046); null for every other message. */
export function ephemerisOf(message: RtcmMessage): Ephemeris | null {
  switch (message.kind) {
    case "1019":
      return kepler(message, { constellation: "GPS", healthy: message.health === 0, issue: message.iode, groupDelaysS: [message.tgdS, 0] });
    case "1044":
      // The lowest bit of QZSS health speaks of its experimental signal, not of L1 (IS-QZSS-PNT).
      return kepler(message, { constellation: "QZSS", healthy: (message.health & 0x3e) === 0, issue: message.iode, groupDelaysS: [message.tgdS, 0] });
    case "1045":
      return kepler(message, {
        ...{ constellation: "GALILEO", issue: message.iodNav, groupDelaysS: [message.bgdE5aE1S, 0] },
        healthy: message.e5aHealth === 0 && message.e5aDvs === 0,
      });
    case "1046":
      return kepler(message, {
        ...{ constellation: "GALILEO", issue: message.iodNav, groupDelaysS: [message.bgdE5bE1S, message.bgdE5aE1S] },
        healthy: message.e1bHealth === 0 && message.e1bDvs === 0,
      });
    case "1042":
      return kepler(
        { ...message, af0S: message.a0S, af1SPerS: message.a1SPerS, af2SPerS2: message.a2SPerS2 },
        { constellation: "BEIDOU", healthy: message.health === 0, issue: message.aode, groupDelaysS: [message.tgd1Ns * 1e-9, message.tgd2Ns * 1e-9] },
      );
    case "1020":
      return glonass(message);
    default:
      return null;
  }
}

interface KeplerMessage {
  readonly kind: KeplerEphemeris["message"];
  readonly satelliteId: number;
  readonly toeS: number;
  readonly tocS: number;
  readonly af0S: number;
  readonly af1SPerS: number;
  readonly af2SPerS2: number;
  readonly sqrtA: number;
  readonly e: number;
  readonly m0Sc: number;
  readonly deltaNScPerS: number;
  readonly omega0Sc: number;
  readonly omegaDotScPerS: number;
  readonly i0Sc: number;
  readonly idotScPerS: number;
  readonly omegaSc: number;
  readonly cucRad: number;
  readonly cusRad: number;
  readonly cicRad: number;
  readonly cisRad: number;
  readonly crcM: number;
  readonly crsM: number;
}

type OfSystem = Pick<KeplerEphemeris, "constellation" | "healthy" | "issue" | "groupDelaysS">;

function kepler(message: KeplerMessage, { constellation, healthy, issue, groupDelaysS }: OfSystem): KeplerEphemeris {
  return {
    kind: "kepler",
    constellation,
    satelliteId: message.satelliteId,
    message: message.kind,
    healthy,
    referenceS: message.toeS,
    clockReferenceS: message.tocS,
    issue,
    clock: [message.af0S, message.af1SPerS, message.af2SPerS2],
    sqrtA: message.sqrtA,
    eccentricity: message.e,
    m0Rad: message.m0Sc * Math.PI,
    deltaNRadPerS: message.deltaNScPerS * Math.PI,
    omega0Rad: message.omega0Sc * Math.PI,
    omegaDotRadPerS: message.omegaDotScPerS * Math.PI,
    i0Rad: message.i0Sc * Math.PI,
    idotRadPerS: message.idotScPerS * Math.PI,
    omegaRad: message.omegaSc * Math.PI,
    cucRad: message.cucRad,
    cusRad: message.cusRad,
    cicRad: message.cicRad,
    cisRad: message.cisRad,
    crcM: message.crcM,
    crsM: message.crsM,
    groupDelaysS,
  };
}

function glonass(message: RtcmMessage & { readonly kind: "1020" }): GlonassEphemeris {
  const m = (km: number): number => km * 1000;
  return {
    kind: "glonass",
    constellation: "GLONASS",
    satelliteId: message.satelliteId,
    message: "1020",
    healthy: message.bnMsb === 0 && message.ln3 === 0,
    referenceS: message.tbS,
    issue: message.tbS,
    frequencyChannel: message.frequencyChannel,
    positionM: [m(message.xKm), m(message.yKm), m(message.zKm)],
    velocityMps: [m(message.vxKmPerS), m(message.vyKmPerS), m(message.vzKmPerS)],
    accelerationMps2: [m(message.axKmPerS2), m(message.ayKmPerS2), m(message.azKmPerS2)],
    tauNS: message.tauNS,
    gammaN: message.gammaN,
  };
}
