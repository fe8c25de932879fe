import { QUANTITIES, type Quantity } from "../../core/domain/quantity.ts";
import type { CodecVersion } from "./gate.ts";
import { ValueMapper } from "./map-values.ts";
import type { Sandbox } from "./sandbox.ts";
import type { ScriptFrame } from "./sandbox-protocol.ts";
import { readScriptResult } from "./script-result.ts";

/** What a codec makes of one frame, with the readings that it would give. */
export interface CodecTrial {
  readonly data: unknown; // null: none
  readonly warnings: readonly string[];
  readonly errors: readonly string[];
  readonly readings: readonly {
    readonly quantity: Quantity;
    readonly value: number | null;
    readonly unit: string;
    readonly depthCm: number | null;
    readonly time: string | null; // RFC 3339 UTC with ms; null: the frame's
  }[];
}

export function tryCodec(codec: CodecVersion, sandbox: Pick<Sandbox, "run">, frame: ScriptFrame): CodecTrial {
  const result = readScriptResult(sandbox.run(codec, frame));
  if (result.errors.length > 0) return { data: result.data, warnings: result.warnings, errors: result.errors, readings: [] };
  const mapped = new ValueMapper(codec.mapping).map(result);
  return {
    data: result.data,
    warnings: [...result.warnings, ...mapped.warnings],
    errors: mapped.error === null ? [] : [mapped.error],
    readings: mapped.values.map(({ quantity, value, depthCm, timeMs }) => ({
      quantity,
      value,
      unit: QUANTITIES[quantity].unit,
      depthCm,
      time: timeMs === null ? null : new Date(timeMs).toISOString(),
    })),
  };
}
