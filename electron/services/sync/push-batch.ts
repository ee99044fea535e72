import type { DomainEvent } from '#shared/events/envelope.ts';
import { nextBatch } from '#shared/sync/engine/plan.ts';
import type { Turn } from '#shared/sync/engine/state.ts';
import type { Journal } from '../journal/journal.ts';
import type { EngineServer } from './engine-ports.ts';
import { wireBytes } from './plan-push.ts';

/** The next facts of a turn, in the order of the journal. */
export function planBatch(journal: Journal, turn: Turn, isHandingOver: boolean): DomainEvent[] {
  const rules = { turn, isHandingOver, bytesOf: ({ event }: { event: DomainEvent }) => wireBytes(event) };
  return nextBatch(journal.outbox(), rules).map(({ event }) => event);
}

/** What a batch came to. */
export interface BatchOutcome {
  readonly serverTime: string;
  /** Still in the outbox: without a word, or the server may forget it. */
  readonly left: readonly string[];
  /** Streams of facts without a word: what follows them waits. */
  readonly unjudged: readonly string[];
}

/**
 * Offers one batch. A verdict counts once it is in the journal.
 * @param onAnswer called when the answer is here, before the journal is written.
 * @throws SyncError when nothing was judged; JournalError when the verdicts could not be written: both are offered again.
 */
export async function offerBatch(
  { journal, client, signal }: { journal: Journal; client: EngineServer; signal: AbortSignal },
  batch: readonly DomainEvent[],
  onAnswer: () => void = () => undefined,
): Promise<BatchOutcome> {
  const run = await journal.run();
  const answer = await client.push(
    { epoch: journal.epoch ?? '', device: journal.device, run, events: [...batch] },
    signal,
  );
  onAnswer();
  await journal.enterEpoch(answer.epoch);
  const offered = new Set(batch.map((event) => event.id));
  const verdicts = answer.verdicts.filter((verdict) => offered.has(verdict.id));
  await journal.applyVerdicts({ epoch: answer.epoch, durable: answer.durable, verdicts });
  const said = new Set(verdicts.map(({ id }) => id));
  return {
    serverTime: answer.serverTime,
    left: batch.filter(({ id }) => !answer.durable || !said.has(id)).map(({ id }) => id),
    unjudged: batch.filter(({ id }) => !said.has(id)).map(({ stream }) => stream),
  };
}
