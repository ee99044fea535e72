import type { DomainEvent } from '../../events/envelope.ts';
import { readEvent, type DataOf } from '../registry.ts';

export interface CustomerState {
  readonly id: string;
  readonly scope: string;
  readonly name: string;
  readonly nameEn?: string;
  readonly contacts: ReadonlyArray<DataOf<'customer.contactAdded'>>;
}

export interface SiteState extends Partial<DataOf<'site.registered'>> {
  readonly id: string;
  readonly scope: string;
  readonly name: string;
  readonly documents: ReadonlyArray<DataOf<'site.documentAdded'>>;
}

/** A kept configuration; the last one is what the device should look like. */
export type Baseline = DataOf<'asset.baselineTaken'> & { readonly at: string };

export interface AssetState {
  readonly id: string;
  readonly scope: string;
  readonly siteId: string;
  readonly name: string;
  readonly nameEn?: string;
  readonly kind: string;
  readonly model: string;
  readonly serial: string;
  /** The installed base: which unit sits in which slot. */
  readonly slots: DataOf<'asset.registered'>['slots'];
  readonly address?: DataOf<'asset.registered'>['address'];
  /** Oldest first. */
  readonly baselines: readonly Baseline[];
}

export interface UserState extends Partial<DataOf<'user.registered'>> {
  readonly id: string;
  readonly scope: string;
  readonly name: string;
}

export const unknownCustomer = (id: string): CustomerState => ({ id, scope: '', name: '', contacts: [] });
export const unknownSite = (id: string): SiteState => ({ id, scope: '', name: '', documents: [] });
export const unknownAsset = (id: string): AssetState => ({
  id,
  scope: '',
  siteId: '',
  name: '',
  kind: '',
  model: '',
  serial: '',
  slots: [],
  baselines: [],
});
export const unknownUser = (id: string): UserState => ({ id, scope: '', name: '' });

export function evolveCustomer(state: CustomerState, event: DomainEvent): CustomerState {
  const reading = readEvent(event);
  if (reading.kind !== 'known') return state;
  const known = reading.event;
  if (known.type === 'customer.registered') return { ...state, scope: known.scope, ...known.data };
  if (known.type === 'customer.contactAdded') return { ...state, contacts: [...state.contacts, known.data] };
  return state;
}

export function evolveSite(state: SiteState, event: DomainEvent): SiteState {
  const reading = readEvent(event);
  if (reading.kind !== 'known') return state;
  const known = reading.event;
  switch (known.type) {
    case 'site.registered':
      return { ...state, scope: known.scope, ...known.data };
    case 'site.documentAdded': {
      const others = state.documents.filter(({ documentId }) => documentId !== known.data.documentId);
      return { ...state, documents: [...others, known.data] };
    }
    case 'site.documentRemoved':
      return {
        ...state,
        documents: state.documents.filter(({ documentId }) => documentId !== known.data.documentId),
      };
    default:
      return state;
  }
}

export function evolveUser(state: UserState, event: DomainEvent): UserState {
  const reading = readEvent(event);
  if (reading.kind !== 'known' || reading.event.type !== 'user.registered') return state;
  return { ...state, scope: event.scope, ...reading.event.data };
}

/** The installed base follows each swap; a registration says what sat there at that time. */
export function evolveAsset(state: AssetState, event: DomainEvent): AssetState {
  const reading = readEvent(event);
  if (reading.kind !== 'known') return state;
  const known = reading.event;
  if (known.type === 'asset.registered') return { ...state, scope: known.scope, ...known.data };
  if (known.type === 'asset.baselineTaken') {
    return { ...state, baselines: [...state.baselines, { ...known.data, at: known.at }] };
  }
  if (known.type !== 'part.swapped') return state;
  const { slotId, good } = known.data;
  return {
    ...state,
    slots: state.slots.map((slot) => (slot.slotId === slotId ? { ...slot, unitId: good.unitId } : slot)),
  };
}
