import { describe, expect, it } from 'vitest';
import { aTicket, context } from '#test/support/ticket-builder.ts';
import { EventBuilder } from '#test/support/event-builder.ts';
import { eventTypes } from './registry.ts';
import { mayBeShared, namedBy, readSharing } from './sharing.ts';
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

  it('[SY60] [T11] can be ended when the ticket has ended, and not begun', () => {
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

describe('What goes along with a shared ticket', () => {
  const named = (stream: string, type: string, data: Record<string, unknown>) =>
    namedBy({ ...new EventBuilder().make(stream, 'ticket.noted', { text: 'x' }), type, data });
  const unit = (unitId: string) => ({ unitId, partNumber: 'R48', serial: unitId, name: '整流模块' });

  it('[SY69] is the customer, site and asset of its opening', () => {
    const { data } = aTicket().events.find(({ type }) => type === 'ticket.opened')!;
    const { customerId, siteId, assetId } = data as Record<string, string>;
    const records = [`customer/${customerId}`, `site/${siteId}`, `asset/${assetId}`];
    expect(named('ticket/t', 'ticket.opened', data)).toEqual({ tickets: ['ticket/t'], records });
    const { assetId: _, ...without } = data as Record<string, string>;
    expect(named('ticket/t', 'ticket.opened', without).records).toEqual(records.slice(0, 2));
  });

  it('[SY69] is every asset that was ever named, and every unit that was moved for it', () => {
    const edit = (field: string, value: string) =>
      named('ticket/t', 'ticket.edited', { field, value, basedOn: '' }).records;
    expect(edit('assetId', 'b')).toEqual(['asset/b']);
    expect(edit('assetId', '')).toEqual([]);
    expect(edit('symptom', 'b')).toEqual([]);
    const swap = {
      ticketId: 't',
      assetId: 'a',
      slotId: 'R1',
      kit: { kind: 'van', id: 'v' },
      good: unit('g'),
      faulty: unit('f'),
      rmaId: 'r',
      fault: '',
    };
    expect(named('ticket/t', 'part.swapped', swap).records).toEqual(['asset/a', 'unit/g', 'unit/f']);
    expect(named('unit/g', 'part.taken', { unitId: 'g', ticketId: 't' })).toEqual({
      tickets: ['ticket/t'],
      records: ['unit/g'],
    });
  });

  it('[SY69] is nothing that a fact outside of tickets names, or one that cannot be read', () => {
    expect(named('unit/g', 'part.received', { ...unit('g') })).toEqual({ tickets: [], records: [] });
    expect(named('asset/a', 'asset.registered', { siteId: 's' }).records).toEqual([]);
    expect(named('ticket/t', 'ticket.opened', { customerId: 'c' }).records).toEqual([]);
    expect(named('ticket/t', 'ticket.invented', { customerId: 'c' }).records).toEqual([]);
  });

  it('[SY69] is never another ticket, nor what belongs to everybody or to the office', () => {
    const shareable = ['customer', 'site', 'asset', 'unit', 'ticket'];
    const nouns = new Set(Object.keys(eventTypes).map((type) => type.split('.', 1)[0] ?? ''));
    for (const noun of [...nouns, 'unit', 'rma', 'org', 'region'])
      expect([noun, mayBeShared(`${noun}/x`)]).toEqual([noun, shareable.includes(noun)]);
  });
});
