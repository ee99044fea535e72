import { TextInput } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { AppInfo } from '#shared/host/app.ts';
import type { HostClient } from '../../host/connect.ts';
import classes from './access.module.css';
import { OutsideLink } from './outside-link.tsx';

interface BrowserCodeProps {
  readonly host: HostClient;
  readonly info: AppInfo;
  /** Where one signs in, in the user's browser. */
  readonly address: string;
  readonly code: string;
  readonly trouble?: string | undefined;
  readonly onCode: (code: string) => void;
  readonly onTrouble: (thrown: unknown) => void;
  /** Back to the password. */
  readonly onBack: () => void;
}

/** The second half of signing in through the company's provider: the page in the browser, and the code that its end shows. */
export function BrowserCode({
  host,
  info,
  address,
  code,
  trouble,
  onCode,
  onTrouble,
  onBack,
}: BrowserCodeProps) {
  const { t } = useTranslation();
  const isOpened = info.capabilities.openExternal;
  return (
    <>
      <p className={classes.note}>{t(isOpened ? 'sync.browserOpened' : 'sync.browserHint')}</p>
      <p className={classes.note}>
        <OutsideLink host={host} info={info} url={address} onTrouble={onTrouble}>
          {t(isOpened ? 'sync.browserAgain' : 'sync.browserOpen', { host: new URL(address).host })}
        </OutsideLink>
      </p>
      <TextInput
        label={t('sync.browserCode')}
        value={code}
        required
        error={trouble}
        autoComplete="one-time-code"
        data-testid="login-code"
        onChange={(event) => onCode(event.currentTarget.value.replaceAll(' ', ''))}
      />
      <button type="button" className={classes.link} data-testid="login-back" onClick={onBack}>
        {t('sync.browserBack')}
      </button>
    </>
  );
}
