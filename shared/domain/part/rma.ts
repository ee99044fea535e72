import type { DomainEvent } from '../../events/envelope.ts';
import { readEvent } from '../registry.ts';

/** One line of a return to the vendor. A swap opens it as a draft (P4, P8). */
export interface RmaState {
  readonly id: string;
  readonly scope: string;
  readonly status: 'unknown' | 'draft';
  readonly unitId: string;
  readonly partNumber: string;
  readonly serial: string;
  readonly fault: string;
  readonly ticketId: string;
  readonly openedAt: string;
}

export function unknownRma(id: string): RmaState {
  return {
    id,
    scope: '',
    status: 'unknown',
    unitId: '',
    partNumber: '',
    serial: '',
    fault: '',
    ticketId: '',
    openedAt: '',
  };
}

export function evolveRma(state: RmaState, event: DomainEvent): RmaState {
  const reading = readEvent(event);
  if (reading.kind !== 'known' || reading.event.type !== 'part.swapped') return state;
  const { faulty, fault, ticketId } = reading.event.data;
  return {
    ...state,
    scope: event.scope,
    status: 'draft',
    unitId: faulty.unitId,
    partNumber: faulty.partNumber,
    serial: faulty.serial,
    fault,
    ticketId,
    openedAt: event.at,
  };
}
