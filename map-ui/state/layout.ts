import { computed, signal } from "@preact/signals-core";
import { view } from "./view.ts";

const DESK_MIN_PX = 1080; // list, map and detail side by side at 100 %
const DESK_MIN_HEIGHT_PX = 480;

const size = signal({ widthPx: innerWidth, heightPx: innerHeight });
addEventListener("resize", () => {
  size.value = { widthPx: innerWidth, heightPx: innerHeight };
});

/** Large text on a wide screen needs the room of a phone's layout. */
export const layout = computed<"phone" | "desk">(() => {
  const scale = view.value.scalePct / 100;
  return size.value.widthPx >= DESK_MIN_PX * scale && size.value.heightPx >= DESK_MIN_HEIGHT_PX ? "desk" : "phone";
});
