import type { DomainEvent } from '../../events/envelope.ts';
import { readEvent, type DataOf } from '../registry.ts';

export interface ContractState extends Partial<DataOf<'contract.registered'>> {
  readonly id: string;
  readonly scope: string;
  readonly number: string;
}

export const unknownContract = (id: string): ContractState => ({ id, scope: '', number: '' });

export function evolveContract(state: ContractState, event: DomainEvent): ContractState {
  const reading = readEvent(event);
  if (reading.kind !== 'known' || reading.event.type !== 'contract.registered') return state;
  return { ...state, scope: event.scope, ...reading.event.data };
}

/** Whether the contract speaks of the site at all. */
export function covers(contract: ContractState, site: { id: string; customerId?: string }): boolean {
  if (contract.customerId === undefined || contract.customerId !== site.customerId) return false;
  return (
    contract.siteIds === undefined || contract.siteIds.length === 0 || contract.siteIds.includes(site.id)
  );
}

/** Whether the service term holds on that day (`2026-11-22`). */
export function isInTerm(contract: ContractState, day: string): boolean {
  return (
    contract.from !== undefined && contract.to !== undefined && contract.from <= day && day <= contract.to
  );
}
