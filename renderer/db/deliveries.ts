import type { DomainEvent } from '#shared/events/envelope.ts';
import type { PullLine } from '#shared/sync/protocol.ts';

/** A fact and the scopes that delivered it. */
export interface Delivered {
  readonly event: DomainEvent;
  readonly scopes: ReadonlySet<string>;
}

/** What one pull brings and takes, whatever came in which order. */
export interface Deliveries {
  readonly arrived: readonly Delivered[];
  /** Streams that a scope no longer gives. */
  readonly left: readonly { readonly scope: string; readonly stream: string }[];
  /** Facts that are gone for good, each told by every scope that gave it: nothing else of their streams from before is left. */
  readonly deleted: readonly { readonly scope: string; readonly stream: string; readonly id: string }[];
  /** Scopes whose right was lost. */
  readonly lost: readonly string[];
}

/**
 * Reads the lines in their order: what left takes the entries of its scope before it, not those that come after. What is
 * deleted is named: another scope, whose lines come later, may tell of the same purge, and takes nothing that was added since.
 */
export function readDeliveries(lines: readonly PullLine[]): Deliveries {
  const arrived = new Map<string, { event: DomainEvent; scopes: Set<string> }>();
  const left: { scope: string; stream: string }[] = [];
  const deleted: { scope: string; stream: string; id: string }[] = [];
  const lost: string[] = [];
  for (const line of lines) {
    if (line.k === 'head') lost.push(...line.lost);
    else if (line.k === 'event') {
      const known = arrived.get(line.event.id);
      if (known === undefined)
        arrived.set(line.event.id, { event: line.event, scopes: new Set([line.scope]) });
      else known.scopes.add(line.scope);
    } else if (line.k === 'left') {
      left.push({ scope: line.scope, stream: line.stream });
      for (const { event, scopes } of arrived.values())
        if (event.stream === line.stream) scopes.delete(line.scope);
    } else if (line.k === 'deleted') {
      deleted.push({ scope: line.scope, stream: line.stream, id: line.id });
      arrived.delete(line.id);
    }
  }
  return { arrived: [...arrived.values()].filter(({ scopes }) => scopes.size > 0), left, deleted, lost };
}
