import { useCallback } from 'react';
import { useTranslation } from 'react-i18next';
import { useDesk } from '../../app/desk.ts';
import { formatSize } from '../../components/format-size.ts';
import classes from './admin-page.module.css';
import { Trouble } from './trouble.tsx';
import { useLoaded } from './use-loaded.ts';

/** How the server stands. */
export function ServerTab() {
  const { t, i18n } = useTranslation();
  const { host } = useDesk();
  const load = useCallback(() => host.admin.status({}), [host]);
  const { value, trouble } = useLoaded(load);
  const number = new Intl.NumberFormat(i18n.language);
  return (
    <section>
      <Trouble text={trouble} />
      {value !== undefined && (
        <dl className={classes.facts} data-testid="admin-server">
          <dt>{t('admin.server.version')}</dt>
          <dd>{value.version}</dd>
          <dt>{t('admin.server.durable')}</dt>
          <dd>{t(value.durable ? 'admin.server.isDurable' : 'admin.server.mayForget')}</dd>
          <dt>{t('admin.server.epoch')}</dt>
          <dd className={classes.mono}>{value.epoch}</dd>
          {Object.entries(value.counts).map(([name, count]) => (
            <div key={name} className={classes.pair}>
              <dt>{t(`admin.server.count.${name}`)}</dt>
              <dd>{name === 'attachmentBytes' ? formatSize(count, i18n.language) : number.format(count)}</dd>
            </div>
          ))}
        </dl>
      )}
    </section>
  );
}
