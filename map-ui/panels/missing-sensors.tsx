import { computed } from "@preact/signals-core";
import type { DeviceJson } from "../../core/domain/api.ts";
import type { DeviceState } from "../../core/domain/device-state.ts";
import { sensorsEn } from "../i18n/sensors-en.ts";
import { type SensorMessages, sensorsJa } from "../i18n/sensors-ja.ts";
import { ViewLink } from "../parts/link.tsx";
import { timeAgo, valueText } from "../state/format.ts";
import { type MissingGroup, missingGroups } from "../state/missing.ts";
import { noteText } from "../state/silence.ts";
import { clockMs, field, messages } from "../state/store.ts";
import { useSignal } from "../state/use-signal.ts";
import { Strangers } from "./strangers.tsx";

const SENSORS_MAX = 50; // of a cause: behind a dead network the cause matters, not the thousandth sensor

const sensorMessages = computed<SensorMessages>(() => (messages.value.lang === "en" ? sensorsEn : sensorsJa));
const missing = computed(() => missingGroups(field.value, clockMs.value));

/** For staff: which sensors are missing and what to look at, most sensors for one look first; and who is not registered. */
export function MissingSensors() {
  const t = useSignal(sensorMessages);
  const groups = useSignal(missing);
  const all = useSignal(field).devices.size;
  const count = groups.reduce((sum, { sensors }) => sum + sensors.length, 0);
  return (
    <section class="missing cards" data-missing={count > 0 ? "some" : "none"}>
      <h2 class="missing__title">{count > 0 ? t.title(count, all) : all > 0 ? t.allHere(all) : t.noSensors}</h2>
      {groups.map((group) => (
        <Group key={group.key} group={group} t={t} />
      ))}
      <Strangers t={t} />
    </section>
  );
}

function Group({ group, t }: { group: MissingGroup; t: SensorMessages }) {
  const m = useSignal(messages);
  const { cause, gateways, silence, sensors } = group;
  return (
    <section>
      <h3 class="cards__title">
        {gateways.length > 0 ? t.ofGateways(gateways.join(m.lang === "ja" ? "、" : ", ")) : t.cause[cause]} <span>{t.count(sensors.length)}</span>
      </h3>
      <p class="missing__note">{silence === null ? t.unsaidNote : noteText(silence, m, "whole")}</p>
      <ul>
        {sensors.slice(0, SENSORS_MAX).map((sensor) => (
          <li key={sensor.id}>
            <Sensor sensor={sensor} t={t} />
          </li>
        ))}
      </ul>
      {sensors.length > SENSORS_MAX && <p>{t.more(sensors.length - SENSORS_MAX)}</p>}
    </section>
  );
}

function Sensor({ sensor, t }: { sensor: DeviceJson; t: SensorMessages }) {
  const m = useSignal(messages);
  const now = useSignal(clockMs);
  const plot = useSignal(field).plots.find((p) => p.id === sensor.plotId);
  const seenAt = sensor.state?.lastSeenAt ?? sensor.lastReadingAt;
  const says = [plot?.properties.name, lossWords(sensor.state, t, m.none), batteryWords(sensor.state, t, m.none)];
  const row = (
    <>
      <span class="card__name">{sensor.name}</span>
      <span class="card__age">{seenAt === null ? t.never : timeAgo(Date.parse(seenAt), now, m)}</span>
      <span class="card__says">{says.filter((part) => part !== undefined).join(t.between)}</span>
    </>
  );
  if (plot === undefined) return <div class="card card--sensor">{row}</div>;
  return (
    <ViewLink to={{ selected: { kind: "plot", id: plot.id } }} class="card card--sensor">
      {row}
    </ViewLink>
  );
}

function lossWords(state: DeviceState | null, t: SensorMessages, none: string): string {
  const pct = state?.radio.lossPct ?? null;
  return t.loss(pct === null ? none : `${valueText(pct, "%")} %`);
}

function batteryWords(state: DeviceState | null, t: SensorMessages, none: string): string {
  const { percent, voltageV, daysLeft } = state?.battery ?? { percent: null, voltageV: null, daysLeft: null };
  if (percent === null && voltageV === null) return t.battery(none);
  const value = percent === null ? `${valueText(voltageV ?? 0, "V")} V` : `${valueText(percent, "%")} %`;
  return `${t.battery(value)}(${daysLeft === null ? t.daysUnknown : t.daysLeft(Math.floor(daysLeft))})`;
}
