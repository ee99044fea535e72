import { Table } from '@mantine/core';
import { useCallback, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { AdminRefusal } from '#shared/sync/admin.ts';
import { useDesk } from '../../app/desk.ts';
import { deviceZone } from '../../components/format-time.ts';
import { useNow } from '../../components/use-now.ts';
import { explainVerdict, useStreamNames } from '../sync/index.ts';
import { tellEvent, useDirectory, type EventTeller } from '../ticket/index.ts';
import classes from './admin-page.module.css';
import { formatSeen } from './format-seen.ts';
import { More } from './more.tsx';
import { ReasonDialog } from './reason-dialog.tsx';
import { Trouble } from './trouble.tsx';
import { usePages } from './use-pages.ts';

const PAGE = 200;

type Choice = { readonly refusal: AdminRefusal; readonly isAccepting: boolean };

/** Facts that arrived after a right or a device was gone: kept until the office takes them in or puts them away. */
export function HeldBackTab() {
  const { t, i18n } = useTranslation();
  const { host } = useDesk();
  const now = useNow(60_000);
  const { nameOf } = useDirectory();
  const ask = useCallback(
    async (after: string) => {
      const { refusals, next } = await host.admin.refusals({ after, limit: PAGE });
      return { items: refusals, next };
    },
    [host],
  );
  const { value, trouble, refusal: refused, act, forget, more } = usePages(ask);
  const streamName = useStreamNames((value?.items ?? []).map(({ event }) => event?.stream ?? ''));
  const [choice, setChoice] = useState<Choice>();
  const teller = { t, language: i18n.language, zone: deviceZone(), now, nameOf };
  const decide = (reason: string): Promise<boolean> => {
    if (choice === undefined) return Promise.resolve(false);
    const { device, id } = choice.refusal;
    return act(() =>
      choice.isAccepting
        ? host.admin.acceptRefusal({ device, id, reason })
        : host.admin.dismissRefusal({ device, id, reason }),
    );
  };
  return (
    <section>
      <p className={classes.note}>{t('admin.heldBack.lead')}</p>
      <Trouble text={trouble} />
      {value?.items.length === 0 && <p className={classes.note}>{t('admin.heldBack.nothing')}</p>}
      <Table stickyHeader data-testid="admin-held-back">
        {value !== undefined && value.items.length > 0 && (
          <Table.Thead>
            <Table.Tr>
              {(['what', 'who', 'when', 'why'] as const).map((column) => (
                <Table.Th key={column}>{t(`admin.heldBack.${column}`)}</Table.Th>
              ))}
              <Table.Th aria-label={t('admin.acts')} />
            </Table.Tr>
          </Table.Thead>
        )}
        <Table.Tbody>
          {value?.items.map((refusal) => (
            <Table.Tr key={refusal.device + refusal.id}>
              <Table.Td>
                <What event={refusal.event} teller={teller} streamName={streamName} />
              </Table.Td>
              <Table.Td>{refusal.userName}</Table.Td>
              <Table.Td className={classes.figure}>
                {formatSeen(refusal.receivedAt, i18n.language, '')}
              </Table.Td>
              <Table.Td>
                {explainVerdict(refusal, t)}
                {refusal.lostAt !== null && (
                  <p className={classes.words}>
                    {t('admin.heldBack.lostAt', { at: formatSeen(refusal.lostAt, i18n.language, '') })}
                  </p>
                )}
              </Table.Td>
              <Table.Td>
                <div className={classes.acts}>
                  {refusal.mayAccept && (
                    <button
                      type="button"
                      className={classes.link}
                      data-testid="admin-accept"
                      onClick={() => setChoice({ refusal, isAccepting: true })}
                    >
                      {t('admin.heldBack.accept')}
                    </button>
                  )}
                  <button
                    type="button"
                    className={classes.link}
                    data-testid="admin-dismiss"
                    onClick={() => setChoice({ refusal, isAccepting: false })}
                  >
                    {t('admin.heldBack.dismiss')}
                  </button>
                </div>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <More page={value} onMore={more} />
      {choice !== undefined && (
        <ReasonDialog
          title={t(choice.isAccepting ? 'admin.heldBack.accept' : 'admin.heldBack.dismiss')}
          lead={t(choice.isAccepting ? 'admin.heldBack.acceptLead' : 'admin.heldBack.dismissLead')}
          submit={t(choice.isAccepting ? 'admin.heldBack.accept' : 'admin.heldBack.dismiss')}
          trouble={refused}
          onSubmit={decide}
          onClose={() => {
            forget();
            setChoice(undefined);
          }}
        />
      )}
    </section>
  );
}

function What(props: {
  event: AdminRefusal['event'];
  teller: EventTeller;
  streamName: (stream: string) => string;
}) {
  const { t } = useTranslation();
  const { event, teller, streamName } = props;
  if (event === null) return t('admin.heldBack.unreadable');
  const { sentence, words } = tellEvent(event, teller);
  return (
    <>
      {streamName(event.stream)} · {sentence}
      {words !== undefined && <p className={classes.words}>{words}</p>}
    </>
  );
}
