import { MantineProvider } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { useEffect, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { AppInfo } from '#shared/host/app.ts';
import { errorCode } from '#shared/host/errors.ts';
import { LockScreen } from '../features/access/index.ts';
import { FirstStart } from '../features/start/first-start.tsx';
import { connectHost, type HostLink } from '../host/connect.ts';
import { setAppState } from './app-state.ts';
import { useConnectionState } from './connection-state.ts';
import { explainError } from './explain.ts';
import { setLanguage } from './i18n/i18n.ts';
import { keepLanguage } from './last-language.ts';
import { styleNonce } from './nonce.ts';
import { cssVariablesResolver, theme } from './theme.ts';
import { Trouble } from './trouble.tsx';
import { closeStores, OpenWorkspace } from './workspace.tsx';

const link: HostLink = connectHost();

/** Connects to the host and shows the first start, the workspace, or what is wrong. */
export function Application() {
  const { info, connection, trouble } = useHostInfo();
  const { t } = useTranslation();
  const isElsewhere = useConnectionState(({ host }) => host === 'elsewhere');
  const scheme = info?.settings.theme ?? 'system';
  const close = t('app.close');
  const spoken = useMemo(() => withCloseLabel(close), [close]);
  useEffect(() => {
    if (info === undefined) return;
    void setLanguage(info.settings.language);
    keepLanguage(info.settings.language);
    document.documentElement.dataset.density = info.settings.density;
  }, [info]);

  return (
    <MantineProvider
      theme={spoken}
      cssVariablesResolver={cssVariablesResolver}
      defaultColorScheme="auto"
      {...(scheme !== 'system' && { forceColorScheme: scheme })}
      getStyleNonce={() => styleNonce}
    >
      <Notifications position="top-right" autoClose={6000} zIndex={400} />
      <Lost trouble={trouble} isStarted={info !== undefined} />
      {info?.workspace === null && info.access === 'open' && <FirstStart host={link.client} info={info} />}
      {info?.access === 'locked' && <LockScreen host={link.client} info={info} />}
      {!isElsewhere && info !== undefined && info.workspace !== null && info.access === 'open' && (
        <OpenWorkspace host={link.client} info={info} workspace={info.workspace} connection={connection} />
      )}
    </MantineProvider>
  );
}

/** The buttons that close a notification have a name in the reader's language. */
function withCloseLabel(label: string): typeof theme {
  const Notification = { defaultProps: { closeButtonProps: { 'aria-label': label } } };
  return { ...theme, components: { ...theme.components, Notification } };
}

/** Follows what the host says of itself, over every reconnection. */
function useHostInfo(): { info: AppInfo | undefined; connection: number; trouble: unknown } {
  const [info, setInfo] = useState<AppInfo>();
  const [connection, setConnection] = useState(0);
  const [trouble, setTrouble] = useState<unknown>();
  useEffect(() => {
    let controller: AbortController | undefined;
    const watch = async (signal: AbortSignal): Promise<void> => {
      for await (const next of link.client.app.watch({}, { signal })) {
        setInfo(next);
        if (next.access === 'locked') setAppState('locked');
        else if (next.workspace === null) setAppState('start');
      }
    };
    return link.onState((state, reason) => {
      useConnectionState.setState({ host: state });
      setTrouble(reason);
      controller?.abort();
      // Here nothing may be shown, or written, that the other window knows better.
      if (state === 'elsewhere') closeStores();
      if (state !== 'open') return;
      controller = new AbortController();
      setConnection((count) => count + 1);
      // It ends with the connection; the next state says so.
      watch(controller.signal).catch(() => undefined);
    });
  }, []);
  return { info, connection, trouble };
}

/** Shown over everything while the host does not answer, or answers another window. */
function Lost({ trouble, isStarted }: { trouble: unknown; isStarted: boolean }) {
  const { t } = useTranslation();
  const state = useConnectionState((connection) => connection.host);
  const isLost = state === 'dead' || (state === 'reconnecting' && isStarted) || trouble !== undefined;
  useEffect(() => {
    if (state === 'dead' || state === 'elsewhere') setAppState('lost');
  }, [state]);
  if (!isLost || state === 'open') return null;
  const isElsewhere = state === 'elsewhere' || errorCode(trouble) === 'host.clientActive';
  if (isElsewhere) {
    return (
      <Trouble
        testId="host-elsewhere"
        title={t('app.lost.elsewhere')}
        text={explainError(trouble)}
        act={t('app.lost.takeOver')}
        onAct={() => link.takeOver()}
      />
    );
  }
  const isComingBack = state === 'reconnecting';
  return (
    <Trouble
      testId="host-lost"
      title={t('app.lost.title')}
      text={trouble === undefined ? t('app.lost.text') : explainError(trouble)}
      {...(isComingBack
        ? { wait: t('app.lost.reconnecting') }
        : { act: t('app.lost.reload'), onAct: () => window.location.reload() })}
    />
  );
}
