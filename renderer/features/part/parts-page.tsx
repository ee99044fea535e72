import { SegmentedControl, Table, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { UnitState } from '#shared/domain/part/unit.ts';
import { useDesk } from '../../app/desk.ts';
import { useEntities } from '../../app/use-live.ts';
import { useView } from '../../stores/view.ts';
import classes from './parts-page.module.css';

type Shown = 'kit' | 'depot' | 'installed' | 'rma' | 'exceptions';

/** Where every unit is: the own kit, the depots, the installed base, what goes back to the vendor, what does not add up. */
export function PartsPage() {
  const { t, i18n } = useTranslation();
  const { workspace } = useDesk();
  const units = useEntities('unit');
  const lines = useEntities('rma');
  const select = useView((view) => view.select);
  const [shown, setShown] = useState<Shown>('kit');
  const [search, setSearch] = useState('');
  const format = new Intl.DateTimeFormat(i18n.language, { dateStyle: 'short', timeStyle: 'short' });

  const belongs: Record<Exclude<Shown, 'rma'>, (unit: UnitState) => boolean> = {
    kit: (unit) => unit.location?.kind === 'van' && unit.location.id === workspace.userId,
    depot: (unit) => unit.location?.kind === 'depot',
    installed: (unit) => unit.location?.kind === 'slot',
    exceptions: (unit) => unit.exceptions.length > 0,
  };
  const word = search.trim().toUpperCase();
  const matches = (text: string): boolean => word === '' || text.toUpperCase().includes(word);
  const rows =
    shown === 'rma'
      ? []
      : units.filter(
          (unit) =>
            belongs[shown](unit) &&
            matches(`${unit.identity?.serial} ${unit.identity?.partNumber} ${unit.identity?.name}`),
        );

  return (
    <div className={classes.page} data-testid="parts-page">
      <h1 className={classes.title}>{t('part.title')}</h1>
      <div className={classes.tools}>
        <SegmentedControl
          aria-label={t('part.show')}
          value={shown}
          data={(['kit', 'depot', 'installed', 'rma', 'exceptions'] as const).map((value) => ({
            value,
            label: `${t(`part.shown.${value}`)} ${value === 'rma' ? lines.length : units.filter(belongs[value]).length}`,
          }))}
          onChange={(value) => setShown(value as Shown)}
        />
        <TextInput
          aria-label={t('part.find')}
          placeholder={t('part.find')}
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
        />
      </div>
      {shown === 'rma' ? (
        <Table stickyHeader data-testid="rma-table">
          <Table.Thead>
            <Table.Tr>
              {(['serial', 'partNumber', 'fault', 'status', 'since'] as const).map((column) => (
                <Table.Th key={column}>{t(`part.column.${column}`)}</Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {lines
              .filter((line) => matches(`${line.serial} ${line.partNumber}`))
              .map((line) => (
                <Table.Tr key={line.id} data-testid="rma-row" data-serial={line.serial}>
                  <Table.Td className={classes.mono}>{line.serial}</Table.Td>
                  <Table.Td className={classes.mono}>{line.partNumber}</Table.Td>
                  <Table.Td>
                    <button type="button" className={classes.link} onClick={() => select(line.ticketId)}>
                      {line.fault === '' ? t('part.openTicket') : line.fault}
                    </button>
                  </Table.Td>
                  <Table.Td>{t(`part.rma.${line.status}`)}</Table.Td>
                  <Table.Td>{line.openedAt !== '' && format.format(new Date(line.openedAt))}</Table.Td>
                </Table.Tr>
              ))}
          </Table.Tbody>
        </Table>
      ) : (
        <Table stickyHeader data-testid="units-table">
          <Table.Thead>
            <Table.Tr>
              {(['serial', 'partNumber', 'name', 'condition', 'where'] as const).map((column) => (
                <Table.Th key={column}>{t(`part.column.${column}`)}</Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {rows.map((unit) => (
              <Table.Tr
                key={unit.id}
                data-testid="unit-row"
                data-serial={unit.identity?.serial}
                data-condition={unit.condition}
              >
                <Table.Td className={classes.mono}>{unit.identity?.serial}</Table.Td>
                <Table.Td className={classes.mono}>{unit.identity?.partNumber}</Table.Td>
                <Table.Td>{unit.identity?.name}</Table.Td>
                <Table.Td>{t(`part.condition.${unit.condition}`)}</Table.Td>
                <Table.Td>
                  {unit.location !== undefined &&
                    `${t(`part.location.${unit.location.kind}`)} · ${unit.location.id}`}
                  {unit.exceptions.map((exception) => (
                    <div key={exception.eventId + exception.code} className={classes.exception}>
                      {t(`part.exception.${exception.code}`)}
                    </div>
                  ))}
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
      {(shown === 'rma' ? lines.length : rows.length) === 0 && (
        <p className={classes.nothing}>{t(`part.nothing.${shown}`)}</p>
      )}
    </div>
  );
}
