import { Button, Group, PasswordInput, Switch, Table } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Unsynced } from '#shared/host/sync.ts';
import { useDesk } from '../../app/desk.ts';
import { explainError } from '../../app/explain.ts';
import { useNow } from '../../components/use-now.ts';
import { useView } from '../../stores/view.ts';
import classes from './sync-page.module.css';
import { tellEvent, useDirectory } from '../ticket/index.ts';
import { useSyncStatus } from './use-sync-status.ts';

/** What waits for the server, what it refused and why; and the switches that go with it. */
export function SyncPage() {
  const { t, i18n } = useTranslation();
  const { host } = useDesk();
  const status = useSyncStatus();
  const { nameOf } = useDirectory();
  const now = useNow(60_000);
  const select = useView((view) => view.select);
  const [items, setItems] = useState<readonly Unsynced[]>();
  const format = new Intl.DateTimeFormat(i18n.language, { dateStyle: 'short', timeStyle: 'medium' });
  const fail = (thrown: unknown): void =>
    void notifications.show({ color: 'red', message: explainError(thrown) });

  useEffect(() => {
    host.sync.unsynced({}).then((answer) => setItems(answer.items), fail);
  }, [host, status?.unsynced, status?.refused, status?.state]);

  if (status === undefined) return null;
  const teller = {
    t,
    language: i18n.language,
    zone: format.resolvedOptions().timeZone,
    now,
    nameOf,
  };
  /** A code that a newer server has made up stands as it is. */
  const explainVerdict = (code: string): string =>
    t(`sync.verdict.${code.split('.').at(-1)}`, { defaultValue: code });
  const isDemo = status.state === 'demo';
  const exportFile = async (): Promise<void> => {
    try {
      const { path, events } = await host.sync.exportUnsynced({});
      notifications.show({ message: t('sync.exported', { path, count: events }), autoClose: 15_000 });
    } catch (thrown) {
      fail(thrown);
    }
  };

  return (
    // Without a server nothing in here takes the focus, and who has no mouse must be able to scroll it.
    <div className={classes.page} data-testid="sync-page" tabIndex={isDemo ? 0 : undefined}>
      <h1 className={classes.title}>{t('sync.title')}</h1>
      <p className={classes.lead}>{t(isDemo ? 'sync.demoLead' : 'sync.lead')}</p>
      <dl className={classes.facts}>
        <dt>{t('sync.connection')}</dt>
        <dd>{t(`sync.state.${status.state}`, { since: format.format(new Date(status.since)) })}</dd>
        <dt>{t('sync.lastSynced')}</dt>
        <dd>
          {status.lastSyncedAt === null ? t('sync.never') : format.format(new Date(status.lastSyncedAt))}
        </dd>
        {status.oldestPendingAt !== null && (
          <>
            <dt>{t('sync.oldest')}</dt>
            <dd>{format.format(new Date(status.oldestPendingAt))}</dd>
          </>
        )}
        {status.lastError !== null && (
          <>
            <dt>{t('sync.lastError')}</dt>
            <dd>
              {explainError(
                Object.assign(new Error(status.lastError.message), { code: status.lastError.code }),
              )}
            </dd>
          </>
        )}
      </dl>
      {!isDemo && (
        <Group gap="md" mb="lg">
          <Button size="sm" data-testid="sync-now" onClick={() => void host.sync.now({}).catch(fail)}>
            {t('sync.now')}
          </Button>
          <Switch
            data-testid="sync-offline"
            label={t('sync.stayOffline')}
            checked={status.offlineByChoice}
            onChange={(event) =>
              void host.sync.setOffline({ offline: event.currentTarget.checked }).catch(fail)
            }
          />
          <Button size="sm" variant="default" data-testid="sync-export" onClick={() => void exportFile()}>
            {t('sync.export')}
          </Button>
        </Group>
      )}
      {status.state === 'needsLogin' && <LoginAgain />}
      {items !== undefined && items.length === 0 && !isDemo && (
        <p className={classes.lead}>{t('sync.nothing')}</p>
      )}
      {items !== undefined && items.length > 0 && (
        <Table stickyHeader highlightOnHover data-testid="unsynced-list">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t('sync.what')}</Table.Th>
              <Table.Th>{t('sync.when')}</Table.Th>
              <Table.Th>{t('sync.standing')}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {items.map(({ event, state, verdict }) => (
              <Table.Tr key={event.id} data-state={state}>
                <Table.Td>
                  {event.stream.startsWith('ticket/') ? (
                    <button
                      type="button"
                      className={classes.link}
                      onClick={() => select(event.stream.slice('ticket/'.length))}
                    >
                      {tellEvent(event, teller).sentence}
                    </button>
                  ) : (
                    tellEvent(event, teller).sentence
                  )}
                </Table.Td>
                <Table.Td>{format.format(new Date(event.at))}</Table.Td>
                <Table.Td>
                  {t(`sync.item.${state}`)}
                  {verdict?.code !== undefined && ` ${explainVerdict(verdict.code)}`}
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
    </div>
  );
}

function LoginAgain() {
  const { t } = useTranslation();
  const { host } = useDesk();
  const [password, setPassword] = useState('');
  const [trouble, setTrouble] = useState<string>();
  const login = async (): Promise<void> => {
    setTrouble(undefined);
    try {
      await host.app.login({ password });
      setPassword('');
    } catch (thrown) {
      setTrouble(explainError(thrown));
    }
  };
  return (
    <form
      className={classes.login}
      onSubmit={(event) => {
        event.preventDefault();
        void login();
      }}
    >
      <PasswordInput
        label={t('sync.password')}
        value={password}
        error={trouble}
        data-testid="login-password"
        onChange={(event) => setPassword(event.currentTarget.value)}
      />
      <Button type="submit" disabled={password === ''} data-testid="login-submit">
        {t('sync.login')}
      </Button>
    </form>
  );
}
