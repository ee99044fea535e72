import { Button, PasswordInput, SegmentedControl, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { AppInfo, Language } from '#shared/host/app.ts';
import { explainError } from '../../app/explain.ts';
import type { HostClient } from '../../host/connect.ts';
import classes from './first-start.module.css';

type Busy = 'demo' | 'server' | undefined;

/** The first start: language, then the demo workspace or a server. From then on the network may be gone. */
export function FirstStart({ host, info }: { host: HostClient; info: AppInfo }) {
  const { t, i18n } = useTranslation();
  const [busy, setBusy] = useState<Busy>();
  const [trouble, setTrouble] = useState<string>();
  const [url, setUrl] = useState('');
  const [user, setUser] = useState('');
  const [password, setPassword] = useState('');
  const language: Language = i18n.language === 'en' ? 'en' : 'zh-CN';

  const attempt = async (which: Busy, work: () => Promise<unknown>): Promise<void> => {
    setBusy(which);
    setTrouble(undefined);
    try {
      await work();
    } catch (thrown) {
      setTrouble(explainError(thrown));
    } finally {
      setBusy(undefined);
    }
  };

  return (
    <main className={classes.page} data-testid="first-start">
      <div className={classes.card}>
        <header className={classes.head}>
          <h1 className={classes.name}>{t('app.name')}</h1>
          <SegmentedControl
            aria-label="Language / 语言"
            data-testid="language"
            value={language}
            data={[
              { value: 'zh-CN', label: '中文' },
              { value: 'en', label: 'English' },
            ]}
            onChange={(value) => void host.app.setSettings({ language: value as Language })}
          />
        </header>
        <p className={classes.lead}>{t('start.lead')}</p>
        <div className={classes.ways}>
          <section className={classes.way}>
            <h2>{t('start.demo.title')}</h2>
            <p>{t('start.demo.text')}</p>
            <Button
              variant="default"
              loading={busy === 'demo'}
              disabled={busy !== undefined}
              data-testid="start-demo"
              onClick={() => void attempt('demo', () => host.app.startDemo({ language }))}
            >
              {t('start.demo.button')}
            </Button>
          </section>
          <form
            className={classes.way}
            onSubmit={(event) => {
              event.preventDefault();
              void attempt('server', () =>
                host.app.connectServer({
                  url: url.trim(),
                  user: user.trim(),
                  password,
                  deviceName: deviceName(),
                }),
              );
            }}
          >
            <h2>{t('start.server.title')}</h2>
            <p>{t('start.server.text')}</p>
            <TextInput
              label={t('start.server.url')}
              placeholder="https://faultline.example.com"
              value={url}
              required
              data-testid="server-url"
              onChange={(event) => setUrl(event.currentTarget.value)}
            />
            <TextInput
              label={t('start.server.user')}
              value={user}
              required
              autoComplete="username"
              data-testid="server-user"
              onChange={(event) => setUser(event.currentTarget.value)}
            />
            <PasswordInput
              label={t('start.server.password')}
              value={password}
              required
              autoComplete="current-password"
              data-testid="server-password"
              onChange={(event) => setPassword(event.currentTarget.value)}
            />
            <Button
              type="submit"
              loading={busy === 'server'}
              disabled={busy !== undefined}
              data-testid="start-server"
            >
              {t('start.server.button')}
            </Button>
          </form>
        </div>
        {trouble !== undefined && (
          <p className={classes.trouble} role="alert" data-testid="start-trouble">
            {trouble}
          </p>
        )}
        <p className={classes.foot}>{t('start.foot', { version: info.version })}</p>
      </div>
    </main>
  );
}

/** How the server's list of devices names this one; the manager sees it, nobody has to type it. */
function deviceName(): string {
  return `${navigator.platform} · ${new Date().toISOString().slice(0, 10)}`;
}
