import { Menu } from '@mantine/core';
import { ArrowDownWideNarrow, Search, X } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { SEARCH_FIELD_ID } from '../../app/focus-search.ts';
import { VIEWS, type ListQuery, type View } from '../../db/list-query.ts';
import { useView } from '../../stores/view.ts';
import classes from './queue.module.css';

export const SORTS = ['urgency', 'newest', 'grade'] as const satisfies ReadonlyArray<ListQuery['sort']>;

interface HeadProps {
  readonly counts: Readonly<Record<View, number>> | undefined;
  readonly sort: ListQuery['sort'];
  readonly onSort: (sort: ListQuery['sort']) => void;
  /** Leaves the field for the list. */
  readonly onLeave: () => void;
}

/** Search, order and views of the queue. */
export function QueueHead({ counts, sort, onSort, onLeave }: HeadProps) {
  const { t, i18n } = useTranslation();
  // A hundred thousand is 100K (10万): the tabs stay in one line.
  const compact = new Intl.NumberFormat(i18n.language, { notation: 'compact' });
  const view = useView((state) => state.queueView);
  const search = useView((state) => state.search);
  const set = useView((state) => state.set);
  return (
    <div className={classes.head}>
      <div className={classes.find} role="search">
        <label className={classes.field}>
          <Search size={14} aria-hidden />
          <input
            id={SEARCH_FIELD_ID}
            type="search"
            value={search}
            placeholder={t('ticket.queue.search')}
            aria-label={t('ticket.queue.search')}
            data-testid="queue-search"
            onChange={(event) => set({ search: event.currentTarget.value })}
            onKeyDown={(event) => {
              if (event.nativeEvent.isComposing) return;
              if (event.key === 'Escape' && search !== '') set({ search: '' });
              else if (event.key === 'Escape' || event.key === 'Enter' || event.key === 'ArrowDown')
                onLeave();
              else return;
              event.preventDefault();
            }}
          />
          {search === '' ? (
            <kbd>/</kbd>
          ) : (
            <button
              type="button"
              className={classes.clear}
              aria-label={t('ticket.queue.clear')}
              onClick={() => set({ search: '' })}
            >
              <X size={14} aria-hidden />
            </button>
          )}
        </label>
        <Menu position="bottom-end" withinPortal>
          <Menu.Target>
            <button
              type="button"
              className={classes.icon}
              aria-label={t('ticket.queue.sort')}
              title={t(`ticket.queue.sortBy.${sort}`)}
            >
              <ArrowDownWideNarrow size={16} aria-hidden />
            </button>
          </Menu.Target>
          <Menu.Dropdown>
            {SORTS.map((name) => (
              <Menu.Item key={name} fw={name === sort ? 600 : 400} onClick={() => onSort(name)}>
                {t(`ticket.queue.sortBy.${name}`)}
              </Menu.Item>
            ))}
          </Menu.Dropdown>
        </Menu>
      </div>
      <div className={classes.views} role="group" aria-label={t('ticket.queue.views')}>
        {VIEWS.map((name) => (
          <button
            key={name}
            type="button"
            className={classes.view}
            aria-pressed={name === view}
            data-testid={`queue-view-${name}`}
            data-count={counts?.[name]}
            onClick={() => set({ queueView: name })}
          >
            {t(`ticket.view.${name}`)}
            {counts !== undefined && <span className={classes.count}>{compact.format(counts[name])}</span>}
          </button>
        ))}
      </div>
    </div>
  );
}
