import { Autocomplete, Button, Select, Textarea, TextInput } from '@mantine/core';
import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Channel } from '#shared/domain/ticket/words.ts';
import { openTicket } from '../../app/act.ts';
import { keyLabel } from '../../app/commands.ts';
import { useDesk } from '../../app/desk.ts';
import { explainError, explainRefusal } from '../../app/explain.ts';
import { nameIn } from '../../app/i18n/i18n.ts';
import { useView } from '../../stores/view.ts';
import { ActField, usersByTier } from './act-field.tsx';
import { CHANNELS, GRADING_FIELDS, gradingOf, type Values } from './act-specs.ts';
import { DialogFrame } from '../../components/dialog-frame.tsx';
import { useDrafts } from './drafts.ts';
import { focusNext, formKeys } from './form-keys.ts';
import { FormProblem, type Problem } from './form-problem.tsx';
import { deviceZone } from '../../components/format-time.ts';
import { presentInstant } from '../../components/present-time.ts';
import { GradeSign } from './grade-sign.tsx';
import { choosePlace, fittingPlaces, neededForNew, resultingGrade } from './new-ticket-values.ts';
import { notify } from './perform.ts';
import { useDirectory } from './use-ticket-names.ts';
import { fromZonedInput, toZonedInput } from './zoned-input.ts';
import classes from './dialog.module.css';

/** The one new ticket that may be half written. */
const DRAFT = 'new';

/** Takes a call: everything on one page, by keyboard alone, graded as one types. */
export function NewTicketDialog() {
  const { t } = useTranslation();
  const close = useView((state) => state.closeDialog);
  return (
    <DialogFrame size={560} title={t('ticket.new.title')} onClose={close}>
      <NewTicketForm onDone={close} />
    </DialogFrame>
  );
}

function NewTicketForm({ onDone }: { onDone: () => void }) {
  const { t, i18n } = useTranslation();
  const desk = useDesk();
  const { customers, sites, assets, users, nameOf } = useDirectory();
  const select = useView((state) => state.select);
  const draft = useDrafts((state) => state.byKey[DRAFT]);
  const keep = useDrafts((state) => state.keep);
  const drop = useDrafts((state) => state.drop);
  const [isTakenUp, setIsTakenUp] = useState(draft !== undefined);
  const [openedAt] = useState(() => presentInstant());
  const [problem, setProblem] = useState<Problem>();
  const [isSaving, setIsSaving] = useState(false);
  const form = useRef<HTMLFormElement>(null);

  const zone = sites.find((site) => site.id === draft?.site)?.zone ?? deviceZone();
  const values: Values = {
    channel: 'hotline',
    impact: 'medium',
    urgency: 'medium',
    occurredAt: toZonedInput(openedAt, zone),
    ...draft,
  };
  const fitting = fittingPlaces(values, { sites, assets });
  const contacts = customers.find((customer) => customer.id === values.customer)?.contacts ?? [];

  const put = (next: Values): void => {
    keep(DRAFT, next);
    setProblem(undefined);
  };
  const set = (name: string, value: string): void =>
    put({ ...useDrafts.getState().byKey[DRAFT], [name]: value });
  const place = (name: 'customer' | 'site' | 'asset', id: string | null): void =>
    put(choosePlace(useDrafts.getState().byKey[DRAFT] ?? {}, name, id ?? '', { sites, assets }));
  const setContact = (name: string): void => {
    const phone = contacts.find((contact) => contact.name === name)?.phone;
    put({ ...useDrafts.getState().byKey[DRAFT], contact: name, ...(phone !== undefined && { phone }) });
  };
  /** Choosing from a list goes on to the next field, as Enter does elsewhere. */
  const goOn = (): void => {
    const from = document.activeElement;
    requestAnimationFrame(() => {
      if (form.current !== null && from !== null) focusNext(form.current, from);
    });
  };
  const nameOfField = (name: string): string => t(`ticket.new.${name}`);

  const save = async (): Promise<void> => {
    if (isSaving) return;
    const needed = neededForNew(values);
    if (needed.length > 0) {
      setProblem({ sentence: t('ticket.new.needed', { list: '' }).trim(), list: needed.map(nameOfField) });
      form.current?.querySelector<HTMLElement>(`[data-testid="new-ticket-${needed[0] ?? ''}"]`)?.focus();
      return;
    }
    setIsSaving(true);
    try {
      const grading = gradingOf(values);
      const assignee = users.find((user) => user.id === values.assignee);
      const { decision, ticketId, number } = await openTicket(desk, {
        opening: {
          customerId: values.customer ?? '',
          siteId: values.site ?? '',
          ...((values.asset ?? '') !== '' && { assetId: values.asset }),
          contactName: values.contact ?? '',
          contactPhone: values.phone ?? '',
          channel: Channel.catch('hotline').parse(values.channel),
          symptom: (values.symptom ?? '').trim(),
          environment: (values.environment ?? '').trim(),
          occurredAt: fromZonedInput(values.occurredAt ?? '', zone) ?? presentInstant(),
        },
        ...(grading !== undefined && { grading }),
        ...(assignee !== undefined && { assignment: { to: assignee.id, tier: assignee.tier ?? 'L1' } }),
      });
      if (!decision.ok) {
        setProblem({
          sentence: explainRefusal(decision.refusal),
          list: decision.refusal.missing.map((code) => t(`ticket.missing.${code}`)),
        });
        return;
      }
      drop(DRAFT);
      onDone();
      select(ticketId);
      notify({ message: t('ticket.new.opened', { number }) });
    } catch (error) {
      setProblem({ sentence: `${t('ticket.notSaved')}. ${explainError(error)}`, list: [] });
    } finally {
      setIsSaving(false);
    }
  };

  const named = (items: ReadonlyArray<{ id: string; name: string; nameEn?: string }>) =>
    items.map((item) => ({ value: item.id, label: nameIn(i18n.language, item) }));
  /** Several sites have an asset of the same name: until the site is chosen, it stands beside it. */
  const namedAssets = fitting.assets.map((asset) => ({
    value: asset.id,
    label: [
      nameIn(i18n.language, asset),
      (values.site ?? '') === '' ? nameOf(`site/${asset.siteId}`) : asset.model,
    ]
      .filter((part) => part !== '')
      .join(' · '),
  }));
  const choice = {
    searchable: true,
    openOnFocus: false,
    clearable: true,
    limit: 60,
    placeholder: t('ticket.new.find'),
    nothingFoundMessage: t('ticket.new.nothingFound'),
    onOptionSubmit: goOn,
  } as const;
  const grade = resultingGrade(values);

  return (
    <form
      ref={form}
      className={classes.form}
      data-testid="dialog-newTicket"
      onKeyDown={(event) => formKeys(event, () => void save(), { enterInText: 'goesOn' })}
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      {isTakenUp && (
        <p className={classes.draft}>
          {t('ticket.new.draft')}
          <Button
            size="compact-xs"
            variant="default"
            onClick={() => {
              drop(DRAFT);
              setIsTakenUp(false);
            }}
          >
            {t('ticket.new.discard')}
          </Button>
        </p>
      )}
      <Select
        {...choice}
        data-autofocus
        data-testid="new-ticket-customer"
        label={nameOfField('customer')}
        data={named(customers)}
        value={values.customer || null}
        onChange={(id) => place('customer', id)}
      />
      <Select
        {...choice}
        data-testid="new-ticket-site"
        label={nameOfField('site')}
        data={named(fitting.sites)}
        value={values.site || null}
        onChange={(id) => place('site', id)}
      />
      <Select
        {...choice}
        data-testid="new-ticket-asset"
        label={nameOfField('asset')}
        data={namedAssets}
        value={values.asset || null}
        onChange={(id) => place('asset', id)}
      />
      <Autocomplete
        data-testid="new-ticket-contact"
        label={nameOfField('contact')}
        data={[...new Set(contacts.map((contact) => contact.name))]}
        value={values.contact ?? ''}
        onChange={setContact}
        openOnFocus={false}
        onOptionSubmit={goOn}
      />
      <TextInput
        data-testid="new-ticket-phone"
        type="tel"
        label={nameOfField('phone')}
        value={values.phone ?? ''}
        onChange={(event) => set('phone', event.currentTarget.value)}
      />
      <Select
        data-testid="new-ticket-channel"
        label={nameOfField('channel')}
        searchable
        openOnFocus={false}
        allowDeselect={false}
        data={CHANNELS.map((channel) => ({ value: channel, label: t(`ticket.channel.${channel}`) }))}
        value={values.channel}
        onChange={(channel) => set('channel', channel ?? 'hotline')}
        onOptionSubmit={goOn}
      />
      <Textarea
        data-testid="new-ticket-symptom"
        label={nameOfField('symptom')}
        placeholder={t('ticket.new.symptomHint')}
        autosize
        minRows={2}
        maxRows={8}
        value={values.symptom ?? ''}
        onChange={(event) => set('symptom', event.currentTarget.value)}
      />
      <Textarea
        data-testid="new-ticket-environment"
        label={nameOfField('environment')}
        placeholder={t('ticket.new.environmentHint')}
        autosize
        minRows={1}
        maxRows={8}
        value={values.environment ?? ''}
        onChange={(event) => set('environment', event.currentTarget.value)}
      />
      <TextInput
        data-testid="new-ticket-occurredAt"
        type="datetime-local"
        label={nameOfField('occurredAt')}
        description={zone === deviceZone() ? undefined : t('ticket.act.zone', { zone })}
        value={values.occurredAt}
        onChange={(event) => set('occurredAt', event.currentTarget.value)}
      />
      {GRADING_FIELDS.filter((field) => field.name !== 'overrideReason' || neededOrGiven(values)).map(
        (field) => (
          <ActField
            key={field.name}
            field={field}
            place="ticket.new"
            testId={`new-ticket-${field.name}`}
            value={values[field.name] ?? ''}
            onChange={(value) => set(field.name, value)}
            users={users}
            zone={zone}
          />
        ),
      )}
      {grade !== undefined && (
        <p className={classes.result} data-testid="new-ticket-grade" data-grade={grade} aria-live="polite">
          {t('ticket.new.resulting')} <GradeSign grade={grade} /> {t(`ticket.grade.${grade}`)}
        </p>
      )}
      <Select
        {...choice}
        data-testid="new-ticket-assignee"
        label={nameOfField('assignee')}
        placeholder={t('ticket.new.nobody')}
        data={usersByTier(users, i18n.language, (tier) => t(`ticket.tier.${tier}`))}
        value={values.assignee || null}
        onChange={(id) => set('assignee', id ?? '')}
      />
      <div className={classes.sticky}>
        <FormProblem problem={problem} />
        <div className={classes.foot}>
          <span className={classes.keys}>{t('ticket.new.keys')}</span>
          <Button
            type="submit"
            loading={isSaving}
            data-testid="dialog-submit"
            rightSection={<kbd>{keyLabel('mod+enter')}</kbd>}
          >
            {t('ticket.new.save')}
          </Button>
        </div>
      </div>
    </form>
  );
}

/** The reason for another grade is asked for only when there is another grade. */
function neededOrGiven(values: Values): boolean {
  return gradingOf(values)?.override !== undefined;
}
