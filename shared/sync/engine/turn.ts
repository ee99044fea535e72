import type { Trouble, Turn } from './state.ts';

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

/** One fact spoils the batch: it is halved until that fact stands alone, and then its stream waits. */
export function turnAfterUnreadable(
  turn: Turn,
  { count, stream }: { readonly count: number; readonly stream: string },
  unreadable: Trouble,
): Turn {
  if (count > 1) return { ...turn, limit: Math.ceil(count / 2) };
  return { ...turn, limit: null, skipStreams: [...turn.skipStreams, stream], unreadable };
}
