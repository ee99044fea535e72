import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import type { SearchState } from './use-search.ts';
import { showLine } from './show-line.ts';
import classes from './log.module.css';

const HIT_PX = 22;

/** The matching lines. At most a hundred thousand, so an ordinary list is high enough for them. */
export function LogHits({ search, onGo }: { search: SearchState; onGo: (at: number) => void }) {
  const { t } = useTranslation();
  const scroller = useRef<HTMLDivElement>(null);
  // oxlint-disable-next-line react/incompatible-library -- the virtualizer is not handed to memoised children
  const rows = useVirtualizer({
    count: search.hits.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => HIT_PX,
    overscan: 10,
  });
  const { at } = search;
  useEffect(() => {
    if (at !== undefined) rows.scrollToIndex(at, { align: 'auto' });
  }, [at, rows]);
  return (
    <div
      ref={scroller}
      className={classes.hits}
      role="listbox"
      tabIndex={0}
      aria-label={t('log.search.hits')}
      aria-activedescendant={at === undefined ? undefined : `hit-${at}`}
      data-testid="log-hits"
      onKeyDown={(event) => {
        if (event.key === 'ArrowDown') onGo(Math.min((at ?? -1) + 1, search.hits.length - 1));
        else if (event.key === 'ArrowUp') onGo(Math.max((at ?? 0) - 1, 0));
        else return;
        event.preventDefault();
      }}
    >
      <div className={classes.hitsInner} style={{ height: rows.getTotalSize() }}>
        {rows.getVirtualItems().map(({ index, start }) => {
          const hit = search.hits[index];
          if (hit === undefined) return null;
          // Long lines are shown from a little before the match on.
          const from = Math.max(0, (hit.ranges[0]?.from ?? 0) - 24);
          const ranges = hit.ranges.map((range) => ({ from: range.from - from, to: range.to - from }));
          return (
            <div
              key={index}
              id={`hit-${index}`}
              role="option"
              aria-selected={index === at}
              className={classes.hit}
              style={{ transform: `translateY(${start}px)` }}
              data-testid="log-hit"
              onClick={() => onGo(index)}
            >
              <span className={classes.hitLine}>{hit.line}</span>
              {from > 0 && '…'}
              {showLine(hit.text.slice(from, from + 400), ranges).map((segment, i) => (
                <span
                  key={i}
                  data-hit={segment.isHit || undefined}
                  className={segment.kind === 'control' ? classes.control : undefined}
                >
                  {segment.text}
                </span>
              ))}
            </div>
          );
        })}
      </div>
    </div>
  );
}
