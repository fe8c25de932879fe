/** Where a tractor is that works a field in rows: up one, a half circle on the headland, down the next; at the last row all the way back. */
export interface WorkArea {
  readonly lengthM: number; // along the rows
  readonly widthM: number;
}
export interface FieldPoint {
  readonly alongM: number; // along the rows, from the field's corner
  readonly acrossM: number;
}

const HEADLAND_M = 6;
const ROW_M = 2.4; // eight rows of rice at 30 cm
const EDGE_M = 2;

/** A pure function of the distance driven: the same second gives the same place, also after a restart. */
export function placeAfter(area: WorkArea, drivenM: number): FieldPoint {
  const rows = Math.max(1, Math.floor((area.widthM - 2 * EDGE_M) / ROW_M) + 1);
  const rowM = Math.max(1, area.lengthM - 2 * HEADLAND_M);
  const turnM = (Math.PI * ROW_M) / 2;
  const legM = rowM + turnM;
  const wholeM = rows * rowM + (rows - 1) * turnM;
  const within = drivenM % (2 * wholeM);
  const at = within <= wholeM ? within : 2 * wholeM - within; // the way back is the way there
  const row = Math.min(rows - 1, Math.floor(at / legM));
  const inLegM = at - row * legM;
  const up = row % 2 === 0;
  const rowAcrossM = EDGE_M + row * ROW_M;
  if (inLegM <= rowM) return { alongM: HEADLAND_M + (up ? inLegM : rowM - inLegM), acrossM: rowAcrossM };
  const angle = ((inLegM - rowM) / turnM) * Math.PI;
  const bulgeM = (ROW_M / 2) * Math.sin(angle);
  return { alongM: up ? HEADLAND_M + rowM + bulgeM : HEADLAND_M - bulgeM, acrossM: rowAcrossM + (ROW_M / 2) * (1 - Math.cos(angle)) };
}
