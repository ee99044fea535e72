import { Kbd, Modal, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useView } from '../stores/view.ts';
import { keyLabel, type Command, type CommandContext } from './commands.ts';
import classes from './palette.module.css';

/** Ctrl+K: every command that is possible now, found by a part of its name. */
export function Palette({ commands, context }: { commands: readonly Command[]; context: CommandContext }) {
  const { t } = useTranslation();
  const close = useView((view) => view.closeDialog);
  const [text, setText] = useState('');
  const [at, setAt] = useState(0);
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const found = commands
    .filter(
      (command) => command.id !== 'app.palette' && (command.when === undefined || command.when(context)),
    )
    .map((command) => ({ command, title: t(command.title) }))
    .filter(({ command, title }) =>
      words.every((word) => `${title} ${command.id}`.toLowerCase().includes(word)),
    );
  const chosen = Math.min(at, found.length - 1);
  const run = (command: Command | undefined): void => {
    if (command === undefined) return;
    close();
    void command.run({ ...context, view: useView.getState() });
  };

  return (
    <Modal
      opened
      onClose={close}
      lockScroll={false}
      withCloseButton={false}
      padding={0}
      yOffset="12vh"
      size={560}
      title={undefined}
      // The name belongs to the dialog itself, which stands inside the element that takes this component's own attributes.
      attributes={{ content: { 'aria-label': t('app.palette.title') } }}
    >
      <TextInput
        data-autofocus
        data-testid="palette-input"
        className={classes.input}
        variant="unstyled"
        size="md"
        value={text}
        placeholder={t('app.palette.placeholder')}
        role="combobox"
        aria-expanded
        aria-controls="palette-list"
        aria-label={t('app.palette.placeholder')}
        aria-activedescendant={
          found[chosen] === undefined ? undefined : `palette-${found[chosen].command.id}`
        }
        onChange={(event) => {
          setText(event.currentTarget.value);
          setAt(0);
        }}
        onKeyDown={(event) => {
          if (event.key === 'ArrowDown') setAt(Math.min(chosen + 1, found.length - 1));
          else if (event.key === 'ArrowUp') setAt(Math.max(chosen - 1, 0));
          else if (event.key === 'Enter' && !event.nativeEvent.isComposing) run(found[chosen]?.command);
          else return;
          event.preventDefault();
        }}
      />
      <ul id="palette-list" className={classes.list} role="listbox" aria-label={t('app.palette.title')}>
        {found.map(({ command, title }, index) => (
          <li
            key={command.id}
            id={`palette-${command.id}`}
            role="option"
            aria-selected={index === chosen}
            className={classes.item}
            ref={index === chosen ? (element) => element?.scrollIntoView({ block: 'nearest' }) : undefined}
            onMouseMove={() => setAt(index)}
            onClick={() => run(command)}
          >
            <span>{title}</span>
            {command.keys !== undefined && <Kbd size="xs">{keyLabel(command.keys)}</Kbd>}
          </li>
        ))}
      </ul>
      {found.length === 0 && <p className={classes.nothing}>{t('app.palette.nothing')}</p>}
    </Modal>
  );
}
