import { useTranslation } from 'react-i18next';
import { momentOf } from '#shared/domain/ticket/promises.ts';
import { rank } from '#shared/domain/ticket/evolve.ts';
import type { TicketState } from '#shared/domain/ticket/state.ts';
import { WORK_STATES } from '#shared/domain/ticket/words.ts';
import { formatInstant } from '../../components/format-time.ts';
import { useNow } from '../../components/use-now.ts';
import classes from './step-bar.module.css';

/** The main line of the work: what is done, where it stands, what is to come. */
export function StepBar({
  ticket,
  zone,
  nameOf,
}: {
  ticket: TicketState;
  zone: string;
  nameOf: (key: string) => string;
}) {
  const { t, i18n } = useTranslation();
  const now = useNow(60_000);
  const at = rank(ticket.work);
  const isReviewed = ticket.grade === undefined || ticket.grade === 'P1' || ticket.grade === 'P2';
  return (
    <div className={classes.frame}>
      <ol
        className={classes.bar}
        aria-label={t('ticket.page.steps')}
        data-testid="work-state"
        data-work={ticket.work}
      >
        {WORK_STATES.filter((step) => step !== 'reviewed' || isReviewed).map((step) => {
          const reached = ticket.steps[step];
          const state =
            step === ticket.work
              ? 'now'
              : rank(step) > at
                ? 'ahead'
                : reached === undefined
                  ? 'skipped'
                  : 'done';
          const label = t(`ticket.work.${step}`);
          const title =
            reached === undefined
              ? label
              : t('ticket.page.stepDone', {
                  step: label,
                  at: formatInstant(momentOf(ticket, reached.at).at, zone, i18n.language, now),
                  name: nameOf(`user/${reached.actor}`),
                });
          return (
            <li
              key={step}
              className={classes.step}
              data-state={state}
              aria-current={state === 'now' ? 'step' : undefined}
              title={title}
            >
              <span className={classes.label}>{label}</span>
            </li>
          );
        })}
      </ol>
    </div>
  );
}
