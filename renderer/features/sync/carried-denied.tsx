import { useTranslation } from 'react-i18next';
import type { SyncStatus } from '#shared/host/sync.ts';
import { useDesk } from '../../app/desk.ts';
import { tellTrouble } from '../../app/tell-trouble.ts';
import { explainVerdict } from './explain-verdict.ts';
import classes from './sync-page.module.css';
import { useStreamNames } from './use-stream-names.ts';

/** More than a person reads one by one; the count tells the rest. */
const SHOWN = 20;

/** Imported facts that the server has refused for good: which and why, until somebody has seen it. */
export function CarriedDenied({ items }: { items: NonNullable<SyncStatus['carriedDenied']> }) {
  const { t } = useTranslation();
  const { host } = useDesk();
  const shown = items.slice(0, SHOWN);
  const streamName = useStreamNames(shown.map(({ stream }) => stream));
  return (
    <section className={classes.preview} data-testid="sync-carried-denied">
      <h2>{t('sync.carriedDenied', { count: items.length })}</h2>
      <ul>
        {shown.map(({ stream, verdict }) => (
          <li key={verdict.id}>
            {streamName(stream)}: {explainVerdict(verdict, t)}
          </li>
        ))}
        {items.length > SHOWN && <li>{t('sync.more', { count: items.length - SHOWN })}</li>}
      </ul>
      <p className={classes.note}>{t('sync.carriedDeniedNote')}</p>
      <button
        type="button"
        className={classes.link}
        data-testid="sync-denied-seen"
        onClick={() => void host.sync.noteDeniedSeen({}).catch(tellTrouble)}
      >
        {t('sync.carriedDeniedSeen')}
      </button>
    </section>
  );
}
