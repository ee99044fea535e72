import { useVirtualizer } from '@tanstack/react-virtual';
import { useDeferredValue, useEffect, useRef, useState, type KeyboardEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { useDesk } from '../../app/desk.ts';
import type { ListQuery } from '../../db/list-query.ts';
import { useView } from '../../stores/view.ts';
import { registerQueue } from './queue-cursor.ts';
import { QueueEmpty } from './queue-empty.tsx';
import { QueueHead } from './queue-head.tsx';
import { QueueRow } from './queue-row.tsx';
import { indexIn, rowIn, useQueueList } from './use-queue-list.ts';
import { useRowHeight } from './use-row-height.ts';
import { useSteadyScroll } from './use-steady-scroll.ts';
import { useUnsyncedTickets } from './use-unsynced-tickets.ts';
import classes from './queue.module.css';

/** Rows asked for at a time: several screens of them. */
const WINDOW = 150;
/** The window moves on in steps, so that scrolling does not ask anew at each row. */
const STEP = 50;
const PAGE_OF_KEYS = 10;

const idOf = (key: string): string => key.slice('ticket/'.length);

/** The list of tickets: search, views, and a cursor for the keyboard. */
export function Queue() {
  const { t } = useTranslation();
  const { workspace } = useDesk();
  const view = useView((state) => state.queueView);
  const search = useDeferredValue(useView((state) => state.search));
  const ticketId = useView((state) => state.ticketId);
  const select = useView((state) => state.select);
  const [sort, setSort] = useState<ListQuery['sort']>('urgency');
  const [offset, setOffset] = useState(0);
  const list = useQueueList({ view, userId: workspace.userId, search, sort, offset, limit: WINDOW });

  const unsynced = useUnsyncedTickets();

  const scroller = useRef<HTMLDivElement>(null);
  const rowHeight = useRowHeight(scroller);
  const total = list?.total ?? 0;
  // oxlint-disable-next-line react/incompatible-library -- its answers are used here and handed to nobody
  const rows = useVirtualizer({
    count: total,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 6,
  });
  useEffect(() => rows.measure(), [rowHeight, rows]);

  const rowAt = (index: number) => (list === undefined ? undefined : rowIn(list, index));
  const indexOf = (key: string): number => (list === undefined ? -1 : indexIn(list, key));

  // The window follows what is on the screen.
  const first = rows.getVirtualItems()[0]?.index ?? 0;
  const wanted = Math.max(0, Math.floor((first - STEP) / STEP) * STEP);
  useEffect(() => setOffset(wanted), [wanted]);
  useEffect(() => {
    scroller.current?.scrollTo({ top: 0 });
  }, [view, search, sort]);

  const { fresh, onScroll } = useSteadyScroll(scroller, list, rowHeight);

  // The cursor is a ticket, not a line: it goes where its ticket goes.
  const [cursor, setCursor] = useState<{ key: string; index: number }>();
  const found = cursor === undefined ? -1 : indexOf(cursor.key);
  const selectedAt = ticketId === undefined ? -1 : indexOf(`ticket/${ticketId}`);
  const cursorAt = found >= 0 ? found : (cursor?.index ?? selectedAt);
  const moveTo = (index: number): void => {
    const to = Math.max(0, Math.min(total - 1, index));
    if (total === 0) return;
    setCursor({ key: rowAt(to)?.key ?? '', index: to });
    rows.scrollToIndex(to, { align: 'auto' });
  };
  const move = useRef(moveTo);
  useEffect(() => {
    move.current = moveTo;
  });
  const at = useRef(cursorAt);
  at.current = cursorAt;
  const focusList = (): void => {
    if (at.current < 0) move.current(0);
    scroller.current?.focus();
  };
  useEffect(
    () =>
      registerQueue((steps) => {
        scroller.current?.focus();
        move.current(at.current < 0 ? 0 : at.current + steps);
      }),
    [],
  );

  const open = (key: string, index: number): void => {
    setCursor({ key, index });
    select(idOf(key));
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const row = rowAt(cursorAt);
    if (event.key === 'ArrowDown' || event.key === 'j') moveTo(cursorAt + 1);
    else if (event.key === 'ArrowUp' || event.key === 'k') moveTo(Math.max(0, cursorAt) - 1);
    else if (event.key === 'Home') moveTo(0);
    else if (event.key === 'End') moveTo(total - 1);
    else if (event.key === 'PageDown') moveTo(cursorAt + PAGE_OF_KEYS);
    else if (event.key === 'PageUp') moveTo(cursorAt - PAGE_OF_KEYS);
    else if ((event.key === 'Enter' || event.key === ' ') && row !== undefined) open(row.key, cursorAt);
    else return;
    event.preventDefault();
  };
  const cursorRow = rowAt(cursorAt);

  return (
    <section
      className={classes.queue}
      aria-label={t('ticket.queue.label')}
      data-list={list?.isLive === true ? 'live' : 'remembered'}
    >
      <QueueHead counts={list?.counts} sort={sort} onSort={setSort} onLeave={focusList} />
      <div className={classes.body}>
        {fresh > 0 && (
          <button
            type="button"
            className={classes.fresh}
            data-testid="queue-new"
            onClick={() => scroller.current?.scrollTo({ top: 0 })}
          >
            {t('ticket.queue.new', { count: fresh })}
          </button>
        )}
        {list !== undefined && total === 0 && <QueueEmpty view={view} search={search} />}
        <div
          ref={scroller}
          className={classes.list}
          hidden={total === 0}
          role="listbox"
          tabIndex={0}
          aria-label={t(`ticket.view.${view}`)}
          aria-activedescendant={cursorRow === undefined ? undefined : `queue-${cursorRow.key}`}
          onKeyDown={onKeyDown}
          onScroll={onScroll}
        >
          <div className={classes.runway} role="presentation" style={{ height: rows.getTotalSize() }}>
            {rows.getVirtualItems().map(({ index, start }) => {
              const row = rowAt(index);
              if (row === undefined) {
                return (
                  <div
                    key={`blank-${index}`}
                    className={classes.blank}
                    role="presentation"
                    style={{ transform: `translateY(${start}px)` }}
                  />
                );
              }
              return (
                <QueueRow
                  key={row.key}
                  id={`queue-${row.key}`}
                  row={row}
                  labels={list?.labels ?? {}}
                  index={index}
                  total={total}
                  top={start}
                  isSelected={idOf(row.key) === ticketId}
                  isCursor={index === cursorAt}
                  unsynced={unsynced.get(row.key)}
                  showAssignee={view !== 'mine'}
                  onOpen={() => open(row.key, index)}
                />
              );
            })}
          </div>
        </div>
      </div>
    </section>
  );
}
