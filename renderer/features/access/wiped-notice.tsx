import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import type { AppInfo } from '#shared/host/app.ts';
import { deleteStores } from '../../db/delete-stores.ts';
import classes from './access.module.css';

/** What became of the workspace that was here before its device was revoked. */
export function WipedNotice({ wiped }: { wiped: NonNullable<AppInfo['wiped']> }) {
  const { t, i18n } = useTranslation();
  useEffect(() => {
    // Tried again with the next start of the page, as long as the notice stands.
    deleteStores().catch((thrown: unknown) => reportError(thrown));
  }, []);
  const at = new Intl.DateTimeFormat(i18n.language, { dateStyle: 'medium', timeStyle: 'short' }).format(
    new Date(wiped.at),
  );
  return (
    <div className={classes.wiped} role="status" data-testid="wiped-notice">
      <p>{t('settings.access.wiped', { at })}</p>
      <p>
        {wiped.handedOver === 0 && wiped.quarantined === 0
          ? t('settings.access.nothingUnsent')
          : t('settings.access.handedOver', { count: wiped.handedOver })}
      </p>
      {wiped.quarantineFile !== null && (
        <p>{t('settings.access.quarantined', { count: wiped.quarantined, path: wiped.quarantineFile })}</p>
      )}
    </div>
  );
}
