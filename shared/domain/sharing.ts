import type { DomainEvent } from '../events/envelope.ts';
import { readEvent } from './registry.ts';

/** What a fact says about who gets its stream besides its home scope. */
export interface Sharing {
  /** The scope that is to get the stream, or that gets it no longer. */
  readonly with: string;
  readonly shares: boolean;
}

/**
 * Reads a fact as one about sharing; `undefined` for every other. The last such fact by (hlc, id) decides, for each
 * stream, home scope and target. Only tickets can be shared for now.
 */
export function readSharing(event: DomainEvent): Sharing | undefined {
  if (!mayBeShared(event.stream)) return undefined;
  if (event.type !== 'ticket.shared' && event.type !== 'ticket.unshared') return undefined;
  const reading = readEvent(event);
  if (reading.kind !== 'known') return undefined;
  const known = reading.event;
  if (known.type !== 'ticket.shared' && known.type !== 'ticket.unshared') return undefined;
  return { with: known.data.with, shares: known.type === 'ticket.shared' };
}

/** Whether streams of this kind can be shared at all. */
export function mayBeShared(stream: string): boolean {
  return stream.startsWith('ticket/');
}
