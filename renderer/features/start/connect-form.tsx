import { Button, PasswordInput, TextInput } from '@mantine/core';
import { useState, type SyntheticEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { errorCode } from '#shared/host/errors.ts';
import type { AppInfo } from '#shared/host/app.ts';
import type { HostClient } from '../../host/connect.ts';
import { BrowserCode, TrustedAuthorities } from '../access/index.ts';
import classes from './first-start.module.css';

interface ConnectFormProps {
  readonly host: HostClient;
  readonly info: AppInfo;
  readonly isBusy: boolean;
  readonly isDisabled: boolean;
  /** Code of the last trouble: a strange certificate opens the way to trust its authority. */
  readonly trouble: string | undefined;
  /** Runs what the form wants and shows what goes wrong. */
  readonly onAttempt: (work: () => Promise<unknown>) => Promise<void>;
}

/** Connects to a server: with a password, or through the company's provider where the server has one. */
export function ConnectForm({ host, info, isBusy, isDisabled, trouble, onAttempt }: ConnectFormProps) {
  const { t } = useTranslation();
  const [url, setUrl] = useState('');
  const [user, setUser] = useState('');
  const [password, setPassword] = useState('');
  const [provider, setProvider] = useState<string>();
  const [address, setAddress] = useState<string>();
  const [code, setCode] = useState('');

  const askForProvider = async (): Promise<void> => {
    setProvider(undefined);
    setProvider((await host.app.serverInfo({ url: url.trim() })).oidc?.name);
  };
  /** Not knowing leaves the password; what is wrong with the address is told when one connects. */
  const lookAhead = (): void => {
    if (url.trim() === '') return;
    askForProvider().catch((thrown: unknown) => {
      if (errorCode(thrown) === 'sync.untrustedCertificate') void onAttempt(() => Promise.reject(thrown));
    });
  };
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    void onAttempt(() =>
      address === undefined
        ? host.app.connectServer({ url: url.trim(), user: user.trim(), password, deviceName: deviceName() })
        : host.app.completeBrowserLogin({ code }),
    );
  };
  const begin = (): void =>
    void onAttempt(async () => {
      const begun = await host.app.beginBrowserLogin({ url: url.trim(), deviceName: deviceName() });
      setAddress(begun.url);
    });

  return (
    <form className={classes.way} onSubmit={submit}>
      <h2>{t('start.server.title')}</h2>
      <p>{t('start.server.text')}</p>
      <TextInput
        label={t('start.server.url')}
        placeholder="https://faultline.example.com"
        value={url}
        required
        data-testid="server-url"
        onBlur={lookAhead}
        onChange={(event) => setUrl(event.currentTarget.value)}
      />
      {trouble === 'sync.untrustedCertificate' && (
        <TrustedAuthorities host={host} onAdded={() => void onAttempt(askForProvider)} />
      )}
      {address === undefined ? (
        <>
          <TextInput
            label={t('start.server.user')}
            value={user}
            required={provider === undefined}
            autoComplete="username"
            data-testid="server-user"
            onChange={(event) => setUser(event.currentTarget.value)}
          />
          <PasswordInput
            label={t('start.server.password')}
            value={password}
            required={provider === undefined}
            autoComplete="current-password"
            data-testid="server-password"
            onChange={(event) => setPassword(event.currentTarget.value)}
          />
        </>
      ) : (
        <BrowserCode
          host={host}
          info={info}
          address={address}
          code={code}
          onCode={setCode}
          onTrouble={(thrown) => void onAttempt(() => Promise.reject(thrown))}
          onBack={() => setAddress(undefined)}
        />
      )}
      <Button type="submit" loading={isBusy} disabled={isDisabled} data-testid="start-server">
        {t('start.server.button')}
      </Button>
      {provider !== undefined && address === undefined && (
        <Button variant="default" disabled={isDisabled} data-testid="login-browser" onClick={begin}>
          {t('sync.browserLogin', { name: provider })}
        </Button>
      )}
    </form>
  );
}

/** How the server's list of devices names this one; the manager sees it, nobody has to type it. */
function deviceName(): string {
  return `${navigator.platform} · ${new Date().toISOString().slice(0, 10)}`;
}
