import type { EventDraft } from '../events/envelope.ts';
import { eventTypes, type DataOf, type EventTypeName } from './registry.ts';

/** Why a command is not possible now: a code that the screens put into words, and what the words speak of. */
export interface Refusal {
  readonly code: string;
  readonly params: Readonly<Record<string, string | number>>;
  /** What is still missing, each a code of its own: the screen lists them beside the step. */
  readonly missing: readonly string[];
}

export type Decision =
  | { readonly ok: true; readonly drafts: readonly EventDraft[] }
  | { readonly ok: false; readonly refusal: Refusal };

export function refuse(
  code: string,
  missing: readonly string[] = [],
  params: Refusal['params'] = {},
): Decision {
  return { ok: false, refusal: { code, params, missing } };
}

/** What a decision needs from outside: no clock, randomness or store is reached from within. */
export interface DecideContext {
  readonly actor: string;
  readonly roles: readonly string[];
  /** Scope of new streams: the region the actor works in. */
  readonly scope: string;
  /** The present instant, ISO in UTC. */
  readonly now: string;
  /** A fresh UUIDv7 each time. */
  readonly newId: () => string;
}

/** A fact of a known type, ready for the journal. Invalid data is a mistake of the program and throws. */
export function draft<T extends EventTypeName>(
  context: Pick<DecideContext, 'newId'>,
  place: { stream: string; scope: string },
  type: T,
  data: DataOf<T>,
): EventDraft {
  const known = eventTypes[type];
  return {
    id: context.newId(),
    ...place,
    type,
    v: known.v,
    data: known.data.parse(data) as Record<string, unknown>,
  };
}
