import type { Turn } from './state.ts';

/** The turn after a batch was judged: what is still in the outbox is not offered again in it. */
export function turnAfterWord(
  turn: Turn,
  { left, unjudged }: { readonly left: readonly string[]; readonly unjudged: readonly string[] },
): Turn {
  return {
    ...turn,
    limit: null,
    faults: 0,
    skipIds: [...turn.skipIds, ...left],
    skipStreams: [...turn.skipStreams, ...unjudged],
  };
}
