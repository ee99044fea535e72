import { foldOnto, unknownRow, type FoldedRow } from '#shared/domain/projection.ts';
import { readEvent, touches } from '#shared/domain/registry.ts';
import type { DomainEvent } from '#shared/events/envelope.ts';

export type State = Readonly<Record<string, unknown>>;

/** What the server has to know of the domain: three questions, no more. */
export interface DomainPort {
  /** Why the data does not fit its type, or `undefined` when it fits or the type is of a newer version. */
  fault(event: DomainEvent): string | undefined;
  /** Keys of all entities the event changes, its own stream among them. */
  touches(event: DomainEvent): readonly string[];
  /** The state after one more event; `undefined` stands for an entity of which nothing is known. */
  evolve(key: string, state: State | undefined, event: DomainEvent): State;
}

/** The domain that laptops fold too. An entity of a noun that this version does not know has the state `{}`. */
export const productDomain: DomainPort = {
  fault(event) {
    const reading = readEvent(event);
    return reading.kind === 'malformed' ? reading.reason : undefined;
  },
  touches,
  evolve(key, state, event) {
    const row = unknownRow(key);
    if (row === undefined) return state ?? {};
    const known = state === undefined ? row : { ...row, state: state as unknown as FoldedRow['state'] };
    return foldOnto(known, [event]).row.state as unknown as State;
  },
};
