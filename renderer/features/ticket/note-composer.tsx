import { Button, Textarea } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { TicketState } from '#shared/domain/ticket/state.ts';
import { keyLabel } from '../../app/commands.ts';
import { useDesk } from '../../app/desk.ts';
import { useDrafts } from './drafts.ts';
import { perform } from './perform.ts';
import classes from './timeline.module.css';

/** Writes a note at the end of the story. What is typed stays until it is saved. */
export function NoteComposer({ ticket }: { ticket: TicketState }) {
  const { t } = useTranslation();
  const desk = useDesk();
  const key = `${ticket.id}/composer`;
  const text = useDrafts((state) => state.byKey[key]?.text ?? '');
  const keep = useDrafts((state) => state.keep);
  const drop = useDrafts((state) => state.drop);
  const [isSaving, setIsSaving] = useState(false);
  const isBlank = text.trim() === '';
  const save = async (): Promise<void> => {
    if (isBlank || isSaving) return;
    setIsSaving(true);
    if (await perform(desk, ticket.id, { do: 'note', text: text.trim() })) drop(key);
    setIsSaving(false);
  };
  if (ticket.needsUpdate) return null;
  return (
    <div className={classes.note}>
      <Textarea
        autosize
        minRows={1}
        maxRows={8}
        size="sm"
        aria-label={t('ticket.note.label')}
        placeholder={t('ticket.note.placeholder')}
        data-testid="note-input"
        value={text}
        onChange={(event) => keep(key, { text: event.currentTarget.value })}
        onKeyDown={(event) => {
          if (event.nativeEvent.isComposing || event.key !== 'Enter' || !(event.ctrlKey || event.metaKey))
            return;
          // Here Ctrl+Enter saves the note; elsewhere it takes the next step.
          event.preventDefault();
          event.stopPropagation();
          void save();
        }}
      />
      <Button
        size="sm"
        variant={isBlank ? 'default' : 'filled'}
        aria-disabled={isBlank}
        data-testid="note-save"
        title={keyLabel('mod+enter')}
        onClick={() => void save()}
      >
        {t('ticket.note.save')}
      </Button>
    </div>
  );
}
