import type { DomainEvent } from '#shared/events/envelope.ts';
import { nextBatch } from '#shared/sync/engine/plan.ts';
import { NO_TURN, type Turn } from '#shared/sync/engine/state.ts';
import { turnAfterUnreadable, turnAfterWord } from '#shared/sync/engine/turn.ts';
import type { Journal } from '../journal/journal.ts';
import type { EngineServer } from './engine-ports.ts';
import { wireBytes } from './plan-push.ts';
import { SyncError } from './sync-error.ts';

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
  const said = new Map(verdicts.map((verdict) => [verdict.id, verdict.verdict]));
  const isSettled = ({ id }: DomainEvent): boolean =>
    said.get(id) === 'refused' || (answer.durable && said.has(id));
  return {
    serverTime: answer.serverTime,
    left: batch.filter((event) => !isSettled(event)).map(({ id }) => id),
    unjudged: batch.filter(({ id }) => !said.has(id)).map(({ stream }) => stream),
  };
}

export interface PushRun {
  readonly journal: Journal;
  readonly client: EngineServer;
  readonly signal: AbortSignal;
  /** Also offer what the server has taken but may still forget. */
  readonly withDoubtful: boolean;
  /** Called before each request. */
  readonly onSending: () => void;
}

/**
 * One turn without an engine: offers the outbox until nothing may be sent.
 * @returns the error of the last fact that the server could not read, if any.
 * @throws SyncError when the server cannot be spoken to; nothing is lost.
 */
export async function pushEvents(run: PushRun): Promise<SyncError | undefined> {
  let turn: Turn = { ...NO_TURN, isPoll: run.withDoubtful };
  let unreadable: SyncError | undefined;
  while (true) {
    const batch = planBatch(run.journal, turn, false);
    const [first] = batch;
    if (first === undefined) return unreadable;
    run.onSending();
    try {
      turn = turnAfterWord(turn, await offerBatch(run, batch));
    } catch (thrown) {
      if (!(thrown instanceof SyncError) || thrown.code !== 'sync.refusedRequest') throw thrown;
      const { code, message } = thrown;
      turn = turnAfterUnreadable(turn, { count: batch.length, stream: first.stream }, { code, message });
      unreadable = thrown;
    }
  }
}
