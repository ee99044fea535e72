import { describe, expect, it } from 'vitest';
import { aTicket, context } from '#test/support/ticket-builder.ts';
import { decideTicket, type TicketCommand } from './decide.ts';
import { missingFor, nextStep } from './guards.ts';
import type { TicketState } from './state.ts';
import { unknownTicket } from './state.ts';

const decide = (ticket: TicketState, command: TicketCommand, patch = {}) =>
  decideTicket(ticket, command, context(patch));
const refusal = (ticket: TicketState, command: TicketCommand, patch = {}) => {
  const decision = decide(ticket, command, patch);
  return decision.ok ? undefined : decision.refusal;
};

describe('grading', () => {
  it('[T3] takes the grade from impact and urgency', () => {
    const decision = decide(aTicket().state, { do: 'grade', impact: 'high', urgency: 'medium' });
    expect(decision.ok && decision.drafts[0]?.data).toEqual({
      impact: 'high',
      urgency: 'medium',
      grade: 'P2',
    });
  });

  it('[T3] wants a reason for a grade that the matrix does not give', () => {
    const override = { grade: 'P1' as const, reason: ' ' };
    expect(refusal(aTicket().state, { do: 'grade', impact: 'low', urgency: 'low', override })?.code).toBe(
      'ticket.overrideNeedsReason',
    );
    const decision = decide(aTicket().state, {
      do: 'grade',
      impact: 'low',
      urgency: 'low',
      override: { grade: 'P1', reason: '政府热线' },
    });
    expect(decision.ok && decision.drafts[0]?.data).toEqual({
      impact: 'low',
      urgency: 'low',
      grade: 'P1',
      overrideReason: '政府热线',
    });
  });
});

describe('steps', () => {
  it('[T2] cannot be taken before the ticket stands where they begin', () => {
    expect(refusal(aTicket().state, { do: 'accept' })).toEqual({
      code: 'ticket.notNow',
      missing: [],
      params: { step: 'accepted', work: 'new' },
    });
    expect(refusal(aTicket().graded('P3').assigned().accepted().state, { do: 'close' })?.code).toBe(
      'ticket.notNow',
    );
  });

  it('[T2] let a question of grade P4 go from accepted to verifying, and nothing else', () => {
    const p4 = aTicket().graded('P4').assigned().accepted().explained().state;
    expect(decide(p4, { do: 'startVerification' }).ok).toBe(true);
    expect(nextStep(p4)).toBe('verifying');
    const p3 = aTicket().graded('P3').assigned().accepted().explained().state;
    expect(refusal(p3, { do: 'startVerification' })?.code).toBe('ticket.notNow');
  });

  it('[T3] restored wants what was done, and a time that has been', () => {
    const ticket = aTicket().graded('P1').assigned().accepted().diagnosing().state;
    const restoredAt = '2026-03-02T08:00:00.000Z';
    expect(refusal(ticket, { do: 'restore', what: ' ', restoredAt })?.missing).toEqual(['restoredWhat']);
    expect(refusal(ticket, { do: 'restore', what: '重启', restoredAt: '2026-03-03T08:00:00Z' })?.code).toBe(
      'ticket.restoredInFuture',
    );
    expect(decide(ticket, { do: 'restore', what: '重启', restoredAt }).ok).toBe(true);
  });

  it('[T3] verifying says all that is missing: cause, root cause, treatment, parts', () => {
    const ticket = aTicket().graded('P2').assigned().accepted().diagnosing().restored().fixing();
    ticket.add('part.taken', { unitId: 'R48~1', ticketId: 't1' });
    expect(refusal(ticket.state, { do: 'startVerification' })).toEqual({
      code: 'ticket.missing',
      missing: ['causeCode', 'rootCause', 'treatment', 'partsReconciled'],
      params: { step: 'verifying' },
    });
    ticket
      .explained()
      .add('part.returned', { unitId: 'R48~1', ticketId: 't1', to: { kind: 'van', id: 'li.wei' } });
    expect(decide(ticket.state, { do: 'startVerification' }).ok).toBe(true);
  });

  it('[T3] closed wants the confirmation and the call-back', () => {
    const ticket = aTicket()
      .graded('P2')
      .assigned()
      .accepted()
      .diagnosing()
      .restored()
      .explained()
      .verifying();
    expect(refusal(ticket.state, { do: 'close' })?.missing).toEqual(['confirmation', 'callBack']);
    ticket.confirmed();
    expect(refusal(ticket.state, { do: 'close' })?.missing).toEqual(['callBack']);
    expect(decide(ticket.calledBack().state, { do: 'close' }).ok).toBe(true);
  });

  it('[T3] three attempts on record stand for a call-back nobody answered', () => {
    const ticket = aTicket()
      .graded('P2')
      .assigned()
      .accepted()
      .diagnosing()
      .restored()
      .explained()
      .verifying()
      .confirmed();
    for (let attempt = 0; attempt < 2; attempt++) ticket.add('ticket.calledBack', { reached: false });
    expect(missingFor(ticket.state, 'closed')).toEqual(['callBack']);
    ticket.add('ticket.calledBack', { reached: false });
    expect(missingFor(ticket.state, 'closed')).toEqual([]);
  });

  it('[T3] a review is for P1 and P2', () => {
    const closed = (grade: 'P1' | 'P3') =>
      aTicket()
        .graded(grade)
        .assigned()
        .accepted()
        .diagnosing()
        .restored()
        .explained()
        .verifying()
        .confirmed()
        .calledBack()
        .closed().state;
    expect(nextStep(closed('P1'))).toBe('reviewed');
    expect(nextStep(closed('P3'))).toBeUndefined();
    expect(refusal(closed('P3'), { do: 'review', report: 'RCA', knowledge: 'none' })?.code).toBe(
      'ticket.notNow',
    );
  });

  it('[T2] a cancelled ticket takes notes and nothing more', () => {
    const ticket = aTicket().add('ticket.cancelled', { reason: '重复' }).state;
    expect(refusal(ticket, { do: 'grade', impact: 'low', urgency: 'low' })?.code).toBe('ticket.ended');
    expect(decide(ticket, { do: 'note', text: '见 00172K' }).ok).toBe(true);
  });

  it('[T2] nothing is done to a ticket that is not known', () => {
    expect(refusal(unknownTicket('x'), { do: 'accept' })?.code).toBe('ticket.unknown');
  });
});

describe('waiting', () => {
  it('[T4] wants evidence', () => {
    const ticket = aTicket().graded('P3').assigned().state;
    expect(refusal(ticket, { do: 'pause', reason: 'part', evidence: '' })?.code).toBe(
      'ticket.pauseNeedsEvidence',
    );
  });

  it('[T4] of a P1 wants a manager', () => {
    const ticket = aTicket().graded('P1').assigned().state;
    const pause = { do: 'pause', reason: 'access', evidence: '门卫' } as const;
    expect(refusal(ticket, pause)?.code).toBe('ticket.pauseNeedsApproval');
    expect(decide(ticket, { ...pause, approvedBy: 'wang.fang' }).ok).toBe(true);
    expect(decide(ticket, pause, { roles: ['manager'], actor: 'wang.fang' }).ok).toBe(true);
  });
});

describe('remote access', () => {
  it('[E2] is an emergency only for a P1, with a reason', () => {
    const data = { name: '值班', systems: '10.8.2.0/24', until: '2026-03-02T10:00:00Z', emergency: true };
    expect(refusal(aTicket().graded('P2').state, { do: 'consent', data })?.code).toBe(
      'ticket.emergencyOnlyP1',
    );
    expect(refusal(aTicket().graded('P1').state, { do: 'consent', data })?.code).toBe('ticket.needsReason');
    expect(
      decide(aTicket().graded('P1').state, { do: 'consent', data: { ...data, reason: '全站中断' } }).ok,
    ).toBe(true);
  });
});
