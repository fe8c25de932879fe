import { isQuantity, type Quantity } from "../domain/quantity.ts";

/** Deeper than any soil probe of a field. */
const MAX_DEPTH_CM = 1000;
const QUANTITY_IN_NAME = /(?:^|[/:])([a-z]+\.[A-Za-z]+)(?::(\d{1,4}(?:\.\d{1,3})?))?$/;

export interface QuantityName {
  readonly quantity: Quantity;
  readonly depthCm: number | null;
}

/**
 * What a name measures, by its end: `water.level`, `soil.moisture:10` (10 cm deep), `urn:dev:mac:0024befffe804ff1/air.temperature`.
 * Null where that is no quantity of DESIGN.md §6.
 */
export function quantityOfName(name: string): QuantityName | null {
  const m = QUANTITY_IN_NAME.exec(name);
  const quantity = m?.[1];
  if (quantity === undefined || !isQuantity(quantity)) return null;
  const depthCm = m?.[2] === undefined ? null : Number(m[2]);
  return depthCm !== null && depthCm > MAX_DEPTH_CM ? null : { quantity, depthCm };
}
