import type { DeviceState } from "../../core/domain/device-state.ts";
import type { Quantity } from "../../core/domain/quantity.ts";
import type { Device } from "../../core/domain/site.ts";
import { deviceKeyName } from "../../core/domain/uplink.ts";
import { daysLeft, EMPTY_PERCENT, emptyVoltage } from "./battery-life.ts";
import { type FrameLoss, frameLoss } from "./frame-loss.ts";

export interface DetailsStore {
  /** Frames with a counter since `fromMs`, in order of event time. `name`: see `deviceKeyName`. */
  frames(name: string, fromMs: number): readonly { fCnt: number }[];
  /** The newest good value of a quantity, and its daily means since `fromDay`; null = none. */
  battery(device: string, quantity: Quantity, fromDay: number): { value: number; timeMs: number; days: readonly { day: number; mean: number }[] } | null;
}

/** What costs a look at the disk: frames lost in the last 24 h, and the battery. */
export interface Details {
  readonly loss: FrameLoss;
  readonly battery: DeviceState["battery"];
  readonly atMs: number; // when it was looked up
}

export const NO_DETAILS: Details = {
  loss: { received: 0, lost: 0, lossPct: null },
  battery: { voltageV: null, percent: null, at: null, daysLeft: null },
  atMs: Number.NEGATIVE_INFINITY,
};

const DAY_MS = 86_400_000;
const BATTERY_DAYS = 60;

export function detailsOf(store: DetailsStore, device: Device, nowMs: number): Details {
  const { devEui, sigfoxId } = device;
  const key = devEui !== null ? ({ kind: "devEui", devEui } as const) : sigfoxId !== null ? ({ kind: "sigfox", sigfoxId } as const) : null;
  const loss = frameLoss(key === null ? [] : store.frames(deviceKeyName(key), nowMs - DAY_MS));
  const fromDay = Math.floor(nowMs / DAY_MS) - BATTERY_DAYS;
  const voltage = store.battery(device.id, "device.batteryVoltage", fromDay);
  const percent = store.battery(device.id, "device.batteryPercent", fromDay);
  const emptyV = voltage === null ? null : emptyVoltage(Math.max(voltage.value, ...voltage.days.map((d) => d.mean)));
  const left = [
    voltage === null || emptyV === null ? null : daysLeft(voltage.days, emptyV),
    percent === null ? null : daysLeft(percent.days, EMPTY_PERCENT),
  ].filter((days) => days !== null);
  const atMs = Math.max(voltage?.timeMs ?? Number.NEGATIVE_INFINITY, percent?.timeMs ?? Number.NEGATIVE_INFINITY);
  return {
    loss,
    battery: {
      voltageV: voltage?.value ?? null,
      percent: percent?.value ?? null,
      at: atMs === Number.NEGATIVE_INFINITY ? null : new Date(atMs).toISOString(),
      daysLeft: left.length === 0 ? null : Math.min(...left),
    },
    atMs: nowMs,
  };
}

/** Whether two looks found the same, whenever they were. */
export function sameDetails(a: Details, b: Details): boolean {
  const lossSame = a.loss.received === b.loss.received && a.loss.lost === b.loss.lost;
  const { voltageV, percent, at, daysLeft: days } = a.battery;
  return lossSame && voltageV === b.battery.voltageV && percent === b.battery.percent && at === b.battery.at && days === b.battery.daysLeft;
}
