import type { CodecTable, PortFrame, Row } from "./codec-table.ts";

const PROBE_ABSENT = [{ raw: 0x7fff, reason: "sentinel" }] as const; // 327.67 °C
const DS18B20 = { channel: "ds18b20", unit: "Cel" } as const;
const TMP117 = { channel: "tmp117", unit: "Cel" } as const;

/** 0 ultra low (at most 2.50 V), 1 low (at most 2.55 V), 2 OK, 3 good. The manual says nothing of what is measured then. */
const batteryStatus: Row = {
  field: "Bat_status",
  bits: 2,
  doubts: [{ equals: [0, 1], reason: "battery-low", about: ["device.batteryVoltage"] }],
};
const batteryVoltage: Row = { field: "BatV", bits: 14, per: 1000, gives: { quantity: "device.batteryVoltage" } };
const airTemperature: Row = { field: "TempC_SHT", bits: 16, signed: true, per: 100, missing: PROBE_ABSENT, gives: { quantity: "air.temperature" } };
const airHumidity: Row = { field: "Hum_SHT", bits: 12, per: 10, missing: [{ raw: 0xfff, reason: "sentinel" }], gives: { quantity: "air.humidity" } };
const probe: Row = { field: "TempC_DS", bits: 16, signed: true, per: 100, missing: PROBE_ABSENT, gives: DS18B20 };
const reserved = (bits: number): Row => ({ field: null, bits });
/** The byte that says what the external connector holds (low four bits), and whether the frame is live (the high ones). */
const extByte = reserved(8);
const systemTime: Row = { field: "Systimestamp", bits: 32, unixSeconds: true };

const builtIn = [batteryStatus, batteryVoltage, airTemperature, reserved(4), airHumidity, extByte] as const;
const EXT_AT = 6;
const LIVE = { byteAt: EXT_AT, mask: 0xcf } as const; // neither a polled nor a retransmitted record

/** A live frame whose external value (four bytes) reads as `rows`. */
function live(ext: number, name: string, rows: readonly Row[]): PortFrame {
  return { fPort: 2, when: [{ ...LIVE, equals: ext }], constants: { Ext_sensor: name }, rows: [...builtIn, ...rows] };
}

/** Records from the device's own memory, polled (0x40) or sent again after a missing acknowledgement (0x80), each with its time. */
function stored(flag: 0x40 | 0x80, ext: number, value: Row): PortFrame {
  const rows = [value, airTemperature, reserved(4), airHumidity, extByte, systemTime];
  return { fPort: 2, when: [{ byteAt: EXT_AT, mask: flag | 0x0f, equals: flag | ext }], rows, records: "one-or-more" };
}

/**
 * Air temperature and humidity, and what hangs on the connector. Older firmware raises 0x80 for a probe that came off, and sends 0x7FFF in its
 * place: told from a stored record by that value, which as a time would be in 2038.
 */
export const draginoLht65n: CodecTable = {
  id: "dragino-lht65n",
  source: "LHT65N user manual §2.4, §2.6.5; vector: chirpstack-device-profiles vendors/dragino",
  levelFrom: null,
  framing: {
    kind: "ports",
    frames: [
      live(0x0, "No external sensor", [reserved(32)]),
      live(0x1, "Temperature Sensor", [probe, reserved(16)]),
      live(0x2, "Temperature Sensor", [{ ...probe, field: "TempC_TMP117", gives: TMP117 }, reserved(16)]),
      live(0x5, "Illumination Sensor", [{ field: "ILL_lx", bits: 16 }, reserved(16)]),
      live(0x6, "ADC Sensor", [{ field: "ADC_V", bits: 16, per: 1000 }, reserved(16)]),
      live(0x7, "Interrupt Sensor count", [{ field: "Exit_count", bits: 16 }, reserved(16)]),
      live(0x8, "Interrupt Sensor count", [{ field: "Exit_count", bits: 32 }]),
      {
        fPort: 2,
        when: [{ ...LIVE, equals: 0x9 }],
        constants: { Ext_sensor: "DS18B20 & timestamp" },
        rows: [probe, airTemperature, batteryStatus, reserved(2), airHumidity, extByte, systemTime],
      },
      {
        fPort: 2,
        when: [
          { byteAt: EXT_AT, mask: 0xcf, equals: 0x81 },
          { byteAt: 7, mask: 0xff, equals: 0x7f },
        ],
        constants: { Ext_sensor: "Temperature Sensor", No_connect: "Sensor no connection" },
        rows: [...builtIn, probe, reserved(16)],
      },
      stored(0x40, 0x0, reserved(16)),
      stored(0x80, 0x0, reserved(16)),
      stored(0x40, 0x1, probe),
      stored(0x80, 0x1, probe),
      stored(0x40, 0x9, probe),
      stored(0x80, 0x9, probe),
      {
        fPort: 5, // what it is, after a join or on request
        rows: [
          { field: "SENSOR_MODEL", bits: 8 },
          { field: "FIRMWARE_VERSION", bits: 16 },
          { field: "FREQUENCY_BAND", bits: 8 },
          { field: "SUB_BAND", bits: 8 },
          { field: "BAT", bits: 16, per: 1000, gives: { quantity: "device.batteryVoltage" } },
        ],
      },
    ],
  },
};
