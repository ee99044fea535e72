import { Button, Group, NativeSelect, SegmentedControl, TextInput } from '@mantine/core';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { SessionFacts } from '#shared/host/ssh.ts';
import { useDesk } from '../../app/desk.ts';
import { explainError } from '../../app/explain.ts';
import { FolderBrowser } from './folder-browser.tsx';
import classes from './log.module.css';

interface Props {
  readonly ticketId: string;
  readonly mode: 'local' | 'remote';
  readonly failure: string | undefined;
  readonly onMode: (mode: 'local' | 'remote') => void;
  readonly onOpen: (path: string) => void;
  readonly onTail: (session: SessionFacts, path: string) => void;
}

/** Asks which log: a file of this computer, or one on a device that is connected. */
export function OpenForm({ ticketId, mode, failure, onMode, onOpen, onTail }: Props) {
  const { t } = useTranslation();
  return (
    <div className={classes.form} data-testid="log-form">
      <SegmentedControl
        size="xs"
        aria-label={t('log.open.where')}
        data-testid="log-where"
        value={mode}
        onChange={(value) => onMode(value as 'local' | 'remote')}
        data={[
          { value: 'local', label: t('log.open.local') },
          { value: 'remote', label: t('log.open.remote') },
        ]}
      />
      {mode === 'local' ? <LocalForm onOpen={onOpen} /> : <RemoteForm ticketId={ticketId} onTail={onTail} />}
      {failure !== undefined && (
        <p role="alert" className={classes.failure} data-testid="log-failure">
          {failure}
        </p>
      )}
    </div>
  );
}

function LocalForm({ onOpen }: { onOpen: (path: string) => void }) {
  const { t } = useTranslation();
  const { host, info } = useDesk();
  const [path, setPath] = useState('');
  const [failure, setFailure] = useState<string>();
  const pick = async (): Promise<void> => {
    try {
      const picked = await host.app.pickFile({ title: t('log.open.title') });
      if (picked.path !== null) onOpen(picked.path);
    } catch (thrown) {
      setFailure(explainError(thrown));
    }
  };
  return (
    <form
      className={classes.stack}
      onSubmit={(event) => {
        event.preventDefault();
        if (path.trim() !== '') onOpen(path.trim());
      }}
    >
      <div className={classes.withButton}>
        <TextInput
          className={classes.grow}
          classNames={{ input: classes.mono }}
          label={t('log.open.path')}
          value={path}
          spellCheck={false}
          autoComplete="off"
          maxLength={4096}
          data-testid="log-path"
          onChange={(event) => setPath(event.currentTarget.value)}
        />
        <Button type="submit" disabled={path.trim() === ''} data-testid="log-open">
          {t('log.open.open')}
        </Button>
        {info.capabilities.nativeDialogs && (
          <Button variant="default" onClick={() => void pick()}>
            {t('log.open.choose')}
          </Button>
        )}
      </div>
      {failure !== undefined && (
        <p role="alert" className={classes.failure}>
          {failure}
        </p>
      )}
      {!info.capabilities.nativeDialogs && <FolderBrowser onFile={onOpen} onFolder={setPath} />}
    </form>
  );
}

function RemoteForm({
  ticketId,
  onTail,
}: {
  ticketId: string;
  onTail: (session: SessionFacts, path: string) => void;
}) {
  const { t } = useTranslation();
  const { host } = useDesk();
  const [sessions, setSessions] = useState<readonly SessionFacts[]>();
  const [chosen, setChosen] = useState<string>();
  const [path, setPath] = useState('');
  const [failure, setFailure] = useState<string>();
  useEffect(() => {
    let isMounted = true;
    host.ssh.sessions({}).then(
      (all) => isMounted && setSessions(all.filter(({ state }) => state === 'open')),
      (thrown: unknown) => isMounted && setFailure(explainError(thrown)),
    );
    return () => {
      isMounted = false;
    };
  }, [host]);
  if (failure !== undefined) {
    return (
      <p role="alert" className={classes.failure}>
        {failure}
      </p>
    );
  }
  if (sessions === undefined) return null;
  if (sessions.length === 0) return <p className={classes.hint}>{t('log.open.noSession')}</p>;
  const session =
    sessions.find(({ sessionId }) => sessionId === chosen) ??
    sessions.find((known) => known.ticketId === ticketId) ??
    sessions[0];
  return (
    <form
      className={classes.stack}
      onSubmit={(event) => {
        event.preventDefault();
        if (session !== undefined && path.trim() !== '') onTail(session, path.trim());
      }}
    >
      <NativeSelect
        label={t('log.open.session')}
        value={session?.sessionId}
        data-testid="log-session"
        onChange={(event) => setChosen(event.currentTarget.value)}
        data={sessions.map(({ sessionId, title, connection }) => ({
          value: sessionId,
          label: `${title} · ${connection.username}@${connection.host}:${connection.port}`,
        }))}
      />
      <TextInput
        classNames={{ input: classes.mono }}
        label={t('log.open.remotePath')}
        description={t('log.open.remoteHint')}
        value={path}
        spellCheck={false}
        autoComplete="off"
        maxLength={4096}
        data-testid="log-remote-path"
        onChange={(event) => setPath(event.currentTarget.value)}
      />
      <Group gap={8}>
        <Button type="submit" disabled={path.trim() === ''} data-testid="log-tail">
          {t('log.open.follow')}
        </Button>
      </Group>
    </form>
  );
}
