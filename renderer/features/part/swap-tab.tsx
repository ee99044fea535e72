import { Button, Select, Textarea, TextInput } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { unitIdOf, type Identity } from '#shared/domain/part/events.ts';
import type { Refusal } from '#shared/domain/refusal.ts';
import { fieldOf } from '#shared/domain/ticket/state.ts';
import { returnUnit, swapUnit, takeUnit } from '../../app/act.ts';
import { useDesk } from '../../app/desk.ts';
import { explainRefusal } from '../../app/explain.ts';
import { nameIn } from '../../app/i18n/i18n.ts';
import { tellTrouble } from '../../app/tell-trouble.ts';
import { useEntities, useEntity } from '../../app/use-live.ts';
import type { DockTab } from '../../stores/view.ts';
import { isAvailable, type UnitState } from '#shared/domain/part/unit.ts';
import classes from './swap-tab.module.css';

/** Swaps a unit of the ticket's asset: one scan of the new serial, one act. */
export function SwapTab({ tab }: { tab: DockTab }) {
  const { t, i18n } = useTranslation();
  const desk = useDesk();
  const ticket = useEntity('ticket', tab.ticketId);
  const assetId = ticket && fieldOf(ticket, 'assetId');
  const asset = useEntity('asset', assetId);
  const units = useEntities('unit');
  const [slotId, setSlotId] = useState<string | null>(null);
  const [goodSerial, setGoodSerial] = useState('');
  const [faultySerial, setFaultySerial] = useState<string>();
  const [fault, setFault] = useState('');
  const [reason, setReason] = useState('');
  const [refusal, setRefusal] = useState<Refusal>();
  const [isSaving, setSaving] = useState(false);

  if (ticket === undefined) return <p className={classes.hint}>{t('app.dock.noTicket')}</p>;
  if (asset === undefined || asset.slots.length === 0)
    return <p className={classes.hint}>{t('part.noSlots')}</p>;

  const kit = { kind: 'van', id: desk.workspace.userId } as const;
  const slot = asset.slots.find((candidate) => candidate.slotId === slotId);
  const sitting = units.find((unit) => unit.id === slot?.unitId);
  const inKit = units.filter(
    (unit) => isAvailable(unit) && unit.location?.kind === 'van' && unit.location.id === kit.id,
  );
  const faultyText = faultySerial ?? sitting?.identity?.serial ?? '';
  const fitting = inKit.filter((unit) => slot === undefined || unit.identity?.partNumber === slot.partNumber);
  const scanned = findUnit(units, goodSerial, slot?.partNumber);

  const reset = (): void => {
    setSlotId(null);
    setGoodSerial('');
    setFaultySerial(undefined);
    setFault('');
    setReason('');
    setRefusal(undefined);
  };

  const swap = async (): Promise<void> => {
    if (slot === undefined) return;
    setSaving(true);
    try {
      const good: Identity = scanned?.identity ?? {
        partNumber: slot.partNumber,
        serial: goodSerial.trim(),
        name: sitting?.identity?.name ?? slot.partNumber,
      };
      const faulty: Identity =
        sitting?.identity?.serial === faultyText
          ? sitting.identity
          : {
              partNumber: slot.partNumber,
              serial: faultyText.trim(),
              name: sitting?.identity?.name ?? good.name,
            };
      const decision = await swapUnit(desk, ticket.id, asset.id, {
        slotId: slot.slotId,
        kit,
        good,
        faulty,
        fault,
        ...(reason.trim() !== '' && { overruleReason: reason }),
      });
      if (decision.ok) {
        notifications.show({
          message: t('part.swapped', { serialIn: good.serial, serialOut: faulty.serial, slot: slot.label }),
        });
        reset();
      } else setRefusal(decision.refusal);
    } catch (thrown) {
      tellTrouble(thrown);
    } finally {
      setSaving(false);
    }
  };

  return (
    <div className={classes.tab} data-testid="swap-tab">
      <form
        className={classes.form}
        onSubmit={(event) => {
          event.preventDefault();
          void swap();
        }}
      >
        <Select
          label={t('part.slot', { asset: nameIn(i18n.language, asset) })}
          data-testid="swap-slot"
          data={asset.slots.map(({ slotId: value, label, unitId }) => ({
            value,
            label: `${label} · ${units.find((unit) => unit.id === unitId)?.identity?.serial ?? t('part.empty')}`,
          }))}
          value={slotId}
          searchable
          onChange={(value) => {
            setSlotId(value);
            setFaultySerial(undefined);
            setRefusal(undefined);
          }}
        />
        <TextInput
          label={t('part.fault')}
          data-testid="swap-fault"
          value={fault}
          onChange={(event) => setFault(event.currentTarget.value)}
        />
        <TextInput
          label={t('part.goodSerial')}
          data-testid="swap-good"
          value={goodSerial}
          placeholder={t('part.scanHint')}
          description={scanned === undefined ? undefined : describe(scanned)}
          onChange={(event) => {
            setGoodSerial(event.currentTarget.value);
            setRefusal(undefined);
          }}
        />
        <TextInput
          label={t('part.faultySerial')}
          data-testid="swap-faulty"
          value={faultyText}
          onChange={(event) => setFaultySerial(event.currentTarget.value)}
        />
        {refusal !== undefined && (
          <div className={classes.doubt} role="alert" data-testid="swap-refusal">
            <p>{explainRefusal(refusal)}</p>
            {refusal.missing.length > 0 && (
              <ul>
                {refusal.missing.map((code) => (
                  <li key={code}>{t(`part.warning.${code}`)}</li>
                ))}
              </ul>
            )}
            {refusal.code === 'part.swapDoubtful' && (
              <Textarea
                label={t('part.overrule')}
                autosize
                data-testid="swap-reason"
                value={reason}
                onChange={(event) => setReason(event.currentTarget.value)}
              />
            )}
          </div>
        )}
        <Button
          type="submit"
          loading={isSaving}
          disabled={slot === undefined || goodSerial.trim() === '' || faultyText.trim() === ''}
          data-testid="swap-submit"
        >
          {t('part.swap')}
        </Button>
      </form>
      <section className={classes.kit}>
        <h3>{t('part.kit')}</h3>
        {fitting.length === 0 && <p className={classes.hint}>{t('part.kitEmpty')}</p>}
        <ul>
          {fitting.map((unit) => (
            <li key={unit.id}>
              <button
                type="button"
                className={classes.unit}
                data-testid="kit-unit"
                onClick={() => setGoodSerial(unit.identity?.serial ?? '')}
              >
                <b>{unit.identity?.serial}</b> <span>{unit.identity?.name}</span>
              </button>
              {unit.takenFor === ticket.id ? (
                <Button
                  size="compact-xs"
                  variant="subtle"
                  onClick={() => void returnUnit(desk, ticket.id, unit)}
                >
                  {t('part.giveBack')}
                </Button>
              ) : (
                unit.takenFor === undefined && (
                  <Button
                    size="compact-xs"
                    variant="subtle"
                    onClick={() => void takeUnit(desk, ticket.id, unit)}
                  >
                    {t('part.take')}
                  </Button>
                )
              )}
            </li>
          ))}
        </ul>
      </section>
    </div>
  );

  function describe(unit: UnitState): string {
    return `${unit.identity?.name ?? ''} · ${t(`part.condition.${unit.condition}`)} · ${t(`part.location.${unit.location?.kind ?? 'van'}`)}`;
  }
}

/** A scanned serial among the known units; with the slot's part number when several have the serial. */
function findUnit(
  units: readonly UnitState[],
  serial: string,
  partNumber: string | undefined,
): UnitState | undefined {
  if (serial.trim() === '') return undefined;
  const expected = partNumber && unitIdOf({ partNumber, serial });
  return (
    units.find((unit) => unit.id === expected) ??
    units.find((unit) => unit.identity?.serial.toUpperCase() === serial.trim().toUpperCase())
  );
}
