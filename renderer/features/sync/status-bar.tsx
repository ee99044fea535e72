import { useTranslation } from 'react-i18next';
import { useDesk } from '../../app/desk.ts';
import { useView } from '../../stores/view.ts';
import { nameIn } from '../../app/i18n/i18n.ts';
import { useEntity } from '../../app/use-live.ts';
import { useConnectionState } from '../../app/connection-state.ts';
import classes from './status-bar.module.css';
import { formatLength } from '../../components/format-time.ts';
import { explainTrouble, troubleOf } from './explain-trouble.ts';
import { clockOff } from './clock-off.ts';
import { tellState } from './tell-state.ts';
import { useFollowSyncStatus, useSyncStatus } from './use-sync-status.ts';

/** Connection, unsynced, journal, who and which device: always in sight, each opens what it speaks of. */
export function StatusBar() {
  const { t, i18n } = useTranslation();
  const { workspace } = useDesk();
  const go = useView((view) => view.go);
  const person = useEntity('user', workspace.userId);
  useFollowSyncStatus();
  const status = useSyncStatus();
  const hostState = useConnectionState((state) => state.host);
  const state = status?.state ?? 'offline';
  const trouble = status && troubleOf(status);
  const offMs = clockOff(status?.clock);
  const since =
    status &&
    new Intl.DateTimeFormat(i18n.language, {
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    }).format(new Date(status.since));
  return (
    <footer className={classes.bar} data-testid="status-bar">
      <button
        type="button"
        className={classes.item}
        data-testid="status-connection"
        data-state={state}
        title={state === 'needsLogin' && trouble ? explainTrouble(trouble) : undefined}
        onClick={() => go('sync')}
      >
        <span className={classes.dot} data-state={state} aria-hidden />
        {tellState(status, since, t)}
      </button>
      {state !== 'demo' && (
        <button
          type="button"
          className={classes.item}
          data-testid="status-unsynced"
          data-count={status?.unsynced ?? 0}
          onClick={() => go('sync')}
        >
          <span className={classes.ring} data-some={(status?.unsynced ?? 0) > 0} aria-hidden />
          {t('sync.unsynced', { count: status?.unsynced ?? 0 })}
          {status !== undefined &&
            status.unsentBlobs > 0 &&
            ` · ${t('sync.unsentFiles', { count: status.unsentBlobs })}`}
        </button>
      )}
      {status !== undefined && status.refused > 0 && (
        <button
          type="button"
          className={classes.item}
          data-testid="status-refused"
          onClick={() => go('sync')}
        >
          {t('sync.refusedCount', { count: status.refused })}
        </button>
      )}
      {offMs !== undefined && (
        <button
          type="button"
          className={classes.item}
          data-testid="status-clock"
          title={t('sync.clockMeans')}
          onClick={() => go('sync')}
        >
          {t(offMs > 0 ? 'sync.clockIsSlow' : 'sync.clockIsFast', {
            length: formatLength(offMs, i18n.language),
          })}
        </button>
      )}
      <span className={classes.item} data-testid="status-journal">
        {hostState === 'open' ? t('sync.journalOk') : t('app.lost.reconnecting')}
      </span>
      <span className={classes.end}>
        <button type="button" className={classes.item} onClick={() => go('settings')}>
          {nameIn(i18n.language, person) || workspace.userName} · {workspace.deviceCode}
        </button>
      </span>
    </footer>
  );
}
