import type { LogLine, SourceState } from './line-source.ts';
import type { ScrollPlace } from './scroll-mapping.ts';

/** What a log view shows at one moment. */
export interface ViewSnapshot {
  /** The lines of the screen, one more than fit. */
  readonly visible: readonly LogLine[];
  readonly source: SourceState;
  readonly place: ScrollPlace;
  /** `place` counts lines; before the index is complete it counts bytes. */
  readonly isByLine: boolean;
  readonly isAtEnd: boolean;
  readonly isReady: boolean;
  /** First byte of the line the keys act on. */
  readonly cursor: number | undefined;
  readonly failure: unknown;
}

/** Where the shown lines are in the log: by line where all of them are counted, else by byte. */
export function placeOf(
  shown: readonly LogLine[],
  rows: number,
  source: SourceState,
): Pick<ViewSnapshot, 'place' | 'isByLine'> {
  const first = shown[0];
  const last = shown.at(-1);
  if (source.coveredBytes >= source.size && typeof first?.line === 'number') {
    const total = Math.max(source.lines, last?.line ?? 0);
    return { isByLine: true, place: { first: first.line - 1, shown: rows, total } };
  }
  const place: ScrollPlace = {
    first: Math.max(0, (first?.byteOffset ?? source.start) - source.start),
    shown:
      first === undefined || last === undefined ? 0 : last.byteOffset + last.byteLength - first.byteOffset,
    total: source.size - source.start,
  };
  return { isByLine: false, place };
}
