import { Table } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Unsynced } from '#shared/host/sync.ts';
import { useDesk } from '../../app/desk.ts';
import { tellTrouble } from '../../app/tell-trouble.ts';
import { formatSize } from '../../components/format-size.ts';
import { deviceZone, formatInstant } from '../../components/format-time.ts';
import { joinSentences } from '../../components/join-sentences.ts';
import { useLaptopNow } from '../../components/use-now.ts';
import { useView } from '../../stores/view.ts';
import { tellEvent, useDirectory } from '../ticket/index.ts';
import { explainTrouble } from './explain-trouble.ts';
import { explainVerdict } from './explain-verdict.ts';
import { ResendDialog } from './resend-dialog.tsx';
import classes from './sync-page.module.css';
import { tellAge } from './tell-age.ts';
import { useSyncStatus } from './use-sync-status.ts';
import { tellWaiting } from './tell-waiting.ts';
import { useStreamNames, useTicketNumbers } from './use-stream-names.ts';

/** Many thousand facts after weeks without a network: the first of them tell enough, the count tells the rest. */
const SHOWN = 300;

/** Every fact that the server has not taken: what, since when, how large, why, and when it is tried again. */
export function UnsyncedFacts({ items }: { items: readonly Unsynced[] }) {
  const { t, i18n } = useTranslation();
  const now = useLaptopNow(1_000);
  const { nameOf } = useDirectory();
  const select = useView((view) => view.select);
  const [resent, setResent] = useState<Unsynced>();
  const zone = deviceZone();
  const shown = items.slice(0, SHOWN);
  const streams = shown.map(({ event }) => event.stream);
  const streamName = useStreamNames(streams);
  const tickets = useTicketNumbers(streams);
  const teller = { t, language: i18n.language, zone, now, nameOf };
  return (
    <section>
      <h2 className={classes.subtitle}>{t('sync.factsTitle', { count: items.length })}</h2>
      <Table className={classes.table} stickyHeader highlightOnHover data-testid="unsynced-list">
        <Table.Thead>
          <Table.Tr>
            {(['what', 'when', 'size', 'standing', 'nextTry'] as const).map((column) => (
              <Table.Th key={column}>{t(`sync.${column}`)}</Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {shown.map((item) => {
            const { event, state, bytes, nextTryAt } = item;
            const { sentence, words } = tellEvent(event, teller);
            // One that is not here any more cannot be opened.
            const ticketId = tickets.has(event.stream) ? event.stream.slice('ticket/'.length) : undefined;
            return (
              <Table.Tr key={event.id} data-state={state}>
                <Table.Td>
                  {ticketId === undefined ? (
                    streamName(event.stream)
                  ) : (
                    <button type="button" className={classes.link} onClick={() => select(ticketId)}>
                      {streamName(event.stream)}
                    </button>
                  )}{' '}
                  {sentence}
                  {words !== undefined && <p className={classes.words}>{words}</p>}
                </Table.Td>
                <Table.Td
                  className={classes.figure}
                  title={formatInstant(Date.parse(event.at), zone, i18n.language, now)}
                >
                  {tellAge(now - Date.parse(event.at), i18n.language, t)}
                </Table.Td>
                <Table.Td className={classes.figure}>{formatSize(bytes, i18n.language)}</Table.Td>
                <Table.Td>
                  <Standing item={item} />
                  {state === 'refused' && <Acts item={item} onResend={() => setResent(item)} />}
                </Table.Td>
                <Table.Td className={classes.figure}>{nextTry(nextTryAt, now, t)}</Table.Td>
              </Table.Tr>
            );
          })}
        </Table.Tbody>
      </Table>
      {items.length > SHOWN && (
        <p className={classes.note}>{t('sync.more', { count: items.length - SHOWN })}</p>
      )}
      {resent !== undefined && <ResendDialog item={resent} onClose={() => setResent(undefined)} />}
    </section>
  );
}

function Standing({ item: { state, verdict, trouble, behind } }: { item: Unsynced }) {
  const { t, i18n } = useTranslation();
  const status = useSyncStatus();
  if (behind === true) return t('sync.item.behind');
  if (state === 'waiting')
    return joinSentences(i18n.language, tellWaiting(status, t), trouble && explainTrouble(trouble));
  const reason = verdict === null ? undefined : explainVerdict(verdict, t);
  const words = t(`sync.item.${state}`);
  // Why the office has it comes before that it has it.
  const said = state === 'quarantined' ? [reason, words] : [words, reason];
  return joinSentences(i18n.language, ...said);
}

/** A refused fact waits for a person: corrected and sent again, or given up, which is asked twice. */
function Acts({ item, onResend }: { item: Unsynced; onResend: () => void }) {
  const { t } = useTranslation();
  const { host } = useDesk();
  const [isSure, setSure] = useState(false);
  const discard = (): void => void host.sync.release({ eventId: item.event.id }).catch(tellTrouble);
  return (
    <div className={classes.acts}>
      <button type="button" className={classes.link} data-testid="unsynced-resend" onClick={onResend}>
        {t('sync.resend.act')}
      </button>
      <button
        type="button"
        className={classes.link}
        data-testid="unsynced-discard"
        onBlur={() => setSure(false)}
        onClick={() => (isSure ? discard() : setSure(true))}
      >
        {t(isSure ? 'sync.discardSure' : 'sync.discard')}
      </button>
    </div>
  );
}

/** When it is tried again, in words; a person's turn says nothing. */
export function nextTry(
  at: string | null,
  now: number,
  t: (key: string, values?: Record<string, unknown>) => string,
): string {
  if (at === null) return '';
  const left = Date.parse(at) - now;
  return left <= 0 ? t('sync.atOnce') : t('sync.inSeconds', { seconds: Math.ceil(left / 1000) });
}
