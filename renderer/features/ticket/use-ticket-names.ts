import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { AssetState, CustomerState, SiteState, UserState } from '#shared/domain/directory/state.ts';
import type { UnitState } from '#shared/domain/part/unit.ts';
import { nameIn } from '../../app/i18n/i18n.ts';
import { useEntities } from '../../app/use-live.ts';

export interface Directory {
  readonly customers: readonly CustomerState[];
  readonly sites: readonly SiteState[];
  readonly assets: readonly AssetState[];
  readonly users: readonly UserState[];
  /** The name of an entity by its key (`user/…`, `unit/…`, `region/…`) in the reader's language; its id or a plain word where it is not known. */
  readonly nameOf: (key: string) => string;
}

/** Everybody and everything a ticket speaks of, by name. */
export function useDirectory(): Directory {
  const { t, i18n } = useTranslation();
  const customers = useEntities('customer');
  const sites = useEntities('site');
  const assets = useEntities('asset');
  const users = useEntities('user');
  const units = useEntities('unit');
  return useMemo(() => {
    const names = new Map<string, string>();
    const add = (noun: string, named: { id: string; name: string; nameEn?: string }): void => {
      names.set(`${noun}/${named.id}`, nameIn(i18n.language, named));
    };
    for (const customer of customers) add('customer', customer);
    for (const site of sites) add('site', site);
    for (const asset of assets) add('asset', asset);
    for (const user of users) add('user', user);
    for (const unit of units) names.set(`unit/${unit.id}`, nameOfUnit(unit));
    const nameOf = (key: string): string => {
      const name = names.get(key);
      if (name !== undefined) return name;
      const id = key.slice(key.indexOf('/') + 1);
      if (key.startsWith('unit/')) return id.replace('~', ' ');
      // People of other regions are not on this laptop; their account is better than nothing.
      if (key.startsWith('user/')) return id;
      return key.startsWith('region/') ? t('ticket.region', { id }) : t('ticket.unnamed');
    };
    return { customers, sites, assets, users, nameOf };
  }, [customers, sites, assets, users, units, t, i18n.language]);
}

function nameOfUnit(unit: UnitState): string {
  return unit.identity === undefined
    ? unit.id.replace('~', ' ')
    : `${unit.identity.name} ${unit.identity.serial}`;
}
