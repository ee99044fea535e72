import { useState } from 'react';
import { TextInput } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { nameIn } from '../../app/i18n/i18n.ts';
import { useEntities } from '../../app/use-live.ts';
import classes from './sites-page.module.css';

/** Customers, their sites and what stands there. */
export function SitesPage() {
  const { t, i18n } = useTranslation();
  const customers = useEntities('customer');
  const sites = useEntities('site');
  const assets = useEntities('asset');
  const [search, setSearch] = useState('');
  const word = search.trim().toLowerCase();
  const name = (state: { name?: string; nameEn?: string }): string => nameIn(i18n.language, state);
  const matches = (...texts: Array<string | undefined>): boolean =>
    texts.some((text) => text?.toLowerCase().includes(word));
  const shown = sites.filter((site) => {
    const customer = customers.find(({ id }) => id === site.customerId);
    const here = assets.filter((asset) => asset.siteId === site.id);
    return (
      word === '' ||
      matches(
        site.name,
        site.nameEn,
        customer?.name,
        customer?.nameEn,
        ...here.flatMap((asset) => [asset.name, asset.nameEn, asset.serial, asset.model]),
      )
    );
  });
  return (
    <div className={classes.page} data-testid="sites-page">
      <h1 className={classes.title}>{t('part.sites.title')}</h1>
      <TextInput
        className={classes.find}
        aria-label={t('part.sites.find')}
        placeholder={t('part.sites.find')}
        value={search}
        onChange={(event) => setSearch(event.currentTarget.value)}
      />
      {shown.map((site) => {
        const customer = customers.find(({ id }) => id === site.customerId);
        return (
          <section key={site.id} className={classes.site} data-testid="site">
            <h2>
              {customer && name(customer)} › {name(site)}
            </h2>
            <p>{site.address}</p>
            {customer?.contacts.map((contact) => (
              <p key={contact.name + contact.phone}>
                {contact.name} · {contact.phone}
              </p>
            ))}
            <ul>
              {assets
                .filter((asset) => asset.siteId === site.id)
                .map((asset) => (
                  <li key={asset.id}>
                    <b>{name(asset)}</b> {asset.model} <span className={classes.mono}>{asset.serial}</span>
                    {asset.slots.length > 0 && (
                      <span> · {t('part.sites.slots', { count: asset.slots.length })}</span>
                    )}
                  </li>
                ))}
            </ul>
          </section>
        );
      })}
    </div>
  );
}
