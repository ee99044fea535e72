import { ActionIcon, Button, TextInput } from '@mantine/core';
import { CaseSensitive, ChevronDown, ChevronUp, X } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { explainError } from '../../app/explain.ts';
import type { Query } from './line-source.ts';
import type { SearchState } from './use-search.ts';
import classes from './log.module.css';

interface Props {
  readonly search: SearchState;
  readonly isRegex: boolean;
  /** Changes when a command asks for the search field. */
  readonly asked: number;
  readonly onStart: (query: Query) => void;
  readonly onGo: (at: number) => void;
  readonly onCancel: () => void;
  readonly onClear: () => void;
}

/** Enter looks; once it has, Enter goes to the next match and Shift+Enter to the one before. Esc stops, then clears. */
export function LogSearchBar({ search, isRegex, asked, onStart, onGo, onCancel, onClear }: Props) {
  const { t } = useTranslation();
  const field = useRef<HTMLInputElement>(null);
  const [pattern, setPattern] = useState('');
  const [ignoreCase, setIgnoreCase] = useState(true);
  const { query, hits, isRunning, more, failure, at } = search;
  const isSame = query?.pattern === pattern && query.ignoreCase === ignoreCase;
  const step = (by: number): void => {
    if (hits.length > 0) onGo(((at ?? -by) + by + hits.length) % hits.length);
  };
  useEffect(() => {
    if (asked === 0) return;
    field.current?.focus();
    field.current?.select();
  }, [asked]);

  const count = hits.length.toLocaleString();
  const told =
    query === undefined || failure !== undefined
      ? ''
      : hits.length === 0
        ? t(isRunning ? 'log.search.running' : 'log.search.nothing')
        : t(more ? 'log.search.countMore' : 'log.search.count', {
            at: (at ?? 0) + 1,
            count,
            running: isRunning ? '…' : '',
          });
  return (
    <div className={classes.searchBar} role="search">
      <TextInput
        ref={field}
        size="xs"
        className={classes.searchField}
        classNames={{ input: classes.mono }}
        aria-label={t(isRegex ? 'log.search.label' : 'log.search.labelText')}
        placeholder={t(isRegex ? 'log.search.label' : 'log.search.labelText')}
        value={pattern}
        spellCheck={false}
        maxLength={10_000}
        aria-invalid={failure !== undefined}
        data-testid="log-search"
        onChange={(event) => setPattern(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.nativeEvent.isComposing) return;
          if (event.key === 'Enter' && pattern !== '') {
            if (isSame && hits.length > 0) step(event.shiftKey ? -1 : 1);
            else onStart({ pattern, ignoreCase });
          } else if (event.key === 'Escape') {
            if (isRunning) onCancel();
            else onClear();
          } else return;
          event.preventDefault();
        }}
      />
      <ActionIcon
        variant={ignoreCase ? 'subtle' : 'light'}
        color={ignoreCase ? 'gray' : 'blue'}
        aria-pressed={!ignoreCase}
        aria-label={t('log.search.matchCase')}
        title={t('log.search.matchCase')}
        onClick={() => setIgnoreCase(!ignoreCase)}
      >
        <CaseSensitive size={17} />
      </ActionIcon>
      <span
        role="status"
        className={classes.searchTold}
        data-testid="log-search-count"
        data-count={hits.length}
        data-running={isRunning}
      >
        {told}
      </span>
      {isRunning && (
        <Button size="compact-xs" variant="default" data-testid="log-search-cancel" onClick={onCancel}>
          {t('log.search.stop')}
        </Button>
      )}
      {hits.length > 0 && (
        <>
          <ActionIcon
            variant="subtle"
            color="gray"
            aria-label={t('log.search.previous')}
            title={t('log.search.previous')}
            onClick={() => step(-1)}
          >
            <ChevronUp size={16} />
          </ActionIcon>
          <ActionIcon
            variant="subtle"
            color="gray"
            aria-label={t('log.search.next')}
            title={t('log.search.next')}
            onClick={() => step(1)}
          >
            <ChevronDown size={16} />
          </ActionIcon>
        </>
      )}
      {query !== undefined && !isRunning && (
        <ActionIcon
          variant="subtle"
          color="gray"
          aria-label={t('log.search.clear')}
          title={t('log.search.clear')}
          onClick={onClear}
        >
          <X size={16} />
        </ActionIcon>
      )}
      {failure !== undefined && (
        <span role="alert" className={classes.searchFailure}>
          {explainError(failure)}
        </span>
      )}
    </div>
  );
}
