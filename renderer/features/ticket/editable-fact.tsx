import { NativeSelect, Textarea } from '@mantine/core';
import { useRef, useState, type KeyboardEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { fieldOf, type TicketState } from '#shared/domain/ticket/state.ts';
import { CauseCode, type EditableField } from '#shared/domain/ticket/words.ts';
import { useDesk } from '../../app/desk.ts';
import { ConflictFork } from './conflict-fork.tsx';
import { useDrafts } from './drafts.ts';
import { perform } from './perform.ts';
import classes from './side-panel.module.css';

interface FactProps {
  readonly ticket: TicketState;
  readonly field: EditableField;
  readonly zone: string;
  readonly nameOf: (key: string) => string;
}

/**
 * A fact that is corrected where it stands. Leaving the field saves it; Esc
 * leaves it without saving and keeps what was typed, and so does a failure.
 */
export function EditableFact({ ticket, field, zone, nameOf }: FactProps) {
  const { t } = useTranslation();
  const desk = useDesk();
  const key = `${ticket.id}/${field}`;
  const draft = useDrafts((state) => state.byKey[key]);
  const keep = useDrafts((state) => state.keep);
  const drop = useDrafts((state) => state.drop);
  const [isEditing, setIsEditing] = useState(false);
  // Leaving the field by Esc also blurs it: that must not save.
  const isLeaving = useRef(false);

  const register = ticket.fields[field];
  const value = fieldOf(ticket, field);
  const name = t(`ticket.field.${field}`);
  const show = (text: string): string =>
    field === 'causeCode' && text !== '' ? t(`ticket.causeCode.${text}`) : text;
  const shown = value === '' ? t('ticket.side.empty') : show(value);
  const mayEdit = ticket.ended === undefined && !ticket.needsUpdate;

  const begin = (): void => {
    isLeaving.current = false;
    // The value seen now is what the edit is based on, however long it takes: that is how concurrent edits are found.
    if (draft === undefined) keep(key, { value, basedOn: register?.setBy ?? '' });
    setIsEditing(true);
  };
  const save = async (text: string): Promise<void> => {
    setIsEditing(false);
    const basedOn = draft?.basedOn ?? register?.setBy ?? '';
    if (text === value || (await perform(desk, ticket.id, { do: 'edit', field, value: text, basedOn })))
      drop(key);
  };
  const leave = (): void => {
    isLeaving.current = true;
    if (draft?.value === value) drop(key);
    setIsEditing(false);
  };
  const onKeyDown = (event: KeyboardEvent<HTMLElement>): void => {
    if (event.nativeEvent.isComposing) return;
    if (event.key === 'Escape') leave();
    else if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
      isLeaving.current = true;
      void save(draft?.value ?? value);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <>
      <dt>{name}</dt>
      <dd data-testid={`fact-${field}`}>
        {isEditing && field === 'causeCode' && (
          <NativeSelect
            autoFocus
            size="xs"
            aria-label={name}
            value={draft?.value ?? value}
            data={['', ...CauseCode.options].map((code) => ({ value: code, label: show(code) }))}
            onChange={(event) =>
              keep(key, { value: event.currentTarget.value, basedOn: draft?.basedOn ?? '' })
            }
            onBlur={() => isLeaving.current || void save(draft?.value ?? value)}
            onKeyDown={onKeyDown}
          />
        )}
        {isEditing && field !== 'causeCode' && (
          <Textarea
            autoFocus
            autosize
            minRows={1}
            maxRows={10}
            size="xs"
            aria-label={name}
            title={t('ticket.side.editHint')}
            data-testid={`edit-${field}`}
            value={draft?.value ?? value}
            onChange={(event) =>
              keep(key, { value: event.currentTarget.value, basedOn: draft?.basedOn ?? '' })
            }
            onBlur={() => isLeaving.current || void save(draft?.value ?? value)}
            onKeyDown={onKeyDown}
          />
        )}
        {!isEditing && (
          <>
            <button
              type="button"
              className={classes.value}
              data-empty={value === ''}
              disabled={!mayEdit}
              aria-label={`${t('ticket.side.edit', { field: name })}: ${shown}`}
              onClick={begin}
            >
              {shown}
            </button>
            {draft !== undefined && <span className={classes.draft}>{t('ticket.side.draft')}</span>}
            {register !== undefined && register.conflicts.length > 0 && (
              <ConflictFork
                ticket={ticket}
                field={field}
                register={register}
                zone={zone}
                nameOf={nameOf}
                show={show}
              />
            )}
          </>
        )}
      </dd>
    </>
  );
}
