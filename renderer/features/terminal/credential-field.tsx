import { Button, NativeSelect } from '@mantine/core';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Credential, VaultState } from '#shared/host/vault.ts';
import { useDesk } from '../../app/desk.ts';
import { explainError } from '../../app/explain.ts';
import { NewCredential } from './new-credential.tsx';
import classes from './terminal.module.css';
import { VaultNotice } from './vault-notice.tsx';

interface Props {
  readonly host: string;
  readonly username: string;
  /** Id of the chosen credential; `''` for none, `undefined` while nothing was chosen by hand. */
  readonly value: string | undefined;
  readonly onChange: (credentialId: string, username: string | undefined) => void;
}

/** Which secret to log in with: one of the vault, none, or a new one. */
export function CredentialField({ host, username, value, onChange }: Props) {
  const { t } = useTranslation();
  const desk = useDesk();
  const [credentials, setCredentials] = useState<readonly Credential[]>([]);
  const [vault, setVault] = useState<VaultState>(desk.info.vault);
  const [isAdding, setIsAdding] = useState(false);
  const [failure, setFailure] = useState<string>();

  useEffect(() => {
    let isMounted = true;
    const read = async (): Promise<void> => {
      try {
        const { state } = await desk.host.vault.state({});
        const list = state === 'locked' ? [] : (await desk.host.vault.list({})).credentials;
        if (!isMounted) return;
        setVault(state);
        setCredentials(list);
        setFailure(undefined);
      } catch (thrown) {
        if (isMounted) setFailure(explainError(thrown));
      }
    };
    void read();
    return () => {
      isMounted = false;
    };
  }, [desk, vault]);

  // The credential of this very login, before anything was chosen.
  const proposed = value ?? credentials.find((known) => known.label === `${username}@${host}`)?.id ?? '';
  useEffect(() => {
    if (value === undefined && proposed !== '') onChange(proposed, undefined);
  }, [value, proposed, onChange]);
  const chosen = credentials.find(({ id }) => id === proposed);

  return (
    <div className={classes.stack}>
      {vault === 'locked' && <VaultNotice state={vault} onChange={setVault} />}
      <div className={classes.withButton}>
        <NativeSelect
          className={classes.grow}
          label={t('terminal.credential.field')}
          description={chosen === undefined ? undefined : t(`terminal.credential.${chosen.kept}`)}
          value={proposed}
          data-testid="terminal-credential"
          onChange={(event) => {
            const next = credentials.find(({ id }) => id === event.currentTarget.value);
            onChange(event.currentTarget.value, next?.username === '' ? undefined : next?.username);
          }}
          data={[
            { value: '', label: t('terminal.credential.none') },
            ...credentials.map((known) => ({
              value: known.id,
              label: `${known.label} · ${t(`terminal.credential.${known.kind}`)}`,
            })),
          ]}
        />
        {!isAdding && (
          <Button variant="default" size="sm" data-testid="credential-new" onClick={() => setIsAdding(true)}>
            {t('terminal.credential.add')}
          </Button>
        )}
      </div>
      {isAdding && (
        <NewCredential
          host={host}
          username={username}
          vault={vault}
          onCancel={() => setIsAdding(false)}
          onSaved={(saved) => {
            setCredentials((known) => [...known.filter(({ id }) => id !== saved.id), saved]);
            onChange(saved.id, undefined);
            setIsAdding(false);
          }}
        />
      )}
      {vault === 'unavailable' && <VaultNotice state={vault} onChange={setVault} />}
      {failure !== undefined && (
        <p role="alert" className={classes.failure}>
          {failure}
        </p>
      )}
    </div>
  );
}
