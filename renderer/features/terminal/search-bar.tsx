import { ActionIcon, TextInput } from '@mantine/core';
import { ChevronDown, ChevronUp, X } from 'lucide-react';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { TerminalView } from './terminal-view.ts';
import classes from './terminal.module.css';

const DECORATIONS = {
  matchBackground: '#5a4a12',
  matchOverviewRuler: '#eab558',
  activeMatchBackground: '#1f5eff',
  activeMatchColorOverviewRuler: '#7ea2ff',
};

/** Looks through what the terminal still holds. Enter goes back in time, Shift+Enter forth, Esc closes. */
export function SearchBar({ view, onClose }: { view: TerminalView; onClose: () => void }) {
  const { t } = useTranslation();
  const [text, setText] = useState('');
  const [found, setFound] = useState<{ index: number; count: number }>();
  useEffect(() => {
    const listening = view.search.onDidChangeResults(({ resultIndex, resultCount }) =>
      setFound({ index: resultIndex, count: resultCount }),
    );
    return () => {
      listening.dispose();
      view.search.clearDecorations();
    };
  }, [view]);
  const look = (forth: boolean, term: string): void => {
    const options = { decorations: DECORATIONS, incremental: false };
    if (term === '') view.search.clearDecorations();
    else if (forth) view.search.findNext(term, options);
    else view.search.findPrevious(term, options);
  };
  return (
    <div className={classes.search} role="search">
      <TextInput
        size="xs"
        data-autofocus
        autoFocus
        aria-label={t('terminal.search.label')}
        placeholder={t('terminal.search.label')}
        value={text}
        data-testid="terminal-search"
        onChange={(event) => {
          setText(event.currentTarget.value);
          look(false, event.currentTarget.value);
        }}
        onKeyDown={(event) => {
          if (event.key === 'Escape') onClose();
          else if (event.key === 'Enter') look(event.shiftKey, text);
          else return;
          event.preventDefault();
        }}
      />
      <span className={classes.searchCount} role="status">
        {text === '' || found === undefined
          ? ''
          : found.count === 0
            ? t('terminal.search.nothing')
            : `${found.index + 1}/${found.count}`}
      </span>
      <ActionIcon
        variant="subtle"
        color="gray"
        aria-label={t('terminal.search.previous')}
        onClick={() => look(false, text)}
      >
        <ChevronUp size={16} />
      </ActionIcon>
      <ActionIcon
        variant="subtle"
        color="gray"
        aria-label={t('terminal.search.next')}
        onClick={() => look(true, text)}
      >
        <ChevronDown size={16} />
      </ActionIcon>
      <ActionIcon variant="subtle" color="gray" aria-label={t('app.close')} onClick={onClose}>
        <X size={16} />
      </ActionIcon>
    </div>
  );
}
