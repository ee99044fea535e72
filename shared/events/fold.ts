import { compareEvents, type DomainEvent } from './envelope.ts';

/** A pure step: the state after one more fact. */
export type Evolve<S> = (state: S, event: DomainEvent) => S;

/**
 * The state that a set of facts means. Order of arrival and repetition do not
 * matter: facts are sorted by (hlc, id) and each counts once.
 */
export function fold<S>(initial: S, events: Iterable<DomainEvent>, evolve: Evolve<S>): S {
  let state = initial;
  let lastId: string | undefined;
  for (const event of [...events].sort(compareEvents)) {
    if (event.id === lastId) continue;
    lastId = event.id;
    state = evolve(state, event);
  }
  return state;
}
