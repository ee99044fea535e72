import type { DomainEvent } from '#shared/events/envelope.ts';
import type { PushAnswer } from '#shared/sync/protocol.ts';
import type { Journal } from '../journal/journal.ts';
import { nextBatch } from './plan-push.ts';
import type { ServerClient } from './server-client.ts';
import { SyncError } from './sync-error.ts';

export interface PushRun {
  readonly journal: Journal;
  readonly client: ServerClient;
  readonly signal: AbortSignal;
  /** Also offer what the server has taken but may still forget. */
  readonly withDoubtful: boolean;
  /** Called before each request. */
  readonly onSending: () => void;
}

/**
 * Offers the outbox to the server until it is empty. A verdict counts once it
 * is in the journal. An event that the server cannot even read holds back its
 * own stream and nothing else.
 * @returns the error of the last such event, if any.
 * @throws SyncError when the server cannot be spoken to; nothing is lost.
 */
export async function pushEvents(run: PushRun): Promise<SyncError | undefined> {
  const { journal, client } = run;
  const skip = { ids: new Set<string>(), streams: new Set<string>() };
  if (!run.withDoubtful) {
    for (const { event, state } of journal.outbox()) if (state === 'notDurable') skip.ids.add(event.id);
  }
  let unreadable: SyncError | undefined;
  let limit = Number.POSITIVE_INFINITY;
  while (true) {
    const batch = nextBatch(journal.outbox(), skip).slice(0, limit);
    const [first] = batch;
    if (first === undefined) return unreadable;
    run.onSending();
    try {
      await record(
        run,
        batch,
        await client.push({ epoch: journal.epoch ?? '', device: journal.device, events: batch }, run.signal),
        skip,
      );
      limit = Number.POSITIVE_INFINITY;
    } catch (thrown) {
      if (!(thrown instanceof SyncError) || thrown.code !== 'sync.refusedRequest') throw thrown;
      // One of them spoils the batch: halve it until it stands alone.
      if (batch.length > 1) {
        limit = Math.ceil(batch.length / 2);
        continue;
      }
      unreadable = thrown;
      skip.streams.add(first.stream);
      limit = Number.POSITIVE_INFINITY;
    }
  }
}

async function record(
  { journal }: PushRun,
  batch: readonly DomainEvent[],
  answer: PushAnswer,
  skip: { ids: Set<string>; streams: Set<string> },
): Promise<void> {
  await journal.enterEpoch(answer.epoch);
  const offered = new Set(batch.map((event) => event.id));
  const verdicts = answer.verdicts.filter((verdict) => offered.has(verdict.id));
  await journal.applyVerdicts({ epoch: answer.epoch, durable: answer.durable, verdicts });
  const judged = new Set(verdicts.map((verdict) => verdict.id));
  for (const event of batch) {
    skip.ids.add(event.id);
    // Without a word on it, what follows it in its stream has to wait for the next turn as well.
    if (!judged.has(event.id)) skip.streams.add(event.stream);
  }
}
