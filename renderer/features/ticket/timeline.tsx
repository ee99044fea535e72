import { useEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { TicketState } from '#shared/domain/ticket/state.ts';
import { trueTimeOf } from '#shared/events/true-time.ts';
import { useDesk } from '../../app/desk.ts';
import { useEvents } from '../../app/use-live.ts';
import { useWholeTicket } from './use-whole-ticket.ts';
import { dayOf, formatDay, formatInstant } from '../../components/format-time.ts';
import { lateArrivals } from './late-arrivals.ts';
import { NoteComposer } from './note-composer.tsx';
import { EVENT_KINDS, kindOf, tellEvent, type Attachment, type EventKind } from './tell-event.ts';
import { TimelineEvent } from './timeline-event.tsx';
import { useNow } from '../../components/use-now.ts';
import classes from './timeline.module.css';

interface TimelineProps {
  readonly ticket: TicketState;
  readonly zone: string;
  readonly nameOf: (key: string) => string;
  readonly onShow: (attachment: Attachment) => void;
}

/** Nearer than this to the end counts as reading the end: what is new is scrolled to. */
const AT_END_PX = 60;

/** Everything that happened, in the order it happened (T10). */
export function Timeline({ ticket, zone, nameOf, onShow }: TimelineProps) {
  const { t, i18n } = useTranslation();
  const { workspace } = useDesk();
  const events = useEvents(`ticket/${ticket.id}`);
  useWholeTicket(ticket.id, events);
  const [filter, setFilter] = useState<EventKind>();
  const now = useNow(60_000);
  const late = useMemo(() => lateArrivals(events ?? []), [events]);
  const kinds = useMemo(() => new Set((events ?? []).map(({ event }) => kindOf(event.type))), [events]);
  const shown = (events ?? []).filter(({ event }) => filter === undefined || kindOf(event.type) === filter);

  const scroller = useRef<HTMLDivElement>(null);
  const isAtEnd = useRef(true);
  const count = shown.length;
  useEffect(() => {
    const element = scroller.current;
    if (count > 0 && element !== null && isAtEnd.current) element.scrollTop = element.scrollHeight;
  }, [count]);
  useEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    // The dock that opens below must not hide what came last.
    const observer = new ResizeObserver(() => {
      if (isAtEnd.current) element.scrollTop = element.scrollHeight;
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  const teller = { t, language: i18n.language, zone, now, nameOf };
  const dayName = (at: number): string => {
    const day = dayOf(at, zone);
    if (day === dayOf(now, zone)) return t('ticket.timeline.today');
    if (day === dayOf(now - 86_400_000, zone)) return t('ticket.timeline.yesterday');
    return formatDay(at, zone, i18n.language, now);
  };

  return (
    <section className={classes.timeline}>
      <div className={classes.filters} role="group" aria-label={t('ticket.timeline.filter')}>
        {[undefined, ...EVENT_KINDS.filter((kind) => kinds.has(kind))].map((kind) => (
          <button
            key={kind ?? 'all'}
            type="button"
            className={classes.filter}
            aria-pressed={filter === kind}
            onClick={() => setFilter(kind)}
          >
            {t(kind === undefined ? 'ticket.timeline.all' : `ticket.timeline.kind.${kind}`)}
          </button>
        ))}
      </div>
      <div
        ref={scroller}
        className={classes.scroll}
        tabIndex={0}
        role="log"
        aria-label={t('ticket.timeline.title')}
        onScroll={({ currentTarget }) => {
          isAtEnd.current =
            currentTarget.scrollHeight - currentTarget.scrollTop - currentTarget.clientHeight < AT_END_PX;
        }}
      >
        {events !== undefined && shown.length === 0 && (
          <p className={classes.empty}>
            {t(filter === undefined ? 'ticket.timeline.emptyCold' : 'ticket.timeline.empty')}
          </p>
        )}
        <ol className={classes.events} data-testid="timeline">
          {shown.map(({ event, standing, arrivedAt }, index) => {
            const at = trueTimeOf(event);
            const before = shown[index - 1];
            const isNewDay =
              before === undefined || dayOf(trueTimeOf(before.event), zone) !== dayOf(at, zone);
            return (
              <TimelineEvent
                key={event.id}
                type={event.type}
                told={tellEvent(event, teller)}
                at={at}
                notedAt={Date.parse(event.at)}
                day={isNewDay ? dayName(at) : undefined}
                zone={zone}
                by={
                  event.actor === workspace.userId ? t('ticket.timeline.me') : nameOf(`user/${event.actor}`)
                }
                // A demo has no server that anything could wait for.
                standing={workspace.kind === 'demo' && standing === 'local' ? 'confirmed' : standing}
                lateAt={late.has(event.id) ? formatInstant(arrivedAt, zone, i18n.language, now) : undefined}
                ticket={ticket}
                onShow={onShow}
              />
            );
          })}
        </ol>
      </div>
      <NoteComposer ticket={ticket} />
    </section>
  );
}
