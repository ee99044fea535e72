import { Tooltip } from '@mantine/core';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { Clock } from '#shared/domain/sla/clock.ts';
import { promisesOf } from '#shared/domain/ticket/promises.ts';
import type { TicketState } from '#shared/domain/ticket/state.ts';
import { explainClock } from './explain-clock.ts';
import { formatInstant, formatRemaining } from '../../components/format-time.ts';
import { promiseView, type PromiseView } from './promise-view.ts';
import { useNow } from '../../components/use-now.ts';
import classes from './promise-strip.module.css';

/** The five promises: how each stands, how long it has, and on hover or focus why. */
export function PromiseStrip({ ticket, zone }: { ticket: TicketState; zone: string }) {
  const { t } = useTranslation();
  // The end of the present second: what was written within it must not lie in the future.
  const now = useNow(1000) + 999;
  const promises = useMemo(() => promisesOf(ticket, now), [ticket, now]);
  return (
    <ul className={classes.strip} aria-label={t('ticket.clock.label')} data-testid="promises">
      {promises.map((clock) => (
        <li key={clock.promise} className={classes.promise}>
          <PromiseCell clock={clock} zone={zone} now={now} />
        </li>
      ))}
    </ul>
  );
}

function PromiseCell({ clock, zone, now }: { clock: Clock; zone: string; now: number }) {
  const { t, i18n } = useTranslation();
  const language = i18n.language;
  const view = promiseView(clock, now);
  const at = (instant: number): string => formatInstant(instant, zone, language, now);
  const sentences = explainClock(clock, { t, language, zone, now });
  const name = t(`ticket.promise.${clock.promise}`);
  return (
    <Tooltip
      events={{ hover: true, focus: true, touch: true }}
      multiline
      w={340}
      openDelay={250}
      position="bottom-start"
      label={
        <span className={classes.why}>
          {sentences.map((sentence) => (
            <span key={sentence}>{sentence}</span>
          ))}
        </span>
      }
    >
      {/* A clock can be asked: it is a stop of the Tab key for those without a mouse. */}
      <button
        type="button"
        className={classes.cell}
        data-testid={`promise-${clock.promise}`}
        data-state={clock.state}
        data-tone={view.tone}
      >
        <span className={classes.name}>{name}</span>
        <b className={classes.head}>{headline(clock, view)}</b>
        <span className={classes.under}>{underline(clock, view)}</span>
        <span className={classes.bar} data-held={view.tone === 'held'}>
          <span style={{ width: `${view.barPercent}%` }} />
        </span>
        <span className="visually-hidden">
          {t(`ticket.state.${clock.state}`)}. {sentences.join(' ')}
        </span>
      </button>
    </Tooltip>
  );

  function headline(clock: Clock, view: PromiseView): string {
    const left = formatRemaining(Math.abs(view.leftMs ?? 0), language);
    switch (clock.state) {
      case 'notStarted':
        return t(`ticket.clock.${waitsFor(clock)}`);
      case 'running':
        return view.leftMs === undefined ? t('ticket.state.running') : t('ticket.clock.left', { time: left });
      case 'paused':
        return t('ticket.clock.paused');
      case 'met':
        return t('ticket.clock.met', { at: clock.fulfilledAt === undefined ? '' : at(clock.fulfilledAt) });
      case 'breached':
        return view.leftMs === undefined
          ? t('ticket.clock.breached')
          : t('ticket.clock.late', { time: left });
      case 'disputed':
      case 'stopped':
        return t(`ticket.clock.${clock.state}`);
    }
  }

  function underline(clock: Clock, view: PromiseView): string {
    if (clock.state === 'breached' && clock.fulfilledAt !== undefined) {
      return t('ticket.clock.doneLate', { at: at(clock.fulfilledAt) });
    }
    if (clock.state === 'paused' && view.leftMs !== undefined) {
      return t('ticket.clock.left', { time: formatRemaining(Math.max(0, view.leftMs), language) });
    }
    if (clock.state === 'met' || view.due === undefined) return '\u00A0';
    return t('ticket.clock.due', { at: at(view.due) });
  }
}

/** What a clock that has not begun waits for, as a key of its text. */
function waitsFor(clock: Clock): string {
  const line = clock.explanation[0];
  if (line?.code === 'notGraded' || line?.code === 'notPromised') return line.code;
  if (clock.promise === 'callBack') return 'afterResolved';
  return line?.code === 'waitsFor' && line.params.fact === 'restored' ? 'afterRestored' : 'afterResolved';
}
