import { QUANTITIES } from "../../core/domain/quantity.ts";
import type { QualityFlag, Reading } from "../../core/domain/reading.ts";

export const T0_MS = Date.UTC(2026, 5, 1, 0, 0, 0);

type Given = Partial<Omit<Reading, "quality" | "unit">> & { readonly flag?: QualityFlag };

/** A good water level of the device `kita-3-level` at T0, but for what is given. */
export function makeReading({ flag = 1, ...given }: Given = {}): Reading {
  const quantity = given.quantity ?? "water.level";
  const timeMs = given.timeMs ?? T0_MS;
  return {
    deviceId: "kita-3-level",
    plotId: "kita-3",
    depthCm: null,
    value: 4.5,
    receivedAtMs: timeMs + 1500,
    timeSource: "gateway",
    codec: { id: "dragino-ldds75", sha256: "00ff" },
    ...given,
    timeMs,
    quantity,
    unit: QUANTITIES[quantity].unit,
    quality: { flag, reasons: [] },
  };
}
