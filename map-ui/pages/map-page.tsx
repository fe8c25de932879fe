import { effect } from "@preact/signals-core";
import { useEffect, useRef, useState } from "preact/hooks";
import type { ConfigJson } from "../../core/domain/api.ts";
import { type FieldMap, type MapPosition, openFieldMap } from "../map/field-map.ts";
import { Icon } from "../parts/icons.tsx";
import { Legend } from "../parts/legend.tsx";
import { mapMarkers, plotLooks } from "../state/map-looks.ts";
import { config, field, messages } from "../state/store.ts";
import { useSignal } from "../state/use-signal.ts";
import { navigate, type Selected, sameSelected, view } from "../state/view.ts";

const BLANK: ConfigJson["baseMaps"][number] = { id: "blank", url: null, maxNativeZoom: null, creditText: null, creditUrl: null };
const remembered = { position: null as MapPosition | null }; // to come back to when the tab is opened again

/** The map and what stands on it. Leaflet lives outside the virtual DOM: effects hand it what changed. */
export function MapPane() {
  const m = useSignal(messages);
  const shown = useSignal(view);
  const grounds = useSignal(config)?.baseMaps ?? [];
  const [dropped, setDropped] = useState(0);
  const container = useRef<HTMLElement>(null);
  const map = useRef<FieldMap | null>(null);
  const ground = grounds.find((g) => g.id === shown.ground) ?? grounds.find((g) => g.url === null) ?? BLANK;

  useEffect(() => {
    if (container.current === null) return;
    const opened = openFieldMap(container.current, {
      onSelect: (selected) => navigate({ selected }, "push"),
      motion: matchMedia("(prefers-reduced-motion: reduce)").matches ? "reduced" : "full",
      position: remembered.position,
    });
    map.current = opened;
    let reached: Selected | null = null; // what the map has flown to
    const follow = (next: Selected | null) => {
      if (!sameSelected(next, reached)) reached = next !== null && opened.flyTo(next) ? next : null;
    };
    const ends = [
      effect(() => {
        opened.setMarkers(mapMarkers.value);
        opened.setPlots(field.value.plots);
        setDropped(opened.dropped);
        follow(view.peek().selected); // a link to a plot may come before the plots
      }),
      effect(() => opened.patch(plotLooks.value)),
      effect(() => {
        const { selected } = view.value;
        opened.select(selected);
        follow(selected);
      }),
    ];
    return () => {
      for (const end of ends) end();
      remembered.position = opened.position();
      opened.remove();
      map.current = null;
    };
  }, []);
  useEffect(() => map.current?.setBase(ground), [ground]);

  return (
    <div class="map-pane">
      <a class="skip" href="#after-map">
        {m.map.skip}
      </a>
      <section ref={container} class="map" aria-label={m.map.label} />
      <div class="map-tools">
        <button type="button" class="map-button" onClick={() => map.current?.zoomBy(1)}>
          <Icon name="plus" />
          {m.map.zoomIn}
        </button>
        <button type="button" class="map-button" onClick={() => map.current?.zoomBy(-1)}>
          <Icon name="minus" />
          {m.map.zoomOut}
        </button>
        <button type="button" class="map-button" onClick={() => map.current?.fit()}>
          <Icon name="fit" />
          {m.map.fit}
        </button>
      </div>
      {dropped > 0 && <p class="map-note">{m.map.dropped(dropped)}</p>}
      <div class="map-foot">
        <Legend />
        <GroundChoice grounds={grounds} chosen={ground.id} />
        {ground.creditText !== null && (
          <p class="map-credit">
            {ground.creditUrl === null ? (
              ground.creditText
            ) : (
              <a href={ground.creditUrl} target="_blank" rel="noreferrer">
                {ground.creditText}
              </a>
            )}
          </p>
        )}
      </div>
      <span id="after-map" tabIndex={-1} />
    </div>
  );
}

function GroundChoice({ grounds, chosen }: { grounds: ConfigJson["baseMaps"]; chosen: string }) {
  const m = useSignal(messages);
  if (grounds.length < 2) return null;
  return (
    <label class="ground-choice">
      <span>{m.map.ground}</span>
      <select class="input" value={chosen} onChange={(event) => navigate({ ground: event.currentTarget.value }, "replace")}>
        {grounds.map((g) => (
          <option key={g.id} value={g.id}>
            {m.map.grounds[g.id]}
          </option>
        ))}
      </select>
    </label>
  );
}
