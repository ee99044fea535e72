import { describe, expect, it } from 'vitest';
import { aTicket, context } from '#test/support/ticket-builder.ts';
import { EventBuilder } from '#test/support/event-builder.ts';
import { readSharing } from './sharing.ts';
import { decideTicket, type TicketCommand } from './ticket/decide.ts';

const decide = (ticket = aTicket(), command: TicketCommand) => decideTicket(ticket.state, command, context());
const code = (ticket = aTicket(), command: TicketCommand): string | undefined => {
  const decision = decide(ticket, command);
  return decision.ok ? undefined : decision.refusal.code;
};

describe('Sharing a ticket', () => {
  const shared = () => aTicket().add('ticket.shared', { with: 'user/zhao.bj' });

  it('[SY60] is a fact in the ticket, in its home scope', () => {
    const decision = decide(aTicket(), { do: 'share', with: 'user/zhao.bj' });
    expect(decision.ok && decision.drafts).toMatchObject([
      { type: 'ticket.shared', scope: aTicket().state.scope, data: { with: 'user/zhao.bj' } },
    ]);
    expect(shared().state.sharedWith).toEqual(['user/zhao.bj']);
    expect(shared().add('ticket.unshared', { with: 'user/zhao.bj' }).state.sharedWith).toEqual([]);
  });

  it('[SY60] says why it is not possible', () => {
    const home = aTicket().state.scope;
    expect(code(aTicket(), { do: 'share', with: home })).toBe('ticket.sharedAtHome');
    expect(code(shared(), { do: 'share', with: 'user/zhao.bj' })).toBe('ticket.sharedAlready');
    expect(code(aTicket(), { do: 'unshare', with: 'user/zhao.bj' })).toBe('ticket.notShared');
  });

  it('[SY60] can be ended when the ticket has ended, and not begun', () => {
    const cancelled = shared().add('ticket.cancelled', { reason: '误报' });
    expect(code(cancelled, { do: 'share', with: 'region/bj' })).toBe('ticket.ended');
    expect(decide(cancelled, { do: 'unshare', with: 'user/zhao.bj' }).ok).toBe(true);
  });

  it('[SY60] is read from facts of tickets that fit their schema, and from nothing else', () => {
    const fact = new EventBuilder().make('ticket/t1', 'ticket.shared', { with: 'region/bj' });
    const read = (stream: string, type: string, data: Record<string, unknown>) =>
      readSharing({ ...fact, stream, type, data });
    expect(read('ticket/t1', 'ticket.shared', { with: 'region/bj' })).toEqual({
      with: 'region/bj',
      shares: true,
    });
    expect(read('asset/a1', 'ticket.shared', { with: 'region/bj' })).toBeUndefined();
    expect(read('ticket/t1', 'ticket.shared', { with: 'org' })).toBeUndefined();
    expect(read('ticket/t1', 'ticket.noted', { text: 'x' })).toBeUndefined();
  });
});
