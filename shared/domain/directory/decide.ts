import { draft, refuse, type DecideContext, type Decision } from '../refusal.ts';
import type { DataOf } from '../registry.ts';
import { isZone } from '../sla/wall-clock.ts';
import type { AssetState, CustomerState, SiteState } from './state.ts';

/**
 * What may be written down about customers, sites, assets, contracts and what was learned. `id` names what is said anew, `home`
 * the scope that it stands in: what is known of something stays in one place, also where several regions work on it.
 */
export type DirectoryCommand =
  | ({
      readonly do: 'registerCustomer';
      readonly id?: string;
      readonly home?: string;
    } & DataOf<'customer.registered'>)
  | ({ readonly do: 'addContact'; readonly customer: CustomerState } & DataOf<'customer.contactAdded'>)
  | ({
      readonly do: 'registerSite';
      readonly id?: string;
      readonly home?: string;
    } & DataOf<'site.registered'>)
  | ({
      readonly do: 'registerAsset';
      readonly id?: string;
      readonly home?: string;
    } & DataOf<'asset.registered'>)
  | ({ readonly do: 'addDocument'; readonly site: SiteState } & Omit<
      DataOf<'site.documentAdded'>,
      'documentId'
    >)
  | {
      readonly do: 'removeDocument';
      readonly site: SiteState;
      readonly documentId: string;
      readonly reason: string;
    }
  | ({ readonly do: 'takeBaseline'; readonly asset: AssetState } & Omit<
      DataOf<'asset.baselineTaken'>,
      'baselineId'
    >)
  | ({
      readonly do: 'registerContract';
      readonly id?: string;
      readonly home?: string;
    } & DataOf<'contract.registered'>)
  | ({
      readonly do: 'publishArticle';
      readonly id?: string;
      readonly home?: string;
    } & DataOf<'article.published'>);

/** Decides what is written down; refusals name what is missing or cannot be. */
export function decideDirectory(command: DirectoryCommand, context: DecideContext): Decision {
  switch (command.do) {
    case 'registerCustomer': {
      const { do: _, id, home, ...data } = command;
      return isBlank(data.name)
        ? refuse('directory.nameMissing')
        : one(context, { noun: 'customer', id, scope: home }, 'customer.registered', data);
    }
    case 'addContact': {
      const { do: _, customer, ...data } = command;
      if (isBlank(data.name)) return refuse('directory.nameMissing');
      if (customer.contacts.some(({ name, phone }) => name === data.name && phone === data.phone))
        return refuse('directory.contactKnown', [], { name: data.name });
      return one(context, { noun: 'customer', ...customer }, 'customer.contactAdded', data);
    }
    case 'registerSite': {
      const { do: _, id, home, ...data } = command;
      if (isBlank(data.name)) return refuse('directory.nameMissing');
      if (isBlank(data.customerId)) return refuse('directory.customerMissing');
      if (!isZone(data.zone)) return refuse('directory.zoneUnknown', [], { zone: data.zone });
      return one(context, { noun: 'site', id, scope: home }, 'site.registered', data);
    }
    case 'registerAsset': {
      const { do: _, id, home, ...data } = command;
      if (isBlank(data.name)) return refuse('directory.nameMissing');
      if (isBlank(data.siteId)) return refuse('directory.siteMissing');
      const slots = data.slots.map(({ slotId }) => slotId);
      const twice = slots.find((slotId, index) => slots.indexOf(slotId) !== index);
      if (twice !== undefined) return refuse('directory.slotTwice', [], { slot: twice });
      return one(context, { noun: 'asset', id, scope: home }, 'asset.registered', data);
    }
    case 'addDocument': {
      const { do: _, site, ...data } = command;
      if (isBlank(data.title)) return refuse('directory.nameMissing');
      return one(context, { noun: 'site', ...site }, 'site.documentAdded', {
        documentId: context.newId(),
        ...data,
      });
    }
    case 'removeDocument': {
      const { site, documentId, reason } = command;
      if (!site.documents.some((document) => document.documentId === documentId))
        return refuse('directory.documentUnknown');
      return one(context, { noun: 'site', ...site }, 'site.documentRemoved', { documentId, reason });
    }
    case 'takeBaseline': {
      const { do: _, asset, ...data } = command;
      if (isBlank(data.label)) return refuse('directory.nameMissing');
      return one(context, { noun: 'asset', ...asset }, 'asset.baselineTaken', {
        baselineId: context.newId(),
        ...data,
      });
    }
    case 'registerContract': {
      const { do: _, id, home, ...data } = command;
      if (isBlank(data.number)) return refuse('directory.nameMissing');
      if (isBlank(data.customerId)) return refuse('directory.customerMissing');
      if (data.to < data.from) return refuse('directory.termReversed');
      return one(context, { noun: 'contract', id, scope: home }, 'contract.registered', data);
    }
    case 'publishArticle': {
      const { do: _, id, home, ...data } = command;
      if (isBlank(data.title) || isBlank(data.body)) return refuse('directory.nameMissing');
      return one(context, { noun: 'article', id, scope: home }, 'article.published', data);
    }
  }
}

type DirectoryEvent =
  | 'customer.registered'
  | 'customer.contactAdded'
  | 'site.registered'
  | 'site.documentAdded'
  | 'site.documentRemoved'
  | 'asset.registered'
  | 'asset.baselineTaken'
  | 'contract.registered'
  | 'article.published';

/** What a fact is about. Without an id it is new; without a scope it stands where its author works. */
interface About {
  readonly noun: string;
  readonly id?: string | undefined;
  readonly scope?: string | undefined;
}

function one<T extends DirectoryEvent>(
  context: DecideContext,
  { noun, id, scope }: About,
  type: T,
  data: DataOf<T>,
): Decision {
  const stream = `${noun}/${id ?? context.newId()}`;
  const home = scope === undefined || scope === '' ? context.scope : scope;
  return { ok: true, drafts: [draft(context, { stream, scope: home }, type, data)] };
}

const isBlank = (text: string): boolean => text.trim() === '';
