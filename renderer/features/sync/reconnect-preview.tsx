import { useTranslation } from 'react-i18next';
import type { ReconnectPreview as Preview } from '#shared/host/sync.ts';
import { formatSize } from '../../components/format-size.ts';
import { deviceZone, formatInstant, formatWait } from '../../components/format-time.ts';
import { useLaptopNow } from '../../components/use-now.ts';
import classes from './sync-page.module.css';
import { useStreamNames } from './use-stream-names.ts';

/** What the next connection will do, said before it happens. */
export function ReconnectPreview({ preview }: { preview: Preview }) {
  const { t, i18n } = useTranslation();
  const now = useLaptopNow(60_000);
  const { facts, blobs, staying, seconds, needsLogin, lastSyncedAt } = preview;
  const size = (bytes: number): string => formatSize(bytes, i18n.language);
  const streamName = useStreamNames(staying.map(({ stream }) => stream));
  return (
    <section className={classes.preview} data-testid="sync-preview">
      <h2>{t('sync.preview.title')}</h2>
      <ul>
        {needsLogin && <li>{t('sync.preview.login')}</li>}
        {facts.count > 0 && (
          <li>{t('sync.preview.facts', { count: facts.count, size: size(facts.bytes) })}</li>
        )}
        {blobs.count > 0 && (
          <li>{t('sync.preview.blobs', { count: blobs.count, size: size(blobs.bytes) })}</li>
        )}
        {blobs.heldByMetered > 0 && <li>{t('sync.preview.metered', { count: blobs.heldByMetered })}</li>}
        {seconds !== null && (
          <li>{t('sync.preview.time', { length: formatWait(seconds * 1000, i18n.language) })}</li>
        )}
        {staying.map(({ stream, count, why }) => (
          <li key={stream + why}>
            {streamName(stream)}: {t(`sync.preview.stays.${why}`, { count })}
          </li>
        ))}
        <li>
          {lastSyncedAt === null
            ? t('sync.preview.othersNever')
            : t('sync.preview.others', {
                at: formatInstant(Date.parse(lastSyncedAt), deviceZone(), i18n.language, now),
              })}
        </li>
      </ul>
    </section>
  );
}
