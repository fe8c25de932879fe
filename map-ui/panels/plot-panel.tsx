import type { DeviceJson } from "../../core/domain/api.ts";
import type { WaterBandCm } from "../../core/domain/paddy-status.ts";
import { QUANTITIES, type Quantity } from "../../core/domain/quantity.ts";
import type { ReadingJson } from "../../core/domain/reading.ts";
import type { Messages } from "../i18n/ja.ts";
import { type Fact, Facts } from "../parts/facts.tsx";
import { Mark } from "../parts/mark.tsx";
import { PADDY_TONE } from "../parts/tones.ts";
import { timeAgo, unitText, valueText } from "../state/format.ts";
import { MARK_SHAPE, type Paddy, paddySentence } from "../state/paddies.ts";
import { freshness, readingsOfPlot } from "../state/plot-readings.ts";
import { isSameCause, silenceOf, silenceSentence } from "../state/silence.ts";
import { band, clockMs, field, me, messages, paddies } from "../state/store.ts";
import { useSignal } from "../state/use-signal.ts";
import { ChartSection } from "./chart-section.tsx";

export function PlotPanel({ id }: { id: string }) {
  const m = useSignal(messages);
  const now = useSignal(clockMs);
  const known = useSignal(field);
  const paddy = useSignal(paddies).find((p) => p.id === id);
  const plot = known.plots.find((p) => p.id === id);
  const target = useSignal(band);
  if (paddy === undefined || plot === undefined) return <h2>{id}</h2>;
  const device = paddy.deviceId === null ? undefined : known.devices.get(paddy.deviceId);
  return (
    <>
      <h2 class="panel__title">{paddy.name}</h2>
      <div class="level">
        <Mark shape={MARK_SHAPE[paddy.mark]} word={m.mark[paddy.mark]} tone={PADDY_TONE[paddy.mark]} size="line" />
        <LevelNow paddy={paddy} target={target} now={now} />
      </div>
      <p class="panel__sentence">{paddySentence(paddy, now, m, "whole")}</p>
      {paddy.suspect && <p>{m.paddy.suspect}</p>}
      <OtherReadings plotId={id} said={paddy} />
      {device && <ChartSection deviceId={device.id} />}
      <Facts rows={plotFacts(plot.properties, device, m)} />
    </>
  );
}

function LevelNow({ paddy, target, now }: { paddy: Paddy; target: WaterBandCm; now: number }) {
  const m = useSignal(messages);
  const age = paddy.timeMs === null ? null : timeAgo(paddy.timeMs, now, m);
  const value = paddy.levelCm === null ? null : valueText(paddy.levelCm, "cm");
  const known = paddy.mark !== "unknown" && value !== null;
  return (
    <div class="level__now">
      <p class="level__value">
        <span class="level__name">{m.plot.level}</span>
        <strong>{known ? value : m.none}</strong>
        {known && <span class="level__unit">cm</span>}
        {known && age !== null && <span class="level__age">{age}</span>}
      </p>
      {!known && value !== null && age !== null && <p>{m.paddy.lastKnown(`${value} cm`, age)}</p>}
      <BandGauge target={target} levelCm={known ? paddy.levelCm : null} />
      <p class="level__band">
        {m.plot.band(String(target.minCm), String(target.maxCm))} <small>{m.plot.bandNote}</small>
      </p>
    </div>
  );
}

/** Where the level stands against the target: a picture of the two lines of text beside it. */
function BandGauge({ target, levelCm }: { target: WaterBandCm; levelCm: number | null }) {
  const mostCm = Math.max(target.maxCm * 1.5, levelCm ?? 0) + 1;
  const x = (cm: number) => (Math.max(0, cm) / mostCm) * 300;
  return (
    <svg class="gauge" viewBox="0 0 300 26" preserveAspectRatio="none" aria-hidden="true" focusable="false">
      <rect class="gauge__scale" x="0" y="10" width="300" height="12" />
      <rect class="gauge__target" x={x(target.minCm)} y="10" width={x(target.maxCm) - x(target.minCm)} height="12" />
      {levelCm !== null && <path class="gauge__now" d={`M${x(levelCm)} 3v22`} />}
    </svg>
  );
}

const ABOVE: Quantity = "water.level"; // stands at the top of the panel
const STAFF_ONLY: ReadonlySet<Quantity> = new Set<Quantity>(["radio.snr", "water.distance"]);

/** `said`: what the sentence above has told already. */
function OtherReadings({ plotId, said }: { plotId: string; said: Paddy }) {
  const m = useSignal(messages);
  const now = useSignal(clockMs);
  const known = useSignal(field);
  const staff = useSignal(me)?.canSeeStaffPages === true;
  const order = Object.keys(QUANTITIES);
  const readings = readingsOfPlot(known, plotId)
    .filter((r) => r.quantity !== ABOVE && (staff || !STAFF_ONLY.has(r.quantity)))
    .sort((a, b) => order.indexOf(a.quantity) - order.indexOf(b.quantity) || (a.depthCm ?? 0) - (b.depthCm ?? 0));
  const devices = [...known.devices.values()].filter((d) => d.plotId === plotId);
  const silences = devices.flatMap((d) => {
    const silence = silenceOf(d);
    if (silence === null || (said.silence !== null && (d.id === said.deviceId || isSameCause(silence, said.silence)))) return [];
    const sentence = silenceSentence(silence, now, m, "whole");
    return [{ id: d.id, sentence: devices.length > 1 ? `${d.name}: ${sentence}` : sentence }];
  });
  if (readings.length === 0 && silences.length === 0) return null;
  return (
    <section>
      <h3>{m.plot.others}</h3>
      <ul class="readings">
        {readings.map((reading) => (
          <li key={`${reading.deviceId}|${reading.quantity}|${reading.depthCm}`} data-fresh={freshness(reading, known, now)}>
            <span class="readings__name">
              {m.quantity[reading.quantity]}
              {reading.depthCm !== null && <small> {m.depth(String(reading.depthCm))}</small>}
            </span>
            <span class="readings__value">
              <ReadingWords reading={reading} reader={staff ? "staff" : "farmer"} />
            </span>
            <span class="readings__age">{timeAgo(Date.parse(reading.time), now, m)}</span>
          </li>
        ))}
      </ul>
      {silences.map(({ id, sentence }) => (
        <p key={id} class="readings__silence">
          {sentence}
        </p>
      ))}
    </section>
  );
}

/** Battery and radio in words; staff see the number below. */
function ReadingWords({ reading: { quantity, value, unit }, reader }: { reading: ReadingJson; reader: "farmer" | "staff" }) {
  const m = useSignal(messages);
  if (value === null) return <>{m.none}</>;
  const number = `${valueText(value, unit)} ${unitText(unit, m)}`;
  const word = wordOf(quantity, value, m);
  if (word === null) return <>{number}</>;
  return (
    <>
      {word} {reader === "staff" && <small>{number}</small>}
    </>
  );
}

function wordOf(quantity: Quantity, value: number, m: Messages): string | null {
  if (quantity === "device.batteryPercent") return value >= 30 ? m.battery.good : value >= 10 ? m.battery.low : m.battery.replace;
  if (quantity === "radio.rssi") return value >= -105 ? m.radio.strong : value >= -115 ? m.radio.fair : m.radio.weak; // LoRa SF7 ends near -120 dBm
  return null;
}

interface PlotProperties {
  readonly holder: string | null;
  readonly crop: { readonly variety: string | null; readonly transplantedOn: string | null; readonly headedOn: string | null } | null;
}

function plotFacts({ holder, crop }: PlotProperties, device: DeviceJson | undefined, m: Messages): Fact[] {
  const rows: Fact[] = [];
  const add = (name: string, value: string | null | undefined) => {
    if (value) rows.push({ name, value });
  };
  add(m.plot.holder, holder);
  add(m.plot.variety, crop?.variety);
  add(m.plot.transplanted, crop?.transplantedOn);
  add(m.plot.headed, crop?.headedOn);
  const daysLeft = device?.state?.battery.daysLeft ?? null;
  if (daysLeft !== null) rows.push({ name: m.plot.batteryLeft, value: m.plot.days(Math.floor(daysLeft)) });
  if (device) rows.push({ name: m.plot.device("").trim(), value: `${device.name} (${device.profile})` });
  return rows;
}
