/**
 * Where one is in a log. In lines once they are counted, in bytes before that: the thumb is right from the
 * first moment, whatever the size of the file, and no element of the page is ever as high as the log.
 */
export interface ScrollPlace {
  /** First thing shown, from 0. */
  readonly first: number;
  /** Things shown. */
  readonly shown: number;
  /** Things there are. */
  readonly total: number;
}

/** A thumb one cannot hit with the mouse is no thumb. */
export const SMALLEST_THUMB_PX = 28;

export interface Thumb {
  readonly topPx: number;
  readonly heightPx: number;
}

/** The thumb for a place on a track of this height; none when everything is shown. */
export function thumbFor({ first, shown, total }: ScrollPlace, trackPx: number): Thumb | undefined {
  if (total <= 0 || shown >= total || trackPx <= SMALLEST_THUMB_PX) return undefined;
  const heightPx = Math.min(trackPx, Math.max(SMALLEST_THUMB_PX, (trackPx * shown) / total));
  const part = Math.min(1, Math.max(0, first / (total - shown)));
  return { topPx: (trackPx - heightPx) * part, heightPx };
}

/** The first thing shown when the thumb's upper edge stands at `topPx`: 0 at the top, `total - shown` at the bottom. */
export function firstAt(topPx: number, place: Pick<ScrollPlace, 'shown' | 'total'>, trackPx: number): number {
  const { shown, total } = place;
  const last = Math.max(0, total - shown);
  const heightPx = Math.min(
    trackPx,
    Math.max(SMALLEST_THUMB_PX, total <= 0 ? trackPx : (trackPx * shown) / total),
  );
  const room = trackPx - heightPx;
  if (room <= 0 || last === 0) return 0;
  return Math.round(Math.min(1, Math.max(0, topPx / room)) * last);
}
