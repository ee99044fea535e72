import { Button, PasswordInput } from '@mantine/core';
import { useEffect, useState, type SyntheticEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { useDesk } from '../../app/desk.ts';
import { explainError } from '../../app/explain.ts';
import { BrowserCode } from '../access/index.ts';
import classes from './sync-page.module.css';

/** Logs in again, with the password or through the company's provider. Everything waits until then, nothing is dropped. */
export function LoginAgain() {
  const { t } = useTranslation();
  const { host, info, workspace } = useDesk();
  const [password, setPassword] = useState('');
  const [provider, setProvider] = useState<string>();
  const [address, setAddress] = useState<string>();
  const [code, setCode] = useState('');
  const [trouble, setTrouble] = useState<string>();

  useEffect(() => {
    if (workspace.serverUrl === undefined) return;
    // Not knowing the other way of signing in leaves the password: nothing to tell.
    host.app.serverInfo({ url: workspace.serverUrl }).then(
      ({ oidc }) => setProvider(oidc?.name),
      () => setProvider(undefined),
    );
  }, [host, workspace.serverUrl]);

  const attempt = async (work: () => Promise<unknown>): Promise<void> => {
    setTrouble(undefined);
    try {
      await work();
    } catch (thrown) {
      setTrouble(explainError(thrown));
    }
  };
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    void attempt(async () => {
      await (address === undefined ? host.app.login({ password }) : host.app.completeBrowserLogin({ code }));
      setPassword('');
      setCode('');
      setAddress(undefined);
    });
  };
  const begin = (): void =>
    void attempt(async () => {
      const { url } = await host.app.beginBrowserLogin({ deviceName: workspace.deviceCode });
      setAddress(url);
    });

  return (
    <section className={classes.loginBox} aria-label={t('sync.login')}>
      <form className={address === undefined ? classes.login : classes.codeForm} onSubmit={submit}>
        {address === undefined ? (
          <PasswordInput
            label={t('sync.password')}
            value={password}
            error={trouble}
            data-testid="login-password"
            onChange={(event) => setPassword(event.currentTarget.value)}
          />
        ) : (
          <BrowserCode
            host={host}
            info={info}
            address={address}
            code={code}
            trouble={trouble}
            onCode={setCode}
            onTrouble={(thrown) => setTrouble(explainError(thrown))}
            onBack={() => {
              setTrouble(undefined);
              setAddress(undefined);
            }}
          />
        )}
        <Button
          type="submit"
          disabled={address === undefined ? password === '' : code.length < 6}
          data-testid="login-submit"
        >
          {t('sync.login')}
        </Button>
      </form>
      {provider !== undefined && address === undefined && (
        <Button variant="default" size="sm" data-testid="login-browser" onClick={begin}>
          {t('sync.browserLogin', { name: provider })}
        </Button>
      )}
    </section>
  );
}
