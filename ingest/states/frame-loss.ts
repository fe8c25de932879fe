/** A counter that jumps further has been reset, or is another device's. */
const GAP_MAX = 1000;
const FRAMES_MIN = 4;

export interface FrameLoss {
  readonly received: number;
  readonly lost: number;
  readonly lossPct: number | null; // null = too few frames to say
}

/** Lost frames of one device, from the gaps of its counter. `frames`: in order of event time, each once. */
export function frameLoss(frames: readonly { readonly fCnt: number }[]): FrameLoss {
  let lost = 0;
  let last: number | null = null;
  for (const { fCnt } of frames) {
    const step = last === null ? 1 : fCnt - last;
    if (step > 1 && step <= GAP_MAX) lost += step - 1;
    last = fCnt;
  }
  const received = frames.length;
  return { received, lost, lossPct: received < FRAMES_MIN ? null : Math.round((lost / (lost + received)) * 1000) / 10 };
}
