import { Table } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { UnsentBlob } from '#shared/host/sync.ts';
import { formatSize } from '../../components/format-size.ts';
import { joinSentences } from '../../components/join-sentences.ts';
import { useLaptopNow } from '../../components/use-now.ts';
import { explainTrouble } from './explain-trouble.ts';
import { tellAge } from './tell-age.ts';
import { tellWaiting } from './tell-waiting.ts';
import { useAttachmentNames } from './use-attachment-names.ts';
import classes from './sync-page.module.css';
import { nextTry } from './unsynced-facts.tsx';
import { useStreamNames } from './use-stream-names.ts';
import { useSyncStatus } from './use-sync-status.ts';

/** Attachments that the server does not hold safely yet. The copies here stay until it says that it does. */
export function UnsentBlobs({ items }: { items: readonly UnsentBlob[] }) {
  const { t, i18n } = useTranslation();
  const now = useLaptopNow(1_000);
  const status = useSyncStatus();
  const streamName = useStreamNames(items.map(({ stream }) => stream));
  const names = useAttachmentNames(items);
  return (
    <section>
      <h2 className={classes.subtitle}>{t('sync.blobsTitle', { count: items.length })}</h2>
      <Table className={classes.table} stickyHeader data-testid="unsent-blobs">
        <Table.Thead>
          <Table.Tr>
            {(['what', 'when', 'size', 'standing', 'nextTry'] as const).map((column) => (
              <Table.Th key={column}>{t(`sync.${column}`)}</Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {items.map(({ sha256, bytes, sentBytes, priority, state, reason, nextTryAt, at, stream }) => (
            <Table.Tr key={sha256} data-state={state}>
              <Table.Td>
                {streamName(stream)}{' '}
                {names.get(sha256) ?? <span className={classes.hash}>{sha256.slice(0, 8)}</span>}
                <p className={classes.words}>{t(`sync.priority.${priority}`)}</p>
              </Table.Td>
              <Table.Td className={classes.figure}>
                {tellAge(now - Date.parse(at), i18n.language, t)}
              </Table.Td>
              <Table.Td>
                {sentBytes > 0 && (
                  <>
                    <span className={classes.figure}>{formatSize(sentBytes, i18n.language)} /</span>{' '}
                  </>
                )}
                <span className={classes.figure}>{formatSize(bytes, i18n.language)}</span>
              </Table.Td>
              <Table.Td>
                {joinSentences(
                  i18n.language,
                  state === 'waiting' ? tellWaiting(status, t) : t(`sync.blob.${state}`),
                  reason === null ? undefined : explainTrouble({ code: reason, message: reason }),
                )}
              </Table.Td>
              <Table.Td className={classes.figure}>{nextTry(nextTryAt, now, t)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </section>
  );
}
