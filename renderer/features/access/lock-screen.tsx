import { Button, PasswordInput } from '@mantine/core';
import { LockKeyhole } from 'lucide-react';
import { useState, type SyntheticEvent } from 'react';
import { useTranslation } from 'react-i18next';
import type { AppInfo } from '#shared/host/app.ts';
import { explainError } from '../../app/explain.ts';
import type { HostClient } from '../../host/connect.ts';
import classes from './access.module.css';

/** Stands before everything else while this laptop is locked. Works without a network: the passphrase opens the vault here. */
export function LockScreen({ host, info }: { host: HostClient; info: AppInfo }) {
  const { t } = useTranslation();
  const [passphrase, setPassphrase] = useState('');
  const [trouble, setTrouble] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  const unlock = async (event: SyntheticEvent): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    setTrouble(undefined);
    try {
      await host.app.unlock({ passphrase });
    } catch (thrown) {
      setTrouble(explainError(thrown));
    } finally {
      setBusy(false);
      setPassphrase('');
    }
  };
  return (
    <main className={classes.page} data-testid="lock-screen">
      <form className={classes.card} onSubmit={(event) => void unlock(event)}>
        <h1 className={classes.title}>
          <LockKeyhole size={18} aria-hidden /> {t('settings.access.locked')}
        </h1>
        <p className={classes.note}>
          {t('settings.access.lockedText', {
            user: info.workspace?.userName ?? '',
            device: info.workspace?.deviceCode ?? '',
          })}
        </p>
        <PasswordInput
          label={t('settings.access.passphrase')}
          value={passphrase}
          error={trouble}
          autoComplete="current-password"
          data-autofocus
          autoFocus
          data-testid="unlock-passphrase"
          onChange={(event) => setPassphrase(event.currentTarget.value)}
        />
        <Button type="submit" loading={isBusy} disabled={passphrase === ''} data-testid="unlock-submit">
          {t('settings.access.unlock')}
        </Button>
      </form>
    </main>
  );
}
