import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import type { LogLine } from './line-source.ts';
import { LogRow, ROW_PX } from './log-rows.tsx';
import { LogScrollbar } from './log-scrollbar.tsx';
import type { LogView } from './log-view.ts';
import type { Marks } from './marks.ts';
import type { Range } from './show-line.ts';
import type { ViewSnapshot } from './view-snapshot.ts';
import classes from './log.module.css';

interface Props {
  readonly id: string;
  readonly view: LogView;
  readonly snapshot: ViewSnapshot;
  readonly marks: Marks;
  readonly hits: ReadonlyMap<number, readonly Range[]>;
  readonly onMark: (line: LogLine, extend: boolean) => void;
  /** The reader went away from the end, so new lines should not pull him back. */
  readonly onLeaveEnd: () => void;
}

/** The lines on the screen and the scrollbar beside them. Wheel and keys move by lines, never by pixels of a page. */
export function LogList({ id, view, snapshot, marks, hits, onMark, onLeaveEnd }: Props) {
  const { t } = useTranslation();
  const list = useRef<HTMLDivElement>(null);
  const leave = useRef(onLeaveEnd);
  useEffect(() => {
    leave.current = onLeaveEnd;
  });

  useEffect(() => {
    const element = list.current;
    if (element === null) return;
    const observer = new ResizeObserver(() => {
      if (element.clientHeight > 0) view.setRows(Math.floor(element.clientHeight / ROW_PX));
    });
    observer.observe(element);
    let rest = 0;
    // React listens passively, and this must keep the page from scrolling.
    const onWheel = (event: WheelEvent): void => {
      if (event.ctrlKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) return;
      event.preventDefault();
      rest += event.deltaMode === WheelEvent.DOM_DELTA_LINE ? event.deltaY : event.deltaY / ROW_PX;
      const lines = Math.trunc(rest);
      rest -= lines;
      if (lines < 0) leave.current();
      if (lines !== 0) view.scrollBy(lines);
    };
    element.addEventListener('wheel', onWheel, { passive: false });
    return () => {
      observer.disconnect();
      element.removeEventListener('wheel', onWheel);
    };
  }, [view]);

  const rows = Math.max(1, snapshot.visible.length - 2);
  const digits = String(snapshot.visible.at(-1)?.line ?? 99_999).length;
  const rowId = (byteOffset: number): string => `${id}-${byteOffset}`;
  const cursorLine = view.loaded.find(({ byteOffset }) => byteOffset === snapshot.cursor);

  const onKeyDown = (event: React.KeyboardEvent): void => {
    const moves: Readonly<Record<string, () => void>> = {
      ArrowDown: () => view.moveCursor(1),
      ArrowUp: () => view.moveCursor(-1),
      PageDown: () => view.moveCursor(rows),
      PageUp: () => view.moveCursor(-rows),
      Home: () => view.toStart(),
      End: () => view.toEnd(),
    };
    const move = moves[event.key];
    if (event.key === ' ') {
      if (cursorLine !== undefined) onMark(cursorLine, event.shiftKey);
    } else if (move !== undefined && !event.ctrlKey && !event.altKey && !event.metaKey) {
      if (['ArrowUp', 'PageUp', 'Home'].includes(event.key)) onLeaveEnd();
      if (event.shiftKey && cursorLine !== undefined && marks.size === 0) onMark(cursorLine, false);
      move();
      const line = view.loaded.find(({ byteOffset }) => byteOffset === view.snapshot.cursor);
      if (event.shiftKey && line !== undefined) onMark(line, true);
    } else return;
    event.preventDefault();
  };

  const onClick = (event: React.MouseEvent): void => {
    const target = event.target as HTMLElement;
    const row = target.closest<HTMLElement>('[data-offset]');
    const line = snapshot.visible.find(({ byteOffset }) => String(byteOffset) === row?.dataset['offset']);
    if (line === undefined) return;
    view.setCursor(line.byteOffset);
    if (target.closest('[data-gutter]') !== null) onMark(line, event.shiftKey);
  };

  return (
    <div className={classes.listArea}>
      <div
        ref={list}
        id={id}
        className={classes.list}
        role="listbox"
        aria-multiselectable
        tabIndex={0}
        aria-label={t('log.lines')}
        aria-activedescendant={snapshot.cursor === undefined ? undefined : rowId(snapshot.cursor)}
        data-testid="log-list"
        onKeyDown={onKeyDown}
        onClick={onClick}
      >
        {snapshot.visible.map((line) => (
          <LogRow
            key={line.byteOffset}
            id={rowId(line.byteOffset)}
            line={line}
            hits={hits.get(line.byteOffset)}
            isMarked={marks.has(line.byteOffset)}
            isCursor={line.byteOffset === snapshot.cursor}
            digits={digits}
          />
        ))}
        {snapshot.isReady && snapshot.visible.length === 0 && (
          <p className={classes.empty}>{t('log.empty')}</p>
        )}
      </div>
      <LogScrollbar
        place={snapshot.place}
        controls={id}
        onFirst={(first) => {
          onLeaveEnd();
          view.toFirst(first);
        }}
        onPage={(direction) => {
          if (direction < 0) onLeaveEnd();
          view.scrollBy(direction * rows);
        }}
      />
    </div>
  );
}
