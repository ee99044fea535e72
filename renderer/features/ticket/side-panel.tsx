import { Check, Circle } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { momentOf } from '#shared/domain/ticket/promises.ts';
import type { TicketState } from '#shared/domain/ticket/state.ts';
import type { EditableField } from '#shared/domain/ticket/words.ts';
import { useView } from '../../stores/view.ts';
import { AttachmentChip } from './attachment-chip.tsx';
import { checklistOf } from './checklist.ts';
import { EditableFact } from './editable-fact.tsx';
import { formatInstant } from '../../components/format-time.ts';
import { Instant } from './instant.tsx';
import type { Attachment } from './tell-event.ts';
import { PlaceFacts } from './place-section.tsx';
import { useNow } from '../../components/use-now.ts';
import type { Directory } from './use-ticket-names.ts';
import classes from './side-panel.module.css';

interface PanelProps {
  readonly ticket: TicketState;
  readonly zone: string;
  readonly directory: Directory;
  readonly onShow: (attachment: Attachment) => void;
}

const FACTS: readonly EditableField[] = ['symptom', 'environment', 'contactName', 'contactPhone'];
const PLANS: readonly EditableField[] = ['recoveryPlan', 'fixPlan', 'causeCode', 'rootCause', 'treatment'];

/** What the ticket lacks, and what is known of it. */
export function SidePanel({ ticket, zone, directory, onShow }: PanelProps) {
  const { t } = useTranslation();
  const { nameOf } = directory;
  const fact = (field: EditableField) => (
    <EditableFact key={field} ticket={ticket} field={field} zone={zone} nameOf={nameOf} />
  );
  return (
    <aside className={classes.side} aria-label={t('ticket.side.facts')}>
      <Missing ticket={ticket} />
      <Section title={t('ticket.side.facts')}>
        <dl className={classes.facts}>
          {FACTS.map(fact)}
          <dt>{t('ticket.side.assignee')}</dt>
          <dd>
            {ticket.assignee === undefined ? t('ticket.side.nobody') : nameOf(`user/${ticket.assignee}`)} ·{' '}
            {t(`ticket.tier.${ticket.tier}`)}
          </dd>
          <dt>{t('ticket.side.channel')}</dt>
          <dd>{t(`ticket.channel.${ticket.channel}`)}</dd>
          {ticket.impact !== undefined && ticket.urgency !== undefined && (
            <>
              <dt>{t('ticket.side.grading')}</dt>
              <dd>
                {t(`ticket.level.${ticket.impact}`)} × {t(`ticket.level.${ticket.urgency}`)}
              </dd>
            </>
          )}
          <dt>{t('ticket.side.occurredAt')}</dt>
          <dd>
            <Instant at={ticket.occurredAt} zone={zone} />
          </dd>
          <dt>{t('ticket.side.openedAt')}</dt>
          <dd>
            <Instant at={momentOf(ticket, ticket.openedAt).at} zone={zone} />
          </dd>
          <dt>{t('ticket.side.consent')}</dt>
          <dd>
            <Consent ticket={ticket} zone={zone} />
          </dd>
        </dl>
      </Section>
      <Section title={t('ticket.side.place')}>
        <PlaceFacts ticket={ticket} directory={directory} />
      </Section>
      <Section title={t('ticket.side.plans')}>
        <dl className={classes.facts}>{PLANS.map(fact)}</dl>
      </Section>
      <Section title={t('ticket.side.parts')}>
        {ticket.taken.length === 0 && ticket.swaps.length === 0 && (
          <p className={classes.none}>{t('ticket.side.noParts')}</p>
        )}
        <ul className={classes.plain}>
          {ticket.taken.map((part) => (
            <li key={part.unitId} className={classes.part} data-outcome={part.outcome}>
              {nameOf(`unit/${part.unitId}`)} <span>{t(`ticket.side.outcome.${part.outcome}`)}</span>
            </li>
          ))}
          {ticket.swaps.map((swap) => (
            <li key={swap.eventId} className={classes.part}>
              {t('ticket.side.swap', {
                slot: swap.data.slotId,
                faulty: swap.data.faulty.serial,
                good: swap.data.good.serial,
              })}
              <span>
                <Instant at={momentOf(ticket, swap.at).at} zone={zone} />
              </span>
            </li>
          ))}
        </ul>
      </Section>
      <Section title={t('ticket.side.evidence')}>
        {ticket.evidence.length === 0 && <p className={classes.none}>{t('ticket.side.noEvidence')}</p>}
        <ul className={classes.plain}>
          {ticket.evidence.map((piece) => (
            <li key={piece.eventId}>
              <AttachmentChip attachment={piece.data} ticket={ticket} onShow={onShow} />
            </li>
          ))}
        </ul>
      </Section>
    </aside>
  );
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className={classes.section}>
      <h2 className={classes.heading}>{title}</h2>
      {children}
    </section>
  );
}

/** The checklist of the present stretch of work; an open item opens its form. */
function Missing({ ticket }: { ticket: TicketState }) {
  const { t } = useTranslation();
  const openDialog = useView((state) => state.openDialog);
  const now = useNow(60_000);
  const items = checklistOf(ticket, new Date(now).toISOString());
  if (items.length === 0) return null;
  return (
    <Section title={t('ticket.side.missing')}>
      <ul className={classes.plain} data-testid="missing">
        {items.map(({ code, isDone, act }) => (
          <li key={code} className={classes.check} data-done={isDone} data-code={code}>
            {isDone ? <Check size={14} aria-hidden /> : <Circle size={10} aria-hidden />}
            {act === undefined ? (
              <span>{t(`ticket.done.${code}`)}</span>
            ) : (
              <button
                type="button"
                className={classes.link}
                onClick={() => openDialog({ kind: 'act', act, ticketId: ticket.id })}
              >
                {t(`ticket.done.${code}`)}
              </button>
            )}
          </li>
        ))}
      </ul>
    </Section>
  );
}

function Consent({ ticket, zone }: { ticket: TicketState; zone: string }) {
  const { t, i18n } = useTranslation();
  const now = useNow(60_000);
  const last = ticket.consents.toSorted((a, b) => Date.parse(b.until) - Date.parse(a.until))[0];
  if (last === undefined) return t('ticket.side.noConsent');
  const until = Date.parse(last.until);
  return t(until > now ? 'ticket.side.consentUntil' : 'ticket.side.consentOver', {
    name: last.name,
    at: formatInstant(until, zone, i18n.language, now),
  });
}
