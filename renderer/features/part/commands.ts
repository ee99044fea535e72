import type { Command } from '../../app/commands.ts';
import { openSwapTab } from './open-swap-tab.ts';

/** What one does with parts. */
export const partCommands: readonly Command[] = [
  {
    id: 'part.swap',
    title: 'part.command.swap',
    keys: 's',
    when: ({ ticket }) => ticket?.isOpened === true && ticket.ended === undefined,
    run: ({ view, ticket }) => {
      if (ticket !== undefined) openSwapTab(view, ticket);
    },
  },
];
