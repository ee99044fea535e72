import i18next from 'i18next';
import type { Command } from '../../app/commands.ts';

/** What one does with documents. */
export const documentCommands: readonly Command[] = [
  {
    id: 'document.open',
    title: 'document.command.open',
    keys: 'd',
    when: ({ ticket }) => ticket?.isOpened === true,
    run: ({ view, ticket }) => {
      if (ticket === undefined) return;
      view.openTab({
        id: `document/${ticket.id}`,
        kind: 'document',
        ticketId: ticket.id,
        title: `${i18next.t('document.tab')} ${ticket.number}`,
        params: {},
      });
    },
  },
];
