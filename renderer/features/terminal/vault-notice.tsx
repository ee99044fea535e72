import { Button, Group, PasswordInput } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { VaultState } from '#shared/host/vault.ts';
import { explainError } from '../../app/explain.ts';
import { useDesk } from '../../app/desk.ts';
import classes from './terminal.module.css';

/** Unlocks the vault, or offers to make one where the computer has no key store. Nothing to say in the other states. */
export function VaultNotice({
  state,
  onChange,
}: {
  state: VaultState;
  onChange: (state: VaultState) => void;
}) {
  const { t } = useTranslation();
  const { host } = useDesk();
  const [passphrase, setPassphrase] = useState('');
  const [failure, setFailure] = useState<string>();
  const [isOpen, setIsOpen] = useState(false);
  if (state === 'os' || state === 'passphrase') return null;

  const submit = async (): Promise<void> => {
    setFailure(undefined);
    try {
      const answer = await (state === 'locked'
        ? host.vault.unlock({ passphrase })
        : host.vault.createPassphrase({ passphrase }));
      setPassphrase('');
      onChange(answer.state);
    } catch (thrown) {
      setFailure(explainError(thrown));
    }
  };

  return (
    <div className={classes.vault} data-testid="terminal-vault" data-vault={state}>
      <p className={classes.sentence}>{t(`terminal.vault.${state}`)}</p>
      {state === 'unavailable' && !isOpen ? (
        <Button size="xs" variant="default" onClick={() => setIsOpen(true)}>
          {t('terminal.vault.offer')}
        </Button>
      ) : (
        <Group gap={8} align="flex-end">
          <PasswordInput
            className={classes.grow}
            label={t(state === 'locked' ? 'terminal.vault.passphrase' : 'terminal.vault.newPassphrase')}
            error={failure}
            value={passphrase}
            autoComplete="off"
            data-testid="terminal-vault-passphrase"
            onChange={(event) => setPassphrase(event.currentTarget.value)}
            onKeyDown={(event) => {
              if (event.key !== 'Enter') return;
              event.preventDefault();
              void submit();
            }}
          />
          <Button
            size="sm"
            disabled={passphrase.length < (state === 'locked' ? 1 : 8)}
            onClick={() => void submit()}
          >
            {t(state === 'locked' ? 'terminal.vault.unlock' : 'terminal.vault.create')}
          </Button>
        </Group>
      )}
    </div>
  );
}
