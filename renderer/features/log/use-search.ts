import { useCallback, useEffect, useRef, useState } from 'react';
import type { LineSource, Query, SearchHit } from './line-source.ts';

export interface SearchState {
  readonly query: Query | undefined;
  readonly hits: readonly SearchHit[];
  readonly isRunning: boolean;
  /** Lines beyond those listed match, or were not looked at. */
  readonly more: boolean;
  readonly failure: unknown;
  /** The hit that is shown, from 0. */
  readonly at: number | undefined;
}

const NOTHING: SearchState = {
  query: undefined,
  hits: [],
  isRunning: false,
  more: false,
  failure: undefined,
  at: undefined,
};
/** Hits come in lumps; the list is drawn anew this often at most. */
const DRAW_MS = 100;

/** Searches a log: hits as they come, one search at a time, ended at once by the next or by `cancel`. */
export function useSearch(source: Pick<LineSource, 'search'>, onHit: (hit: SearchHit) => void) {
  const [state, setState] = useState<SearchState>(NOTHING);
  const running = useRef<AbortController>(undefined);
  const show = useRef(onHit);
  useEffect(() => {
    show.current = onHit;
  });
  useEffect(() => () => running.current?.abort(), []);

  const start = async (query: Query): Promise<void> => {
    running.current?.abort();
    const mine = new AbortController();
    running.current = mine;
    setState({ ...NOTHING, query, isRunning: true });
    let hits: SearchHit[] = [];
    let more = false;
    let drawnAt = performance.now();
    const draw = (patch: Partial<SearchState>): void => {
      if (mine.signal.aborted) return;
      drawnAt = performance.now();
      const found = hits;
      setState((before) => ({ ...before, hits: found, more, ...patch }));
    };
    try {
      for await (const item of source.search(query, mine.signal)) {
        const isFirst = hits.length === 0 && item.hits[0] !== undefined;
        hits = hits.concat(item.hits);
        more = item.more ?? more;
        if (isFirst && item.hits[0] !== undefined && !mine.signal.aborted) {
          show.current(item.hits[0]);
          draw({ at: 0 });
        } else if (performance.now() - drawnAt > DRAW_MS) draw({});
      }
      draw({ isRunning: false });
    } catch (failure) {
      draw({ isRunning: false, failure });
    }
  };

  const go = useCallback(
    (at: number): void => {
      const hit = state.hits[at];
      if (hit === undefined) return;
      setState((before) => ({ ...before, at }));
      show.current(hit);
    },
    [state.hits],
  );

  return {
    state,
    start,
    go,
    /** Stops looking and keeps what was found. */
    cancel: useCallback(() => {
      running.current?.abort();
      setState((before) => ({ ...before, isRunning: false, more: before.more || before.isRunning }));
    }, []),
    clear: useCallback(() => {
      running.current?.abort();
      setState(NOTHING);
    }, []),
  };
}
