import { Button, SegmentedControl } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { AppInfo, Language } from '#shared/host/app.ts';
import { errorCode } from '#shared/host/errors.ts';
import { explainError } from '../../app/explain.ts';
import type { HostClient } from '../../host/connect.ts';
import { WipedNotice } from '../access/index.ts';
import { ConnectForm } from './connect-form.tsx';
import classes from './first-start.module.css';

type Busy = 'demo' | 'server' | undefined;

/** The first start: language, then the demo workspace or a server. From then on the network may be gone. */
export function FirstStart({ host, info }: { host: HostClient; info: AppInfo }) {
  const { t, i18n } = useTranslation();
  const [busy, setBusy] = useState<Busy>();
  const [trouble, setTrouble] = useState<{ code: string | undefined; sentence: string }>();
  const language: Language = i18n.language === 'en' ? 'en' : 'zh-CN';

  const attempt = async (which: Busy, work: () => Promise<unknown>): Promise<void> => {
    setBusy(which);
    setTrouble(undefined);
    try {
      await work();
    } catch (thrown) {
      setTrouble({ code: errorCode(thrown), sentence: explainError(thrown) });
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
        {info.wiped !== null && <WipedNotice wiped={info.wiped} />}
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
          <ConnectForm
            host={host}
            info={info}
            isBusy={busy === 'server'}
            isDisabled={busy !== undefined}
            trouble={trouble?.code}
            onAttempt={(work) => attempt('server', work)}
          />
        </div>
        {trouble !== undefined && (
          <p className={classes.trouble} role="alert" data-testid="start-trouble">
            {trouble.sentence}
          </p>
        )}
        <p className={classes.foot}>{t('start.foot', { version: info.version })}</p>
      </div>
    </main>
  );
}
