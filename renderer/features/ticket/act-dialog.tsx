import { Button } from '@mantine/core';
import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { fieldOf, type TicketState } from '#shared/domain/ticket/state.ts';
import { actOnTicket } from '../../app/act.ts';
import { keyLabel } from '../../app/commands.ts';
import { useDesk } from '../../app/desk.ts';
import { explainError, explainRefusal } from '../../app/explain.ts';
import { useEntity } from '../../app/use-live.ts';
import { useView } from '../../stores/view.ts';
import { ActField } from './act-field.tsx';
import {
  actSpecs,
  emptyFields,
  proposedGrade,
  shownFields,
  type ActName,
  type ActWorld,
  type Values,
} from './act-specs.ts';
import { DialogFrame } from '../../components/dialog-frame.tsx';
import { useDrafts } from './drafts.ts';
import { FormProblem, type Problem } from './form-problem.tsx';
import { formKeys, useFirstFocus } from './form-keys.ts';
import { deviceZone } from '../../components/format-time.ts';
import { presentInstant } from '../../components/present-time.ts';
import { GoesAlong } from './goes-along.tsx';
import { GradeSign } from './grade-sign.tsx';
import { useDirectory, type Directory } from './use-ticket-names.ts';
import classes from './dialog.module.css';

/** The form of an act on a ticket. It says itself why it was not taken, and keeps what was typed until it is. */
export function ActDialog({ act, ticketId }: { act: ActName; ticketId: string }) {
  const { t } = useTranslation();
  const close = useView((state) => state.closeDialog);
  const ticket = useEntity('ticket', ticketId);
  const directory = useDirectory();
  return (
    <DialogFrame
      size={520}
      title={`${t(`ticket.act.${act}.title`)}${ticket === undefined ? '' : ` · ${ticket.number}`}`}
      onClose={close}
    >
      {ticket?.id === ticketId && (
        <ActForm key={`${act}/${ticketId}`} act={act} ticket={ticket} directory={directory} onDone={close} />
      )}
    </DialogFrame>
  );
}

interface FormProps {
  readonly act: ActName;
  readonly ticket: TicketState;
  readonly directory: Directory;
  readonly onDone: () => void;
}

function ActForm({ act, ticket, directory, onDone }: FormProps) {
  const { t, i18n } = useTranslation();
  const desk = useDesk();
  const form = useRef<HTMLFormElement>(null);
  useFirstFocus(form);
  const spec = actSpecs[act];
  const key = `${ticket.id}/act/${act}`;
  const [openedAt] = useState(() => presentInstant());
  const world = worldOf(ticket, directory, openedAt, desk.workspace.roles.includes('manager'));
  const draft = useDrafts((state) => state.byKey[key]);
  const keep = useDrafts((state) => state.keep);
  const drop = useDrafts((state) => state.drop);
  // A draft tells the form that it was taken up again; while it is being written it is only kept.
  const [isTakenUp, setIsTakenUp] = useState(draft !== undefined);
  const values: Values = { ...spec.initial(world), ...draft };
  const [problem, setProblem] = useState<Problem>();
  const [isSaving, setIsSaving] = useState(false);

  const set = (name: string, value: string): void => {
    const next: Record<string, string> = { ...useDrafts.getState().byKey[key], [name]: value };
    // Whoever is chosen brings his tier along.
    if (act === 'assign' && name === 'to') {
      const tier = directory.users.find((user) => user.id === value)?.tier;
      if (tier !== undefined) next.tier = tier;
    }
    keep(key, next);
    setProblem(undefined);
  };
  const nameOfField = (name: string): string => t(`ticket.act.${act}.${name}`);

  const save = async (): Promise<void> => {
    if (isSaving) return;
    const empty = emptyFields(spec, values, world);
    // The domain would refuse most of these too; here the sentence can name the fields of this form.
    if (empty.length > 0) {
      setProblem({ sentence: t('ticket.act.needed', { list: '' }).trim(), list: empty.map(nameOfField) });
      return;
    }
    setIsSaving(true);
    try {
      for (const command of spec.commands(values, { ...world, now: presentInstant() })) {
        const decision = await actOnTicket(desk, ticket.id, command);
        if (!decision.ok) {
          const { missing } = decision.refusal;
          setProblem({
            sentence: explainRefusal(decision.refusal),
            list: missing.map((code) => t(`ticket.missing.${code}`)),
          });
          return;
        }
      }
      drop(key);
      onDone();
    } catch (error) {
      setProblem({ sentence: `${t('ticket.notSaved')}. ${explainError(error)}`, list: [] });
    } finally {
      setIsSaving(false);
    }
  };

  const grade = act === 'grade' ? proposedGrade(values) : undefined;
  const intro = i18n.exists(`ticket.act.${act}.intro`) ? t(`ticket.act.${act}.intro`) : undefined;
  return (
    <form
      ref={form}
      className={`${classes.form} ${classes.padded}`}
      data-testid={`dialog-${act}`}
      onKeyDown={(event) => formKeys(event, () => void save(), { enterInText: 'newLine' })}
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      {isTakenUp && (
        <p className={classes.draft}>
          {t('ticket.act.draft')}
          <Button
            size="compact-xs"
            variant="default"
            onClick={() => {
              drop(key);
              setIsTakenUp(false);
            }}
          >
            {t('ticket.new.discard')}
          </Button>
        </p>
      )}
      {intro !== undefined && <p className={classes.intro}>{intro}</p>}
      {act === 'share' && <GoesAlong ticket={ticket} directory={directory} />}
      {shownFields(spec, values, world).map((field) => (
        <ActField
          key={field.name}
          field={field}
          place={`ticket.act.${act}`}
          testId={`field-${field.name}`}
          value={values[field.name] ?? ''}
          onChange={(value) => set(field.name, value)}
          users={directory.users}
          nameOf={directory.nameOf}
          sharedWith={ticket.sharedWith}
          zone={world.zone}
        />
      ))}
      {grade !== undefined && (
        <p
          className={classes.result}
          data-testid="resulting-grade"
          data-grade={values.override || grade}
          aria-live="polite"
        >
          {t('ticket.new.resulting')} <GradeSign grade={grade} /> {t(`ticket.grade.${grade}`)}
        </p>
      )}
      <FormProblem problem={problem} />
      <div className={classes.foot}>
        <Button variant="default" onClick={onDone}>
          {t('app.cancel')}
        </Button>
        <Button
          type="submit"
          loading={isSaving}
          data-testid="dialog-submit"
          rightSection={<kbd>{keyLabel('mod+enter')}</kbd>}
        >
          {t(`ticket.act.${act}.submit`)}
        </Button>
      </div>
    </form>
  );
}

function worldOf(
  ticket: TicketState,
  { sites, assets, nameOf }: Directory,
  now: string,
  isManager: boolean,
): ActWorld {
  const asset = assets.find((candidate) => candidate.id === fieldOf(ticket, 'assetId'));
  const zone = sites.find((site) => site.id === ticket.siteId)?.zone ?? deviceZone();
  const address = asset?.address === undefined ? '' : ` (${asset.address.host}:${asset.address.port})`;
  return {
    ticket,
    now,
    zone,
    isManager,
    systems: asset === undefined ? '' : `${nameOf(`asset/${asset.id}`)}${address}`,
  };
}
