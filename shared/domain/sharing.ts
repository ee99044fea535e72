import type { DomainEvent } from '../events/envelope.ts';
import { readEvent, touches } from './registry.ts';

/** What a fact says about who gets its ticket besides its home scope. */
export interface Sharing {
  /** The scope that is to get the stream, or that gets it no longer. */
  readonly with: string;
  readonly shares: boolean;
}

/** What goes along with a ticket that speaks of it: what one has to know to work on the ticket. */
const GOES_ALONG = /^(?:customer|site|asset|unit)\//;

/**
 * Reads a fact as one about sharing; `undefined` for every other. The last such fact by (hlc, id) decides, for each
 * ticket, home scope and target.
 */
export function readSharing(event: DomainEvent): Sharing | undefined {
  if (!isTicket(event.stream)) return undefined;
  if (event.type !== 'ticket.shared' && event.type !== 'ticket.unshared') return undefined;
  const reading = readEvent(event);
  if (reading.kind !== 'known') return undefined;
  const known = reading.event;
  if (known.type !== 'ticket.shared' && known.type !== 'ticket.unshared') return undefined;
  return { with: known.data.with, shares: known.type === 'ticket.shared' };
}

/** Whether streams of this kind can be in another scope than their home: tickets, and the records that go along. */
export function mayBeShared(stream: string): boolean {
  return isTicket(stream) || GOES_ALONG.test(stream);
}

/** Tickets and the records that a fact names in them, each as the key of its stream. */
export interface Naming {
  readonly tickets: readonly string[];
  readonly records: readonly string[];
}

/**
 * Which records a fact names, and for which tickets: the customer, site and asset of an opening, the asset of an edit,
 * asset and units of a swap, a unit that is taken, returned or moved for the ticket.
 *
 * A record goes with a ticket as soon as one fact names it, and for as long as the ticket is shared: what was named once
 * stays in the ticket's history. So the order in which facts arrive changes nothing.
 */
export function namedBy(event: DomainEvent): Naming {
  const keys = touches(event);
  const tickets = keys.filter(isTicket);
  if (tickets.length === 0) return { tickets, records: [] };
  const records = [...keys, ...mentions(event)].filter((key) => GOES_ALONG.test(key));
  return { tickets, records: [...new Set(records)] };
}

/** Records that a fact names without changing them. */
function mentions(event: DomainEvent): string[] {
  const reading = readEvent(event);
  if (reading.kind !== 'known') return [];
  const known = reading.event;
  if (known.type === 'ticket.opened') {
    const { customerId, siteId, assetId } = known.data;
    const asset = assetId === undefined ? [] : [`asset/${assetId}`];
    return [`customer/${customerId}`, `site/${siteId}`, ...asset];
  }
  if (known.type === 'ticket.edited' && known.data.field === 'assetId' && known.data.value !== '')
    return [`asset/${known.data.value}`];
  return [];
}

function isTicket(stream: string): boolean {
  return stream.startsWith('ticket/');
}
