import { Table } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import classes from './admin-page.module.css';

interface Place {
  readonly id: string;
  readonly nameZh: string;
  readonly nameEn: string;
}

interface PlaceListProps<P extends Place> {
  readonly kind: 'region' | 'team';
  readonly places: readonly P[] | undefined;
  /** What stands beside the name. */
  readonly about?: (place: P) => ReactNode;
  /** What the middle columns say. */
  readonly cells: (place: P) => readonly [ReactNode, ReactNode];
  readonly onNew: () => void;
  readonly onEdit: (place: P) => void;
}

/** Regions or teams: heading, a new one, and a line for each. */
export function PlaceList<P extends Place>(props: PlaceListProps<P>) {
  const { kind, places, about, cells, onNew, onEdit } = props;
  const { t } = useTranslation();
  return (
    <>
      <h2 className={classes.subtitle}>
        {t(`admin.${kind}.title`)}
        <button type="button" className={classes.link} data-testid={`new-${kind}`} onClick={onNew}>
          + {t(`admin.${kind}.new`)}
        </button>
      </h2>
      {places?.length === 0 && <p className={classes.note}>{t('site.nothing')}</p>}
      <Table className={classes.places} data-testid={`admin-${kind}s`}>
        <Table.Tbody>
          {places?.map((place) => {
            const [first, second] = cells(place);
            return (
              <Table.Tr key={place.id}>
                <Table.Td className={classes.mono}>{place.id}</Table.Td>
                <Table.Td>
                  {bothNames(place)} {about?.(place)}
                </Table.Td>
                <Table.Td>{first}</Table.Td>
                <Table.Td>{second}</Table.Td>
                <Table.Td>
                  <button type="button" className={classes.link} onClick={() => onEdit(place)}>
                    {t('admin.edit')}
                  </button>
                </Table.Td>
              </Table.Tr>
            );
          })}
        </Table.Tbody>
      </Table>
    </>
  );
}

/** Once where both languages call it the same. */
function bothNames({ nameZh, nameEn }: Place): string {
  return nameZh === nameEn ? nameZh : `${nameZh} · ${nameEn}`;
}
