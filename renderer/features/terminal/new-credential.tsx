import { Button, Group, PasswordInput, SegmentedControl, Textarea, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Credential, NewCredential, VaultState } from '#shared/host/vault.ts';
import { useDesk } from '../../app/desk.ts';
import { explainError } from '../../app/explain.ts';
import classes from './terminal.module.css';

interface Props {
  readonly host: string;
  readonly username: string;
  readonly vault: VaultState;
  readonly onSaved: (credential: Credential) => void;
  readonly onCancel: () => void;
}

/** Takes a password or a private key to the vault. The secret leaves this form once and never comes back. */
export function NewCredential({ host, username, vault, onSaved, onCancel }: Props) {
  const { t } = useTranslation();
  const desk = useDesk();
  const [kind, setKind] = useState<Credential['kind']>('password');
  const [label, setLabel] = useState<string>();
  const [password, setPassword] = useState('');
  const [privateKey, setPrivateKey] = useState('');
  const [passphrase, setPassphrase] = useState('');
  const [failure, setFailure] = useState<string>();
  const shownLabel = label ?? (username === '' ? host : `${username}@${host}`);
  const secret = kind === 'password' ? password : privateKey;

  const save = async (): Promise<void> => {
    setFailure(undefined);
    const named = { label: shownLabel.trim() || username, username };
    const credential: NewCredential =
      kind === 'password'
        ? { ...named, kind, password }
        : { ...named, kind, privateKey, ...(passphrase !== '' && { passphrase }) };
    try {
      onSaved(await desk.host.vault.save(credential));
    } catch (thrown) {
      setFailure(explainError(thrown));
    }
  };

  return (
    <fieldset className={classes.fieldset} data-testid="credential-form">
      <legend>{t('terminal.credential.new')}</legend>
      <SegmentedControl
        size="xs"
        aria-label={t('terminal.credential.kind')}
        value={kind}
        onChange={(value) => setKind(value as Credential['kind'])}
        data={[
          { value: 'password', label: t('terminal.credential.password') },
          { value: 'privateKey', label: t('terminal.credential.privateKey') },
        ]}
      />
      <TextInput
        label={t('terminal.credential.label')}
        value={shownLabel}
        maxLength={200}
        onChange={(event) => setLabel(event.currentTarget.value)}
      />
      {kind === 'password' ? (
        <PasswordInput
          label={t('terminal.credential.password')}
          value={password}
          autoComplete="off"
          maxLength={4000}
          data-testid="credential-secret"
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
      ) : (
        <>
          <Textarea
            label={t('terminal.credential.privateKeyText')}
            description={t('terminal.credential.privateKeyHint')}
            classNames={{ input: classes.mono }}
            rows={4}
            value={privateKey}
            spellCheck={false}
            autoComplete="off"
            maxLength={64 * 1024}
            data-testid="credential-secret"
            onChange={(event) => setPrivateKey(event.currentTarget.value)}
          />
          <PasswordInput
            label={`${t('terminal.credential.passphrase')} (${t('app.optional')})`}
            value={passphrase}
            autoComplete="off"
            maxLength={4000}
            onChange={(event) => setPassphrase(event.currentTarget.value)}
          />
        </>
      )}
      <p className={classes.hint}>
        {t(
          vault === 'os' || vault === 'passphrase'
            ? 'terminal.credential.willBeStored'
            : 'terminal.credential.untilQuitHint',
        )}
      </p>
      {failure !== undefined && (
        <p role="alert" className={classes.failure}>
          {failure}
        </p>
      )}
      <Group gap={8}>
        <Button size="xs" disabled={secret === ''} data-testid="credential-save" onClick={() => void save()}>
          {t('terminal.credential.save')}
        </Button>
        <Button size="xs" variant="default" onClick={onCancel}>
          {t('app.cancel')}
        </Button>
      </Group>
    </fieldset>
  );
}
