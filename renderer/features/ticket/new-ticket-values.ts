import type { AssetState, SiteState } from '#shared/domain/directory/state.ts';
import { gradingOf, proposedGrade, type Values } from './act-specs.ts';

export interface Places {
  readonly sites: readonly SiteState[];
  readonly assets: readonly AssetState[];
}

/**
 * The three places a ticket belongs to fill each other: a site brings its
 * customer, an asset its site; another customer takes away what is not his.
 */
export function choosePlace(
  values: Values,
  name: 'customer' | 'site' | 'asset',
  id: string,
  places: Places,
): Values {
  const siteOf = (siteId: string | undefined) => places.sites.find((site) => site.id === siteId);
  const assetOf = (assetId: string | undefined) => places.assets.find((asset) => asset.id === assetId);
  switch (name) {
    case 'customer': {
      const keepsSite = siteOf(values.site)?.customerId === id;
      return { ...values, customer: id, ...(!keepsSite && { site: '', asset: '' }) };
    }
    case 'site': {
      const keepsAsset = assetOf(values.asset)?.siteId === id;
      return {
        ...values,
        site: id,
        customer: siteOf(id)?.customerId ?? values.customer ?? '',
        ...(!keepsAsset && { asset: '' }),
      };
    }
    case 'asset': {
      if (id === '') return { ...values, asset: '' };
      const site = assetOf(id)?.siteId ?? values.site ?? '';
      return { ...values, asset: id, site, customer: siteOf(site)?.customerId ?? values.customer ?? '' };
    }
  }
}

/** Sites and assets that fit what has been chosen so far. */
export function fittingPlaces(values: Values, { sites, assets }: Places): Places {
  const ofCustomer =
    (values.customer ?? '') === '' ? sites : sites.filter((site) => site.customerId === values.customer);
  const siteIds = new Set((values.site ?? '') === '' ? ofCustomer.map((site) => site.id) : [values.site]);
  return { sites: ofCustomer, assets: assets.filter((asset) => siteIds.has(asset.siteId)) };
}

/** Names of the fields that a new ticket cannot be without and that are empty. */
export function neededForNew(values: Values): string[] {
  const needed = ['customer', 'site', 'symptom'].filter((name) => (values[name] ?? '').trim() === '');
  const grading = gradingOf(values);
  if (grading?.override !== undefined && grading.override.reason.trim() === '') needed.push('overrideReason');
  return needed;
}

/** The grade that is going to be given. */
export function resultingGrade(values: Values) {
  return gradingOf(values)?.override?.grade ?? proposedGrade(values);
}
