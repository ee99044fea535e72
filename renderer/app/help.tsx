import { Kbd, Modal } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useView } from '../stores/view.ts';
import { keyLabel, type Command } from './commands.ts';
import classes from './palette.module.css';

/** The keys of all commands that have some. */
export function Help({ commands }: { commands: readonly Command[] }) {
  const { t } = useTranslation();
  const close = useView((view) => view.closeDialog);
  return (
    <Modal
      opened
      onClose={close}
      lockScroll={false}
      title={t('app.help.title')}
      size={520}
      closeButtonProps={{ 'aria-label': t('app.close') }}
    >
      <p className={classes.hint}>{t('app.help.hint')}</p>
      <table className={classes.table}>
        <tbody>
          {commands.map((command) =>
            command.keys === undefined ? null : (
              <tr key={command.id}>
                <td>{t(command.title)}</td>
                <td>
                  <Kbd size="xs">{keyLabel(command.keys)}</Kbd>
                </td>
              </tr>
            ),
          )}
        </tbody>
      </table>
    </Modal>
  );
}
