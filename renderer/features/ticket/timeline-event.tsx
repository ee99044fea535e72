import { CornerLeftUp } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { TicketState } from '#shared/domain/ticket/state.ts';
import type { EventStanding } from '../../db/database.ts';
import { AttachmentChip } from './attachment-chip.tsx';
import { deviceZone, formatClock, formatFull } from '../../components/format-time.ts';
import type { Attachment, ToldEvent } from './tell-event.ts';
import classes from './timeline.module.css';

/** Longer words are folded: a pasted log must not push the story off the screen. */
const FOLD_FROM_CHARACTERS = 420;

interface EventProps {
  readonly type: string;
  readonly told: ToldEvent;
  readonly at: number;
  /** What the laptop's clock said, if that was another time. */
  readonly notedAt: number;
  /** The heading of its day, on the first event of the day. */
  readonly day: string | undefined;
  readonly zone: string;
  readonly by: string;
  readonly standing: EventStanding;
  /** When it arrived, in words, if that was after what happened later. */
  readonly lateAt: string | undefined;
  readonly ticket: Pick<TicketState, 'id'>;
  readonly onShow: (attachment: Attachment) => void;
}

/** One fact of the timeline. Its mark tells the kind by colour and by shape whether the server has it. */
export function TimelineEvent({
  type,
  told,
  at,
  notedAt,
  day,
  zone,
  by,
  standing,
  lateAt,
  ticket,
  onShow,
}: EventProps) {
  const { t, i18n } = useTranslation();
  const full = (instant: number): string => formatFull(instant, zone, deviceZone(), i18n.language);
  const putRight = notedAt === at ? '' : `\n${t('ticket.timeline.putRight', { at: full(notedAt) })}`;
  const standingText =
    standing === 'confirmed'
      ? undefined
      : t(standing === 'local' ? 'ticket.timeline.unsynced' : 'ticket.timeline.refused');
  return (
    <>
      {day !== undefined && (
        <li className={classes.day}>
          <span>{day}</span>
        </li>
      )}
      <li
        className={classes.event}
        data-testid="timeline-event"
        data-type={type}
        data-standing={standing}
        data-kind={told.kind}
      >
        <time dateTime={new Date(at).toISOString()} title={full(at) + putRight}>
          {formatClock(at, zone, i18n.language)}
        </time>
        <span
          className={classes.mark}
          title={standingText}
          role={standingText === undefined ? undefined : 'img'}
          aria-label={standingText}
        />
        <div className={classes.told}>
          <p className={classes.sentence}>
            {told.sentence}
            {told.aside !== undefined && told.aside !== '' && <small>{told.aside}</small>}
            <small className={classes.by}>{t('ticket.timeline.by', { name: by })}</small>
            {lateAt !== undefined && <LateHook at={lateAt} />}
          </p>
          {told.words !== undefined && told.words.trim() !== '' && <Words text={told.words} />}
          {standing === 'refused' && <p className={classes.refused}>{standingText}</p>}
          {told.attachment !== undefined && (
            <AttachmentChip attachment={told.attachment} ticket={ticket} onShow={onShow} />
          )}
        </div>
      </li>
    </>
  );
}

function LateHook({ at }: { at: string }) {
  const { t } = useTranslation();
  const text = t('ticket.timeline.late', { at });
  return (
    <span className={classes.late} role="img" aria-label={text} title={text} data-testid="late-arrival">
      <CornerLeftUp size={13} aria-hidden />
    </span>
  );
}

function Words({ text }: { text: string }) {
  const { t } = useTranslation();
  const [isOpen, setIsOpen] = useState(false);
  const isLong = text.length > FOLD_FROM_CHARACTERS;
  return (
    <p className={classes.words}>
      {isLong && !isOpen ? `${text.slice(0, FOLD_FROM_CHARACTERS)}… ` : text}
      {isLong && (
        <button
          type="button"
          className={classes.fold}
          aria-expanded={isOpen}
          onClick={() => setIsOpen(!isOpen)}
        >
          {t(isOpen ? 'ticket.timeline.less' : 'ticket.timeline.more')}
        </button>
      )}
    </p>
  );
}
