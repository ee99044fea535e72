import { Button } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { View } from '../../db/list-query.ts';
import { useView } from '../../stores/view.ts';
import classes from './queue.module.css';

/** Nothing to list: says what to do instead. */
export function QueueEmpty({ view, search }: { view: View; search: string }) {
  const { t } = useTranslation();
  const set = useView((state) => state.set);
  const openDialog = useView((state) => state.openDialog);
  const isSearching = search.trim() !== '';
  return (
    <div className={classes.empty} data-testid="queue-empty">
      <p>{isSearching ? t('ticket.empty.search', { search }) : t(`ticket.empty.${view}`)}</p>
      <div className={classes.acts}>
        {isSearching && view !== 'all' && (
          <Button size="xs" variant="default" onClick={() => set({ queueView: 'all' })}>
            {t('ticket.empty.searchAll')}
          </Button>
        )}
        {!isSearching && view === 'mine' && (
          <Button size="xs" variant="default" onClick={() => set({ queueView: 'unassigned' })}>
            {t('ticket.empty.seeUnassigned')}
          </Button>
        )}
        {!isSearching && (
          <Button size="xs" variant="default" onClick={() => openDialog({ kind: 'newTicket' })}>
            {t('ticket.empty.new')}
          </Button>
        )}
      </div>
    </div>
  );
}
