import type { DomainEvent } from '#shared/events/envelope.ts';
import { fold } from '#shared/events/fold.ts';
import type { DecideContext } from '#shared/domain/refusal.ts';
import { evolveTicket } from '#shared/domain/ticket/evolve.ts';
import { unknownTicket, type TicketState } from '#shared/domain/ticket/state.ts';
import type { DataOf, EventTypeName } from '#shared/domain/registry.ts';
import type { Grade, WaitingReason } from '#shared/domain/ticket/words.ts';
import { EventBuilder, opening } from './event-builder.ts';

const LEVELS = {
  P1: ['high', 'high'],
  P2: ['high', 'medium'],
  P3: ['medium', 'medium'],
  P4: ['low', 'low'],
} as const;

/** `aTicket().graded('P1').assigned().accepted().state`: the world of a test in one line. */
export function aTicket(patch: Partial<DataOf<'ticket.opened'>> = {}): TicketBuilder {
  return new TicketBuilder().add('ticket.opened', opening(patch), 'zhang.min');
}

export class TicketBuilder {
  readonly id = 't1';
  readonly events: DomainEvent[] = [];
  readonly #builder = new EventBuilder();

  add<T extends EventTypeName>(type: T, data: DataOf<T>, actor = 'li.wei'): this {
    this.events.push(this.#builder.make(`ticket/${this.id}`, type, data, actor));
    return this;
  }

  after(minutes: number): this {
    this.#builder.after(minutes);
    return this;
  }

  graded(grade: Grade): this {
    const [impact, urgency] = LEVELS[grade];
    return this.add('ticket.graded', { impact, urgency, grade }, 'zhang.min');
  }

  assigned(to = 'li.wei'): this {
    return this.add('ticket.assigned', { to, tier: 'L1' }, 'zhang.min');
  }

  accepted(): this {
    return this.add('ticket.accepted', {});
  }

  diagnosing(): this {
    return this.add('ticket.diagnosisStarted', {});
  }

  restored(): this {
    return this.add('ticket.restored', { what: '切至备用监控单元', restoredAt: this.events.at(-1)!.at });
  }

  fixing(): this {
    return this.add('ticket.fixStarted', { plan: '更换 R2 整流模块' });
  }

  explained(): this {
    for (const [field, value] of [
      ['causeCode', 'hardware'],
      ['rootCause', '通信芯片失效'],
      ['treatment', '更换模块'],
    ] as const) {
      this.add('ticket.edited', { field, value, basedOn: '' });
    }
    return this;
  }

  verifying(): this {
    return this.add('ticket.verificationStarted', {});
  }

  confirmed(): this {
    return this.add('ticket.confirmed', { method: 'phone', name: '刘工' });
  }

  calledBack(satisfaction = 5): this {
    return this.add('ticket.calledBack', { reached: true, satisfaction }, 'zhang.min');
  }

  closed(): this {
    return this.add('ticket.closed', {}, 'zhang.min');
  }

  pausedFor(reason: WaitingReason, minutes: number): this {
    this.add('ticket.paused', { reason, evidence: '邮件 10:02', approvedBy: 'wang.fang' });
    return this.after(minutes - 1).add('ticket.resumed', {});
  }

  get state(): TicketState {
    return fold(unknownTicket(this.id), this.events, evolveTicket);
  }
}

/** A context for deciding: the engineer, now, with ids that count up. */
export function context(patch: Partial<DecideContext> = {}): DecideContext {
  let count = 0;
  return {
    actor: 'li.wei',
    roles: ['engineer'],
    scope: 'region/sz',
    now: '2026-03-02T09:00:00.000Z',
    newId: () => `00000000-0000-7000-8000-${String(++count).padStart(12, '0')}`,
    ...patch,
  };
}
