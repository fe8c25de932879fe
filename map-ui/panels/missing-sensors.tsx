import { computed } from "@preact/signals-core";
import type { DeviceJson } from "../../core/domain/api.ts";
import type { DeviceState } from "../../core/domain/device-state.ts";
import { sensorsEn } from "../i18n/sensors-en.ts";
import { type SensorMessages, sensorsJa } from "../i18n/sensors-ja.ts";
import { ViewLink } from "../parts/link.tsx";
import { timeAgo, valueText } from "../state/format.ts";
import { type MissingGroup, missingGroups } from "../state/missing.ts";
import { noteText, silenceOf } from "../state/silence.ts";
import { clockMs, field, messages } from "../state/store.ts";
import { useSignal } from "../state/use-signal.ts";
import { Strangers } from "./strangers.tsx";

const OPEN_MAX = 5; // of a cause, without a tap: all causes are to be seen at one look
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
    <section data-cause={cause}>
      <h3 class="cards__title">
        {gateways.length > 0 ? t.ofGateways(gateways.join(m.lang === "ja" ? "、" : ", ")) : t.cause[cause]}
        {t.count(sensors.length)}
      </h3>
      <p class="missing__note">{silence === null ? t.unsaidNote : noteText(silence, m, "whole")}</p>
      {sensors.length <= OPEN_MAX ? (
        <Sensors sensors={sensors} t={t} />
      ) : (
        <details>
          <summary>{t.show(sensors.length)}</summary>
          <Sensors sensors={sensors} t={t} />
        </details>
      )}
    </section>
  );
}

function Sensors({ sensors, t }: { sensors: readonly DeviceJson[]; t: SensorMessages }) {
  return (
    <>
      <ul>
        {sensors.slice(0, SENSORS_MAX).map((sensor) => (
          <li key={sensor.id}>
            <Sensor sensor={sensor} t={t} />
          </li>
        ))}
      </ul>
      {sensors.length > SENSORS_MAX && <p>{t.more(sensors.length - SENSORS_MAX)}</p>}
    </>
  );
}

function Sensor({ sensor, t }: { sensor: DeviceJson; t: SensorMessages }) {
  const m = useSignal(messages);
  const now = useSignal(clockMs);
  const plot = useSignal(field).plots.find((p) => p.id === sensor.plotId);
  const seenAt = sensor.state?.lastSeenAt ?? sensor.lastReadingAt;
  const seenMs = silenceOf(sensor)?.sinceMs ?? (seenAt === null ? null : Date.parse(seenAt)); // of a channel: since that is missing
  const place = plot === undefined || sensor.name.includes(plot.properties.name) ? [] : [plot.properties.name];
  const row = (
    <>
      <span class="card__name">{sensor.name}</span>
      <span class="card__age">{seenMs === null ? t.never : timeAgo(seenMs, now, m)}</span>
      <span class="card__says">
        {[...place, ...conditionWords(sensor.state, t, m.none)].map((words) => (
          <span key={words}>{words} </span>
        ))}
      </span>
    </>
  );
  if (plot === undefined) return <div class="card card--sensor">{row}</div>;
  return (
    <ViewLink to={{ selected: { kind: "plot", id: plot.id } }} class="card card--sensor">
      {row}
    </ViewLink>
  );
}

/** Radio loss of the last day, battery, and how long it lasts: always all three, so that a column of them can be compared. */
function conditionWords(state: DeviceState | null, t: SensorMessages, none: string): string[] {
  const lossPct = state?.radio.lossPct ?? null;
  const { percent, voltageV, daysLeft } = state?.battery ?? { percent: null, voltageV: null, daysLeft: null };
  const battery = percent !== null ? `${valueText(percent, "%")} %` : voltageV !== null ? `${valueText(voltageV, "V")} V` : none;
  return [
    t.loss(lossPct === null ? none : `${valueText(lossPct, "%")} %`),
    t.battery(battery),
    daysLeft === null ? t.daysUnknown : t.daysLeft(Math.floor(daysLeft)),
  ];
}
