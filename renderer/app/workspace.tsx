import { notifications } from '@mantine/notifications';
import { useEffect, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { AppInfo, Workspace } from '#shared/host/app.ts';
import { openStore, type StoreClient } from '../db/open-store.ts';
import type { HostClient } from '../host/connect.ts';
import { runEngine } from '../sync/engine.ts';
import { DeskContext, type Desk } from './desk.ts';
import { explainError } from './explain.ts';
import { Frame } from './frame.tsx';
import { setAppState } from './app-state.ts';

/** The store outlives a lost connection to the host: it is opened once for a workspace. */
const stores = new Map<string, Promise<StoreClient>>();

function storeOf(workspaceId: string, host: HostClient): Promise<StoreClient> {
  const known = stores.get(workspaceId);
  if (known !== undefined) return known;
  const open = openStore(workspaceId, host.app.cacheKey({}));
  stores.set(workspaceId, open);
  // Without its key it is not opened; the next connection asks again.
  open.catch(() => stores.delete(workspaceId));
  return open;
}

/** An open workspace: store and engine behind the frame. `connection` counts connections: the engine starts anew with each. */
export function OpenWorkspace(props: {
  host: HostClient;
  info: AppInfo;
  workspace: Workspace;
  connection: number;
}) {
  const { host, info, workspace, connection } = props;
  const { t } = useTranslation();
  const [store, setStore] = useState<StoreClient>();
  const [notice, setNotice] = useState<string>();

  useEffect(() => {
    let isMounted = true;
    storeOf(workspace.workspaceId, host).then(
      (opened) => isMounted && setStore(() => opened as StoreClient),
      (thrown: unknown) => setNotice(explainError(thrown)),
    );
    return () => {
      isMounted = false;
    };
  }, [host, workspace.workspaceId, connection]);

  useEffect(() => {
    if (store === undefined) return undefined;
    const controller = new AbortController();
    runEngine(
      host,
      store,
      {
        onJournalRead: () => setAppState('ready'),
        onBootstrap: (progress) => setNotice(progress && t('app.bootstrap', { ...progress })),
        onBootstrapWaits: () => setNotice(t('app.bootstrapWaits')),
        onRebuild: (isRebuilding) => setNotice(isRebuilding ? t('app.rebuild') : undefined),
        onStoreClosed: (isClosed) => setNotice(t(isClosed ? 'app.storeClosed' : 'app.rebuild')),
        onTrouble: (thrown) =>
          notifications.show({ color: 'red', message: explainError(thrown), id: 'engine-trouble' }),
      },
      controller.signal,
      { homeScope: `region/${workspace.homeRegion}` },
    ).catch((thrown: unknown) => {
      // The connection is gone; the next one starts the engine again.
      if (!controller.signal.aborted) setNotice(undefined);
      void thrown;
    });
    return () => controller.abort();
  }, [host, store, connection, workspace.homeRegion, t]);

  const desk = useMemo<Desk | undefined>(
    () => store && { host, store, info, workspace },
    [host, store, info, workspace],
  );
  if (desk === undefined) return <p style={{ padding: 24 }}>{notice ?? t('app.loading')}</p>;
  return (
    <DeskContext value={desk}>
      <Frame notice={notice} />
    </DeskContext>
  );
}
