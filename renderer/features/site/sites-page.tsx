import { useState } from 'react';
import { Button, Group, TextInput } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { mayAppend } from '#shared/domain/rights/rights.ts';
import { subjectOf, useDesk } from '../../app/desk.ts';
import { nameIn } from '../../app/i18n/i18n.ts';
import { useEntities } from '../../app/use-live.ts';
import { useView } from '../../stores/view.ts';
import { RecordDialog } from './record-dialog.tsx';
import type { RecordForm } from './record-forms.ts';
import { SiteView } from './site-view.tsx';
import classes from './sites-page.module.css';

/** The site that is looked at, or all of them. */
export function SitesPage() {
  const siteId = useView((view) => view.siteId);
  return siteId === undefined ? <SiteList /> : <SiteView key={siteId} siteId={siteId} />;
}

/** Customers, their sites and what stands there. */
function SiteList() {
  const { t, i18n } = useTranslation();
  const customers = useEntities('customer');
  const sites = useEntities('site');
  const assets = useEntities('asset');
  const { workspace } = useDesk();
  const selectSite = useView((view) => view.selectSite);
  const [search, setSearch] = useState('');
  const [form, setForm] = useState<RecordForm>();
  const may = (type: string): boolean =>
    mayAppend(subjectOf(workspace), `region/${workspace.homeRegion}`, type);
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
      <Group gap="sm" mb="sm">
        {may('site.registered') && (
          <Button
            size="xs"
            variant="default"
            data-testid="new-site"
            onClick={() => setForm({ kind: 'site', customers, region: workspace.homeRegion })}
          >
            {t('site.form.site')}
          </Button>
        )}
        {may('customer.registered') && (
          <Button
            size="xs"
            variant="default"
            data-testid="new-customer"
            onClick={() => setForm({ kind: 'customer' })}
          >
            {t('site.form.customer')}
          </Button>
        )}
      </Group>
      {form !== undefined && <RecordDialog form={form} onClose={() => setForm(undefined)} />}
      {shown.map((site) => {
        const customer = customers.find(({ id }) => id === site.customerId);
        return (
          <section key={site.id} className={classes.site} data-testid="site">
            <h2>
              <button
                type="button"
                className={classes.link}
                data-testid="site-open"
                onClick={() => selectSite(site.id)}
              >
                {customer && name(customer)} › {name(site)}
              </button>
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
