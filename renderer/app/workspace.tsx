import { notifications } from '@mantine/notifications';
import { useEffect, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { AppInfo, Workspace } from '#shared/host/app.ts';
import { openStore, type OpenStore } from '../db/open-store.ts';
import type { HostClient } from '../host/connect.ts';
import { runEngine } from '../sync/engine.ts';
import { DeskContext, type Desk } from './desk.ts';
import { explainError } from './explain.ts';
import { Frame } from './frame.tsx';
import { setAppState } from './app-state.ts';
import { Trouble } from './trouble.tsx';

/** The store outlives a lost connection to the host: it is opened once for a workspace. */
const stores = new Map<string, Promise<OpenStore>>();

function storeOf(workspaceId: string, host: HostClient): Promise<OpenStore> {
  const known = stores.get(workspaceId);
  if (known !== undefined) return known;
  const open = openStore(workspaceId, host.app.cacheKey({}));
  stores.set(workspaceId, open);
  const forget = (): void => {
    if (stores.get(workspaceId) === open) stores.delete(workspaceId);
  };
  // Without its key it is not opened; the next connection asks again.
  open.then(({ ended }) => ended).then(forget, forget);
  return open;
}

/** Gives the database free: another window goes on with it. */
export function closeStores(): void {
  for (const open of stores.values()) {
    open.then(
      (store) => store.close(),
      () => undefined,
    );
  }
  stores.clear();
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
  const [opened, setOpened] = useState<OpenStore>();
  const [failure, setFailure] = useState<string>();
  const [start, setStart] = useState(0);
  const store = opened?.client;
  const [notice, setNotice] = useState<string>();

  useEffect(() => {
    let isMounted = true;
    storeOf(workspace.workspaceId, host)
      .then((open) => {
        if (!isMounted) return undefined;
        setFailure(undefined);
        setOpened(open);
        return open.ended.then(() => isMounted && setFailure(t('app.store.ended')));
      })
      .catch((thrown: unknown) => isMounted && setFailure(explainError(thrown)));
    return () => {
      isMounted = false;
    };
  }, [host, workspace.workspaceId, connection, start, t]);

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
  return (
    <>
      {failure !== undefined && (
        <Trouble
          testId="store-ended"
          title={t('app.store.title')}
          text={failure}
          act={t('app.store.restart')}
          onAct={() => setStart((count) => count + 1)}
        />
      )}
      {desk === undefined ? (
        failure === undefined && <p style={{ padding: 24 }}>{notice ?? t('app.loading')}</p>
      ) : (
        <DeskContext value={desk}>
          <Frame notice={notice} />
        </DeskContext>
      )}
    </>
  );
}
