import { type DomainEvent, type EventDraft, EventSchema } from '#shared/events/envelope.ts';
import { hashEvent } from '#shared/events/hash-chain.ts';
import { formatHlc, tick } from '#shared/events/hlc.ts';
import type { Clock } from './clock.ts';
import type { GroupCommit } from './group-commit.ts';
import type { Ledger } from './ledger.ts';
import { type MeasuredOffset, offsetAt } from './measured-offset.ts';
import type { Tentative } from './tentative.ts';

/** Who and when, told by whoever writes sample data. */
export interface ToldStamp {
  readonly actor: string;
  readonly nowMs: number;
}

interface StamperParts {
  readonly actor: string;
  readonly clock: Clock;
  readonly ledger: Ledger;
  readonly commits: GroupCommit;
  /** A fact of this journal. */
  readonly load: (id: string) => Promise<DomainEvent | undefined>;
}

/** Makes facts of drafts: whose they are, when they happened, and what they follow. */
export class Stamper {
  readonly #parts: StamperParts;
  #measured: MeasuredOffset | undefined;

  constructor(parts: StamperParts) {
    this.#parts = parts;
  }

  /**
   * Keeps the last measured difference (server minus device) as evidence for the facts that follow; `undefined` when there is none any more.
   * @param uncertaintyMs the truth lies within this of `offsetMs`.
   */
  noteClockOffset(offsetMs: number | undefined, uncertaintyMs?: number): void {
    const { clock } = this.#parts;
    const wallMs = clock.nowMs();
    const monotonicMs = clock.monotonicMs();
    this.#measured = offsetMs === undefined ? undefined : { offsetMs, uncertaintyMs, wallMs, monotonicMs };
  }

  /** The fact, decided but not written: the next of its stream is chained to it. */
  async stamp(draft: EventDraft, state: Tentative, told?: ToldStamp): Promise<DomainEvent> {
    const { actor, clock, commits } = this.#parts;
    const { device } = commits;
    const wallMs = told?.nowMs ?? clock.nowMs();
    const monotonicMs = clock.monotonicMs();
    state.hlc = tick(state.hlc, wallMs);
    const event: DomainEvent = {
      ...draft,
      hlc: formatHlc(state.hlc, device),
      at: new Date(wallMs).toISOString(),
      tz: clock.timeZone(),
      clock: {
        monotonicMs,
        bootId: clock.bootId,
        ...(told === undefined ? offsetAt(this.#measured, { wallMs, monotonicMs }) : {}),
      },
      actor: told?.actor ?? actor,
      device,
      prev: await this.#headOf(draft.stream, state),
    };
    // As it will be read back: what JSON cannot carry must not enter the hash.
    // And it must be readable: a fact that the schema refuses is refused now, not at the next start.
    const stored = EventSchema.parse(JSON.parse(JSON.stringify(event)));
    state.addEvent(stored, hashEvent(stored));
    return stored;
  }

  async #headOf(stream: string, state: Tentative): Promise<string> {
    const { ledger, commits, load } = this.#parts;
    const fresh = state.head(stream) ?? commits.headOf(stream);
    if (fresh !== undefined) return fresh;
    const last = ledger.lastOfStream.get(stream);
    // Before it became another device it had another chain.
    if (last === undefined || last.device !== commits.device) return '';
    const event = last.hash === undefined ? await load(last.id) : undefined;
    return last.hash ?? (event === undefined ? '' : hashEvent(event));
  }
}
