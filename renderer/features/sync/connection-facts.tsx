import { useTranslation } from 'react-i18next';
import type { SyncStatus } from '#shared/host/sync.ts';
import { useDesk } from '../../app/desk.ts';
import { explainTrouble, troubleOf } from './explain-trouble.ts';
import { deviceZone, formatInstant, formatLength } from '../../components/format-time.ts';
import { useLaptopNow } from '../../components/use-now.ts';
import { clockOff } from './clock-off.ts';
import { tellAge } from './tell-age.ts';
import { tellState } from './tell-state.ts';
import classes from './sync-page.module.css';

/** How the connection stands, and what the watchdog and the clock have to say. */
export function ConnectionFacts({ status }: { status: SyncStatus }) {
  const { t, i18n } = useTranslation();
  const now = useLaptopNow(1_000);
  const at = (instant: string): string =>
    formatInstant(Date.parse(instant), deviceZone(), i18n.language, now);
  const { stuck, nextTryAt } = status;
  const offMs = clockOff(status.clock);
  const trouble = troubleOf(status);
  const { deviceCode, renewed } = useDesk().workspace;
  return (
    <dl className={classes.facts}>
      <dt>{t('sync.connection')}</dt>
      <dd>{tellState(status, at(status.since), t)}</dd>
      <dt>{t('sync.lastSynced')}</dt>
      <dd>{status.lastSyncedAt === null ? t('sync.never') : at(status.lastSyncedAt)}</dd>
      {status.oldestPendingAt !== null && (
        <>
          <dt>{t('sync.oldest')}</dt>
          <dd>
            {at(status.oldestPendingAt)} ·{' '}
            {tellAge(now - Date.parse(status.oldestPendingAt), i18n.language, t)}
          </dd>
        </>
      )}
      {trouble !== null && (
        <>
          <dt>{t('sync.lastError')}</dt>
          <dd data-testid="sync-trouble">{explainTrouble(trouble)}</dd>
        </>
      )}
      {nextTryAt !== null && status.state !== 'online' && (
        <>
          <dt>{t('sync.nextTry')}</dt>
          <dd data-testid="sync-next-try">
            {Date.parse(nextTryAt) > now
              ? t('sync.inSeconds', { seconds: Math.ceil((Date.parse(nextTryAt) - now) / 1000) })
              : t('sync.atOnce')}
          </dd>
        </>
      )}
      {stuck !== null && (
        <>
          <dt>{t('sync.stuck')}</dt>
          <dd data-testid="sync-stuck">
            {t('sync.stuckSince', { count: status.unsynced, since: at(stuck.since) })}{' '}
            {t(`sync.stuckReason.${stuck.reason}`, { defaultValue: stuck.reason })}
          </dd>
        </>
      )}
      {status.late && (
        <>
          <dt>{t('sync.live')}</dt>
          <dd data-testid="sync-late">{t('sync.late')}</dd>
        </>
      )}
      {renewed !== undefined && (
        <>
          <dt>{t('sync.identity')}</dt>
          <dd data-testid="sync-renewed">
            {t('sync.renewed', { from: renewed.from, code: deviceCode, at: at(renewed.at) })}
          </dd>
        </>
      )}
      {offMs !== undefined && (
        <>
          <dt>{t('sync.clock')}</dt>
          <dd data-testid="sync-clock">
            {t(clockText(offMs, status.clock), { length: formatLength(offMs, i18n.language) })}
          </dd>
        </>
      )}
    </dl>
  );
}

function clockText(offMs: number, clock: SyncStatus['clock']) {
  if (clock?.isFloor === true) return 'sync.clockStoodStill';
  return offMs > 0 ? 'sync.clockSlow' : 'sync.clockFast';
}
