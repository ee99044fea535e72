import { Progress } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Transfer } from '#shared/host/sync.ts';
import { formatSize } from '../../components/format-size.ts';
import { formatWait } from '../../components/format-time.ts';
import classes from './sync-page.module.css';

/** A long transfer: how much, how fast, how long still. */
export function TransferBar({ transfer }: { transfer: Transfer }) {
  const { t, i18n } = useTranslation();
  const { kind, doneBytes, totalBytes, bytesPerSecond, secondsLeft } = transfer;
  return (
    <div className={classes.transfer} data-testid="sync-transfer">
      <Progress value={(100 * doneBytes) / Math.max(1, totalBytes)} aria-label={t(`sync.transfer.${kind}`)} />
      <p className={classes.note}>
        {t(`sync.transfer.${kind}`)} ·{' '}
        {t('sync.transfer.of', {
          done: formatSize(doneBytes, i18n.language),
          total: formatSize(totalBytes, i18n.language),
        })}
        {bytesPerSecond !== null &&
          ` · ${t('sync.transfer.rate', { size: formatSize(bytesPerSecond, i18n.language) })}`}
        {secondsLeft !== null &&
          ` · ${t('sync.transfer.left', { length: formatWait(secondsLeft * 1000, i18n.language) })}`}
      </p>
    </div>
  );
}
