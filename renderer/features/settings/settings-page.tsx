import { Button, PasswordInput, SegmentedControl } from '@mantine/core';
import { useCallback, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Settings } from '#shared/host/app.ts';
import type { Credential, VaultState } from '#shared/host/vault.ts';
import { useDesk } from '../../app/desk.ts';
import { explainError } from '../../app/explain.ts';
import { TrustedAuthorities } from '../access/index.ts';
import classes from './settings-page.module.css';

/** Language, looks and the vault of this computer. */
export function SettingsPage() {
  const { t } = useTranslation();
  const { host, info, workspace } = useDesk();
  const [trouble, setTrouble] = useState<string>();
  const change = (patch: Partial<Settings>): void =>
    void host.app.setSettings(patch).catch((thrown: unknown) => setTrouble(explainError(thrown)));
  const { settings } = info;
  return (
    <div className={classes.page} data-testid="settings-page">
      <h1 className={classes.title}>{t('settings.title')}</h1>
      <section className={classes.group}>
        <h2 id="settings-language">{t('settings.language')}</h2>
        <SegmentedControl
          aria-labelledby="settings-language"
          data-testid="settings-language"
          value={settings.language}
          data={[
            { value: 'zh-CN', label: '中文' },
            { value: 'en', label: 'English' },
          ]}
          onChange={(value) => change({ language: value as Settings['language'] })}
        />
      </section>
      <section className={classes.group}>
        <h2 id="settings-theme">{t('settings.theme.label')}</h2>
        <SegmentedControl
          aria-labelledby="settings-theme"
          data-testid="settings-theme"
          value={settings.theme}
          data={(['system', 'light', 'dark'] as const).map((value) => ({
            value,
            label: t(`settings.theme.${value}`),
          }))}
          onChange={(value) => change({ theme: value as Settings['theme'] })}
        />
      </section>
      <section className={classes.group}>
        <h2 id="settings-density">{t('settings.density.label')}</h2>
        <SegmentedControl
          aria-labelledby="settings-density"
          data-testid="settings-density"
          value={settings.density}
          data={(['compact', 'normal', 'field'] as const).map((value) => ({
            value,
            label: t(`settings.density.${value}`),
          }))}
          onChange={(value) => change({ density: value as Settings['density'] })}
        />
        <p className={classes.note}>{t('settings.density.note')}</p>
      </section>
      {trouble !== undefined && <p role="alert">{trouble}</p>}
      <Vault />
      <section className={classes.group}>
        <h2>{t('settings.access.label')}</h2>
        <p className={classes.note} data-testid="settings-cache" data-protection={info.vault}>
          {t(info.vault === 'unavailable' ? 'settings.access.cacheOpen' : 'settings.access.cacheEncrypted')}
        </p>
        {info.vault === 'passphrase' && (
          <Button
            variant="default"
            size="sm"
            data-testid="lock-now"
            onClick={() =>
              void host.app.lock({}).catch((thrown: unknown) => setTrouble(explainError(thrown)))
            }
          >
            {t('settings.access.lockNow')}
          </Button>
        )}
      </section>
      {workspace.kind === 'server' && (
        <section className={classes.group}>
          <h2>{t('settings.trust.label')}</h2>
          <TrustedAuthorities host={host} />
        </section>
      )}
      <section className={classes.group}>
        <h2>{t('settings.about')}</h2>
        <p className={classes.note}>
          {t('settings.version', { version: info.version })} · {workspace.userName} · {workspace.deviceCode}
          {workspace.serverUrl !== undefined && ` · ${workspace.serverUrl}`}
        </p>
      </section>
    </div>
  );
}

/** Where credentials are kept, said plainly; and what is in there, without any secret. */
function Vault() {
  const { t } = useTranslation();
  const { host } = useDesk();
  const [state, setState] = useState<VaultState>();
  const [credentials, setCredentials] = useState<readonly Credential[]>([]);
  const [passphrase, setPassphrase] = useState('');
  const [trouble, setTrouble] = useState<string>();
  const load = useCallback(async (): Promise<void> => {
    setState((await host.vault.state({})).state);
    setCredentials((await host.vault.list({})).credentials);
  }, [host]);
  useEffect(() => {
    load().catch((thrown: unknown) => setTrouble(explainError(thrown)));
  }, [load]);
  const act = async (work: () => Promise<unknown>): Promise<void> => {
    setTrouble(undefined);
    try {
      await work();
      setPassphrase('');
      await load();
    } catch (thrown) {
      setTrouble(explainError(thrown));
    }
  };
  if (state === undefined) return null;
  return (
    <section className={classes.group} data-testid="settings-vault" data-state={state}>
      <h2>{t('settings.vault.label')}</h2>
      <p className={classes.note}>{t(`settings.vault.${state}`)}</p>
      {(state === 'unavailable' || state === 'locked') && (
        <form
          className={classes.row}
          onSubmit={(event) => {
            event.preventDefault();
            void act(() =>
              state === 'locked'
                ? host.vault.unlock({ passphrase })
                : host.vault.createPassphrase({ passphrase }),
            );
          }}
        >
          <PasswordInput
            label={t('settings.vault.secret')}
            value={passphrase}
            error={trouble}
            data-testid="vault-passphrase"
            onChange={(event) => setPassphrase(event.currentTarget.value)}
          />
          <Button type="submit" data-testid="vault-submit" disabled={passphrase.length < 8}>
            {t(state === 'locked' ? 'settings.vault.unlock' : 'settings.vault.create')}
          </Button>
        </form>
      )}
      {state === 'passphrase' && (
        <Button variant="default" onClick={() => void act(() => host.vault.lock({}))}>
          {t('settings.vault.lock')}
        </Button>
      )}
      {credentials.length > 0 && (
        <ul className={classes.list}>
          {credentials.map((credential) => (
            <li key={credential.id}>
              <span>
                {credential.label} · {credential.username} · {t(`settings.vault.kind.${credential.kind}`)}
                {credential.kept === 'untilQuit' && ` · ${t('settings.vault.untilQuit')}`}
              </span>
              <Button
                size="compact-xs"
                variant="subtle"
                color="gray"
                onClick={() => void act(() => host.vault.remove({ id: credential.id }))}
              >
                {t('settings.vault.remove')}
              </Button>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
