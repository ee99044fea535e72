import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useDesk } from '../../app/desk.ts';
import { explainError } from '../../app/explain.ts';
import { useView, type DockTab } from '../../stores/view.ts';
import type { LineSource } from './line-source.ts';
import { LocalSource } from './local-source.ts';
import { LogViewer } from './log-viewer.tsx';
import { OpenForm } from './open-form.tsx';
import { RemoteSource } from './remote-source.ts';
import classes from './log.module.css';

/**
 * A log of a ticket: `params.path` on this computer, or with `params.mode` `remote` on the device of
 * `params.sessionId`. Without a path it asks.
 */
export function LogTab({ tab }: { tab: DockTab }) {
  const { t } = useTranslation();
  const { host } = useDesk();
  const patchTab = useView((view) => view.patchTab);
  const { path, sessionId } = tab.params;
  const mode = tab.params['mode'] === 'remote' ? 'remote' : 'local';
  const [source, setSource] = useState<LineSource>();
  const [failure, setFailure] = useState<string>();

  useEffect(() => {
    if (path === undefined) return;
    let isWanted = true;
    let opened: LineSource | undefined;
    const open = async (): Promise<void> => {
      try {
        const next = mode === 'local' ? await LocalSource.open(host, path) : await remote();
        opened = next;
        if (isWanted) setSource(next);
        else next.close();
      } catch (thrown) {
        if (!isWanted) return;
        setFailure(explainError(thrown));
        patchTab(tab.id, { params: { mode } });
      }
    };
    const remote = async (): Promise<LineSource> => {
      const session = (await host.ssh.sessions({})).find(
        (known) => known.sessionId === sessionId && known.state === 'open',
      );
      if (session === undefined) throw new SessionGone();
      return new RemoteSource(host, session, path);
    };
    void open();
    // A reload leaves no time for an answer; the message still goes out.
    const leave = (): void => opened?.close();
    window.addEventListener('pagehide', leave);
    return () => {
      isWanted = false;
      window.removeEventListener('pagehide', leave);
      opened?.close();
      setSource(undefined);
    };
  }, [host, path, mode, sessionId, patchTab, tab.id]);

  if (path === undefined) {
    return (
      <div className={classes.tab}>
        <OpenForm
          ticketId={tab.ticketId}
          mode={mode}
          failure={failure}
          onMode={(next) => {
            setFailure(undefined);
            patchTab(tab.id, { params: { mode: next } });
          }}
          onOpen={(next) => {
            setFailure(undefined);
            patchTab(tab.id, { title: nameOf(next), params: { mode: 'local', path: next } });
          }}
          onTail={(session, next) => {
            setFailure(undefined);
            patchTab(tab.id, {
              title: `${nameOf(next)} · ${session.title}`,
              params: { mode: 'remote', path: next, sessionId: session.sessionId },
            });
          }}
        />
      </div>
    );
  }
  return (
    <div className={classes.tab}>
      {source === undefined ? (
        <p className={classes.empty}>{t('log.opening', { path })}</p>
      ) : (
        <LogViewer source={source} tabId={tab.id} ticketId={tab.ticketId} isFollowed={mode === 'remote'} />
      )}
    </div>
  );
}

/** The session of a followed file has ended meanwhile. */
class SessionGone extends Error {
  readonly code = 'ssh.noSession';
}

function nameOf(path: string): string {
  return path.split(/[/\\]/).findLast((part) => part !== '') ?? path;
}
