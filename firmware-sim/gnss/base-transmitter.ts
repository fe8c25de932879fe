import { encodeMessage, epochAtUnixMs, type Geodetic, latLonToEcef, type MessageToSend, msmFromObservations, type Observation } from "rtcm-parser";
import { observationsOf, skyAt } from "./observations.ts";
import { SIMULATED } from "./orbits.ts";

/** Stands in the text message and in the receiver's name of every simulated base: the demo can never be taken for the field. */
export const WARNING = "SIMULATED DO NOT STEER";

export interface BaseStation {
  readonly stationId: number;
  readonly antenna: Geodetic;
}

const STATION_EVERY_S = 5; // 1006
const DESCRIPTION_EVERY_S = 10; // 1033, 1230
const TEXT_EVERY_S = 30; // 1029
const GLONASS_ALL_BIASES = 15; // DF422: L1 C/A, L1 P, L2 C/A, L2 P
const MJD_OF_UNIX_EPOCH = 40_587;

/** What a base sends, epoch by epoch. Remembers since when each satellite is in lock; knows no network and no clock. */
export class BaseTransmitter {
  readonly #station: BaseStation;
  readonly #lockedSinceMs = new Map<string, number>(); // visible satellites only, thus bounded
  #epochs = 0;

  constructor(station: BaseStation) {
    this.#station = station;
  }

  /** A new connection: the next epoch brings the station's description again. */
  restart(): void {
    this.#epochs = 0;
  }

  /** Frames of the epoch at a whole second. The first epoch brings the station's description, too. */
  framesAt(unixMs: number): Uint8Array[] {
    const nth = this.#epochs;
    this.#epochs += 1;
    const station = [
      ...(nth % STATION_EVERY_S === 0 ? [this.#position()] : []),
      ...(nth % DESCRIPTION_EVERY_S === 0 ? [this.#description(), this.#glonassBiases()] : []),
      ...(nth % TEXT_EVERY_S === 0 ? [this.#text(unixMs)] : []),
    ];
    return [...station, ...this.#observations(unixMs)].map(encodeMessage);
  }

  #observations(unixMs: number): MessageToSend[] {
    const { stationId, antenna } = this.#station;
    const sky = skyAt(antenna, unixMs);
    const keys = new Set(sky.map((sat) => `${sat.constellation} ${sat.id}`));
    for (const key of this.#lockedSinceMs.keys()) if (!keys.has(key)) this.#lockedSinceMs.delete(key);
    for (const key of keys) if (!this.#lockedSinceMs.has(key)) this.#lockedSinceMs.set(key, unixMs);

    const seen = SIMULATED.map((constellation) => {
      const observations = sky
        .filter((sat) => sat.constellation === constellation)
        .flatMap((sat): Observation[] => {
          const lockMs = unixMs - (this.#lockedSinceMs.get(`${constellation} ${sat.id}`) ?? unixMs);
          return observationsOf(sat, { unixMs, lockMs, station: stationId });
        });
      return { constellation, observations };
    }).filter(({ observations }) => observations.length > 0);
    return seen.map(({ constellation, observations }, i) =>
      // DF393: 1 = another MSM of this epoch follows
      msmFromObservations({ constellation, msm: 7, stationId, ...epochAtUnixMs(constellation, unixMs), multipleMessage: i < seen.length - 1 }, observations),
    );
  }

  #position(): MessageToSend {
    const flags = { itrfYear: 0, gps: true, glonass: true, galileo: true, nonPhysical: false, singleOscillator: true, quarterCycle: 0, antennaHeightM: 0 };
    return { kind: "1006", stationId: this.#station.stationId, ...flags, ...latLonToEcef(this.#station.antenna) };
  }

  #description(): MessageToSend {
    const antenna = { antenna: "ADVNULLANTENNA".padEnd(20), setupId: 0, antennaSerial: "" };
    return { kind: "1033", stationId: this.#station.stationId, ...antenna, receiver: WARNING, firmware: "Azemichi simulator", receiverSerial: "" };
  }

  #glonassBiases(): MessageToSend {
    const biases = { l1CaBiasM: 0, l1PBiasM: 0, l2CaBiasM: 0, l2PBiasM: 0 };
    return { kind: "1230", stationId: this.#station.stationId, biasIndicator: 1, signalMask: GLONASS_ALL_BIASES, ...biases };
  }

  #text(unixMs: number): MessageToSend {
    const s = Math.floor(unixMs / 1000);
    return { kind: "1029", stationId: this.#station.stationId, mjd: MJD_OF_UNIX_EPOCH + Math.floor(s / 86_400), secondOfDay: s % 86_400, text: WARNING };
  }
}
