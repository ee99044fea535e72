import { Split } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { isDone, type TicketSummary } from '../../db/summary.ts';
import { nameIn } from '../../app/i18n/i18n.ts';
import { formatRemaining, SECONDS_BELOW_MS } from '../../components/format-time.ts';
import { GradeSign } from './grade-sign.tsx';
import { toneOfRow } from './promise-view.ts';
import { useNow } from '../../components/use-now.ts';
import type { Labels } from './use-queue-list.ts';
import type { UnsyncedMark } from './use-unsynced-tickets.ts';
import classes from './queue.module.css';

interface RowProps {
  readonly row: TicketSummary;
  readonly labels: Labels;
  readonly id: string;
  readonly index: number;
  readonly total: number;
  readonly top: number;
  readonly isSelected: boolean;
  readonly isCursor: boolean;
  readonly unsynced: UnsyncedMark | undefined;
  readonly showAssignee: boolean;
  readonly onOpen: () => void;
}

/** A ticket in the queue: what burns, where, and how long there is. */
export function QueueRow({
  row,
  labels,
  id,
  index,
  total,
  top,
  isSelected,
  isCursor,
  unsynced,
  showAssignee,
  onOpen,
}: RowProps) {
  const { t, i18n } = useTranslation();
  const nameOf = (key: string): string => nameIn(i18n.language, labels[key]);
  const place = [
    nameOf(`customer/${row.customerId}`),
    nameOf(`site/${row.siteId}`),
    row.waiting === undefined
      ? nameOf(`asset/${row.assetId}`)
      : t('ticket.waits.title', { reason: t(`ticket.waiting.${row.waiting}`) }),
    ...(showAssignee && row.assignee !== undefined ? [nameOf(`user/${row.assignee}`)] : []),
  ]
    .filter((part) => part !== '')
    .join(' · ');

  return (
    <div
      id={id}
      role="option"
      className={classes.row}
      aria-selected={isSelected}
      aria-setsize={total}
      aria-posinset={index + 1}
      data-testid="ticket-row"
      data-number={row.number}
      data-cursor={isCursor}
      data-done={isDone(row)}
      style={{ transform: `translateY(${top}px)` }}
      onClick={onOpen}
    >
      <span className={classes.sign}>
        <GradeSign grade={row.grade} />
      </span>
      <span className={classes.symptom}>
        {unsynced !== undefined && (
          <i
            className={classes.dot}
            data-mark={unsynced}
            role="img"
            aria-label={t(`ticket.timeline.${unsynced}`)}
            title={t(`ticket.timeline.${unsynced}`)}
          />
        )}
        {row.hasConflict && (
          <Split className={classes.fork} size={14} role="img" aria-label={t('ticket.queue.conflict')}>
            <title>{t('ticket.queue.conflict')}</title>
          </Split>
        )}
        <span title={row.symptom}>{row.symptom}</span>
      </span>
      <RowTime row={row} />
      <span className={classes.place} title={`${row.number} · ${place}`}>
        {place}
      </span>
    </div>
  );
}

/** The time left of the most urgent promise, its name below. */
function RowTime({ row }: { row: TicketSummary }) {
  const { t, i18n } = useTranslation();
  const coarse = useNow(15_000);
  const isNear = row.due !== undefined && Math.abs(row.due - coarse) < SECONDS_BELOW_MS + 60_000;
  const now = useNow(isNear ? 1000 : 15_000);
  const promise = row.promise === undefined ? '' : t(`ticket.promise.${row.promise}`);

  if (row.due === undefined && row.waiting !== undefined) {
    return (
      <>
        <span className={`${classes.time} ${classes.held}`}>{t('ticket.waits.short')}</span>
        <span className={classes.what}>
          {row.remainingMs === undefined
            ? ''
            : t('ticket.queue.held', { time: formatRemaining(Math.max(0, row.remainingMs), i18n.language) })}
        </span>
      </>
    );
  }
  if (row.due === undefined) {
    return (
      <>
        <span className={`${classes.time} ${classes.quiet}`}>{t(`ticket.work.${row.work}`)}</span>
        <span className={classes.what}>{promise}</span>
      </>
    );
  }
  const tone = toneOfRow(row, now);
  const words = row.due < now ? `${promise} ${t('ticket.queue.overdue')}` : promise;
  return (
    <>
      <span className={`${classes.time} ${classes[tone] ?? ''}`}>
        {formatRemaining(row.due - now, i18n.language)}
      </span>
      <span className={`${classes.what} ${row.waiting === undefined ? '' : classes.held}`}>{words}</span>
    </>
  );
}
