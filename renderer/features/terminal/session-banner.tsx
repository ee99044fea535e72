import { Button } from '@mantine/core';
import { CircleAlert, CircleCheck, Info } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { HostError } from '#shared/host/errors.ts';
import { explainError, explainRefusal } from '../../app/explain.ts';
import { useView, type DockTab } from '../../stores/view.ts';
import { formatDuration } from '../../components/format-duration.ts';
import { formatSize } from '../../components/format-size.ts';
import type { ScreenEnd, ScreenNotice } from './session-events.ts';
import type { ScreenPhase } from './use-session.ts';
import classes from './terminal.module.css';

interface Props {
  readonly tab: DockTab;
  readonly phase: ScreenPhase;
  readonly notices: readonly ScreenNotice[];
  readonly onReconnect: () => void;
  readonly onReattach: () => void;
  readonly onKeep: () => void;
}

/** What happened to the session and to its recording, with the way on. Empty while all is well. */
export function SessionBanner({ tab, phase, notices, onReconnect, onReattach, onKeep }: Props) {
  const { t, i18n } = useTranslation();
  const openTab = useView((view) => view.openTab);
  const { end, kept } = phase;
  const isMoved = end?.why === 'movedToAnotherScreen';
  return (
    <div role="status" className={classes.banners}>
      {notices.map((notice, index) => (
        <p key={index} className={classes.banner} data-tone="warning">
          <CircleAlert size={15} aria-hidden /> {explainNotice(notice)}
        </p>
      ))}
      {end !== undefined && (
        <div
          className={classes.banner}
          data-tone={end.why === 'error' ? 'warning' : 'quiet'}
          data-testid="terminal-end"
        >
          {end.why === 'error' ? <CircleAlert size={15} aria-hidden /> : <Info size={15} aria-hidden />}
          <span>{explainEnd(end, t)}</span>
          {isMoved ? (
            <Button size="compact-xs" variant="default" onClick={onReattach}>
              {t('terminal.end.showHere')}
            </Button>
          ) : (
            <Button size="compact-xs" variant="default" data-testid="terminal-again" onClick={onReconnect}>
              {t('terminal.end.again')}
            </Button>
          )}
        </div>
      )}
      {kept?.kind === 'attached' && (
        <div className={classes.banner} data-tone="good" data-testid="terminal-kept">
          <CircleCheck size={15} aria-hidden />
          <span>
            {t('terminal.kept.attached', {
              time: formatDuration(kept.durationMs),
              size: formatSize(kept.size, i18n.language),
            })}
            {!kept.complete && ` ${t('terminal.kept.incomplete')}`}
          </span>
          <Button
            size="compact-xs"
            variant="default"
            data-testid="terminal-replay"
            onClick={() =>
              openTab({
                id: `player/${kept.sha256}`,
                kind: 'player',
                ticketId: tab.ticketId,
                title: t('terminal.player.tabTitle', { title: phase.session.title }),
                params: { sha256: kept.sha256 },
              })
            }
          >
            {t('terminal.kept.replay')}
          </Button>
        </div>
      )}
      {kept?.kind === 'none' && (
        <p className={classes.banner} data-tone="quiet">
          <Info size={15} aria-hidden /> {t('terminal.kept.none')}
        </p>
      )}
      {(kept?.kind === 'refused' || kept?.kind === 'failed') && (
        <div className={classes.banner} data-tone="warning" data-testid="terminal-not-kept">
          <CircleAlert size={15} aria-hidden />
          <span>
            {t('terminal.kept.refused')}{' '}
            {kept.kind === 'refused' ? explainRefusal(kept.refusal) : explainError(kept.thrown)}
          </span>
          <Button size="compact-xs" variant="default" onClick={onKeep}>
            {t('app.retry')}
          </Button>
        </div>
      )}
    </div>
  );
}

function explainNotice(notice: ScreenNotice): string {
  return explainError('thrown' in notice ? notice.thrown : new HostError(notice.code, notice.message));
}

function explainEnd(end: ScreenEnd, t: (key: string, values?: Record<string, unknown>) => string): string {
  if ('thrown' in end) return explainError(end.thrown);
  if (end.why === 'error' && end.code !== undefined)
    return explainError(new HostError(end.code, end.message ?? ''));
  if (end.why === 'exit')
    return end.signal === undefined
      ? t('terminal.end.exit', { code: end.exitCode ?? '–' })
      : t('terminal.end.signal', { signal: end.signal });
  return t(`terminal.end.${end.why}`);
}
