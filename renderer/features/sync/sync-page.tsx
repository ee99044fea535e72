import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { ReconnectPreview as Preview, UnsentBlob, Unsynced } from '#shared/host/sync.ts';
import { useDesk } from '../../app/desk.ts';
import { tellTrouble } from '../../app/tell-trouble.ts';
import { CarriedDenied } from './carried-denied.tsx';
import { CarriedRefused } from './carried-refused.tsx';
import { ConnectionFacts } from './connection-facts.tsx';
import { LoginAgain } from './login-again.tsx';
import { ReconnectPreview } from './reconnect-preview.tsx';
import { SyncControls } from './sync-controls.tsx';
import { TransferBar } from './transfer-bar.tsx';
import { UnsentBlobs } from './unsent-blobs.tsx';
import { UnsyncedFacts } from './unsynced-facts.tsx';
import classes from './sync-page.module.css';
import { useSyncStatus } from './use-sync-status.ts';

/** What waits for the server, what it refused and why, what the next connection will do; and the switches that go with it. */
export function SyncPage() {
  const { t } = useTranslation();
  const { host } = useDesk();
  const status = useSyncStatus();
  const [facts, setFacts] = useState<readonly Unsynced[]>();
  const [blobs, setBlobs] = useState<readonly UnsentBlob[]>([]);
  const [preview, setPreview] = useState<Preview>();

  // Told at every change of the status, which counts all that could have changed here.
  useEffect(() => {
    if (status === undefined) return undefined;
    let isMounted = true;
    const read = async (): Promise<void> => {
      const [unsynced, unsent] = await Promise.all([host.sync.unsynced({}), host.sync.unsentBlobs({})]);
      const ahead = status.state === 'demo' ? undefined : await host.sync.preview({});
      if (!isMounted) return;
      setFacts(unsynced.items);
      setBlobs(unsent.items);
      setPreview(ahead);
    };
    read().catch(tellTrouble);
    return () => {
      isMounted = false;
    };
  }, [host, status]);

  if (status === undefined) return null;
  const isDemo = status.state === 'demo';
  const carried = status.carried ?? 0;
  const carriedRefused = status.carriedRefused ?? null;
  const denied = status.carriedDenied ?? [];
  const isConnected = status.state === 'online' || status.state === 'syncing';
  const isQuiet = facts?.length === 0 && blobs.length === 0 && carried === 0;
  return (
    // Without a server nothing in here takes the focus, and who has no mouse must be able to scroll it.
    <div className={classes.page} data-testid="sync-page" tabIndex={isDemo ? 0 : undefined}>
      <h1 className={classes.title}>{t('sync.title')}</h1>
      <p className={classes.lead}>{t(isDemo ? 'sync.demoLead' : 'sync.lead')}</p>
      <ConnectionFacts status={status} />
      {!isDemo && <SyncControls status={status} />}
      {status.state === 'needsLogin' && <LoginAgain />}
      {status.state === 'revoked' && (
        <p className={classes.warning} role="alert">
          {t('sync.revoked', { count: status.unsynced })}
        </p>
      )}
      {facts?.some(({ again }) => again) === true && (
        <p className={classes.lead} data-testid="sync-again">
          {t('sync.again')}
        </p>
      )}
      {status.transfer !== null && <TransferBar transfer={status.transfer} />}
      {preview !== undefined && !isQuiet && !isConnected && <ReconnectPreview preview={preview} />}
      {carriedRefused !== null && <CarriedRefused {...carriedRefused} />}
      {denied.length > 0 && <CarriedDenied items={denied} />}
      {carried > 0 && (
        <p className={classes.lead} data-testid="sync-carried">
          {t('sync.carried', { count: carried })}
        </p>
      )}
      {isQuiet && !isDemo && denied.length === 0 && <p className={classes.lead}>{t('sync.nothing')}</p>}
      {facts !== undefined && facts.length > 0 && <UnsyncedFacts items={facts} />}
      {blobs.length > 0 && <UnsentBlobs items={blobs} />}
    </div>
  );
}
