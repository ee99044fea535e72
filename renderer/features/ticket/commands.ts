import type { WorkState } from '#shared/domain/ticket/words.ts';
import type { TicketState } from '#shared/domain/ticket/state.ts';
import { mayAppend } from '#shared/domain/rights/rights.ts';
import { mayStep, nextStep } from '#shared/domain/ticket/guards.ts';
import type { Command, CommandContext } from '../../app/commands.ts';
import { subjectOf } from '../../app/desk.ts';
import type { ActName } from './act-specs.ts';
import { perform, performNext } from './perform.ts';
import { moveInQueue } from './queue-cursor.ts';

type When = (ticket: TicketState, context: CommandContext) => boolean;

const isOpen: When = (ticket) =>
  ticket.isOpened &&
  ticket.ended === undefined &&
  !ticket.needsUpdate &&
  ticket.work !== 'closed' &&
  ticket.work !== 'reviewed';
const mayReach =
  (step: WorkState): When =>
  (ticket) =>
    mayStep(ticket, step);

/** A command that opens the form of an act. */
function form(act: ActName, when: When, keys?: string): Command {
  return {
    id: `ticket.${act}`,
    title: `ticket.command.${act}`,
    ...(keys !== undefined && { keys }),
    when: onTicket(when),
    run: ({ view, ticket }) => {
      if (ticket !== undefined) view.openDialog({ kind: 'act', act, ticketId: ticket.id });
    },
  };
}

function onTicket(when: When): (context: CommandContext) => boolean {
  return (context) =>
    context.view.section === 'tickets' && context.ticket !== undefined && when(context.ticket, context);
}

/** Everything one can do to tickets: the palette, the keys and the menu of a ticket are made from it. */
export const ticketCommands: Command[] = [
  {
    id: 'ticket.new',
    title: 'ticket.command.new',
    keys: 'n',
    run: ({ view }) => view.openDialog({ kind: 'newTicket' }),
  },
  {
    id: 'ticket.next',
    title: 'ticket.command.next',
    keys: 'mod+enter',
    when: onTicket((ticket) => nextStep(ticket) !== undefined),
    run: async ({ desk, ticket }) => {
      if (ticket !== undefined) await performNext(desk, ticket);
    },
  },
  {
    id: 'ticket.down',
    title: 'ticket.command.down',
    keys: 'j',
    when: ({ view }) => view.section === 'tickets',
    run: () => moveInQueue(1),
  },
  {
    id: 'ticket.up',
    title: 'ticket.command.up',
    keys: 'k',
    when: ({ view }) => view.section === 'tickets',
    run: () => moveInQueue(-1),
  },
  {
    id: 'ticket.accept',
    title: 'ticket.command.accept',
    keys: 'a',
    when: onTicket(mayReach('accepted')),
    run: async ({ desk, ticket }) => {
      if (ticket !== undefined) await perform(desk, ticket.id, { do: 'accept' });
    },
  },
  form('decline', (ticket) => isOpenAt(ticket, 'assigned')),
  form('assign', mayReach('assigned'), 'e'),
  form('grade', isOpen),
  {
    id: 'ticket.wait',
    title: 'ticket.command.wait',
    keys: 'w',
    when: onTicket((ticket, context) => ticket.waiting !== undefined || isOpen(ticket, context)),
    run: async ({ desk, view, ticket }) => {
      if (ticket === undefined) return;
      if (ticket.waiting === undefined) view.openDialog({ kind: 'act', act: 'pause', ticketId: ticket.id });
      else await perform(desk, ticket.id, { do: 'resume' });
    },
  },
  form('consent', isOpen, 'c'),
  form('startRecovery', mayReach('recovering')),
  form('restore', mayReach('restored')),
  form('startFix', mayReach('fixing')),
  form('editCause', isOpen),
  {
    id: 'ticket.startVerification',
    title: 'ticket.command.startVerification',
    when: onTicket(mayReach('verifying')),
    run: async ({ desk, ticket }) => {
      if (ticket !== undefined) await perform(desk, ticket.id, { do: 'startVerification' });
    },
  },
  form('confirm', (ticket) => isOpenAt(ticket, 'verifying')),
  form('callBack', (ticket) => ticket.isOpened && ticket.ended === undefined && !ticket.needsUpdate),
  form('close', mayReach('closed')),
  form('review', mayReach('reviewed')),
  form(
    'reopen',
    (ticket) => ticket.ended === undefined && (ticket.work === 'closed' || ticket.work === 'reviewed'),
  ),
  form('share', (ticket, context) => mayShare(ticket, context) && ticket.ended === undefined),
  form('unshare', (ticket, context) => mayShare(ticket, context) && ticket.sharedWith.length > 0),
  form('cancel', isOpen),
  form('note', (ticket) => ticket.isOpened && !ticket.needsUpdate),
];

/** Sharing on what one has by a share is not possible: it is not offered. */
function mayShare(ticket: TicketState, { desk }: CommandContext): boolean {
  return (
    ticket.isOpened &&
    !ticket.needsUpdate &&
    mayAppend(subjectOf(desk.workspace), ticket.scope, 'ticket.shared')
  );
}

function isOpenAt(ticket: TicketState, work: WorkState): boolean {
  return ticket.ended === undefined && !ticket.needsUpdate && ticket.work === work;
}
