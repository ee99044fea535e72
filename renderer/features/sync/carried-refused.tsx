import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useDesk } from '../../app/desk.ts';
import { explainError } from '../../app/explain.ts';
import { tellTrouble } from '../../app/tell-trouble.ts';
import classes from './sync-page.module.css';

/** Imported facts that the server does not take: tried again now and then, until somebody gives them up, which is asked twice. */
export function CarriedRefused({ count, code }: { count: number; code: string }) {
  const { t } = useTranslation();
  const { host } = useDesk();
  const [isSure, setSure] = useState(false);
  const drop = (): void => void host.sync.dropCarried({}).catch(tellTrouble);
  return (
    <p className={classes.warning} data-testid="sync-carried-refused">
      {t('sync.carriedRefused', { count })} {explainError(Object.assign(new Error(code), { code }))}{' '}
      <button
        type="button"
        className={classes.link}
        onBlur={() => setSure(false)}
        onClick={() => (isSure ? drop() : setSure(true))}
      >
        {t(isSure ? 'sync.dropCarriedSure' : 'sync.discard')}
      </button>
    </p>
  );
}
