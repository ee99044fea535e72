import type { DirectoryCommand } from '#shared/domain/directory/decide.ts';
import type { AssetState, CustomerState, SiteState } from '#shared/domain/directory/state.ts';
import { ASSET_KINDS } from '#shared/domain/directory/asset-kinds.ts';
import { SiteDocumentKind } from '#shared/domain/directory/events.ts';
import type { ContractState } from '#shared/domain/contract/contract.ts';
import { defaultCalendars } from '#shared/domain/sla/default-calendars.ts';

/** What a form can write down; `on` is what it speaks of. */
export type RecordForm =
  | { readonly kind: 'customer'; readonly on?: CustomerState }
  | { readonly kind: 'contact'; readonly on: CustomerState }
  | {
      readonly kind: 'site';
      readonly on?: SiteState;
      readonly customers: readonly CustomerState[];
      readonly region: string;
    }
  | { readonly kind: 'asset'; readonly on?: AssetState; readonly site: SiteState }
  | { readonly kind: 'document'; readonly on: SiteState }
  | { readonly kind: 'baseline'; readonly on: AssetState }
  | { readonly kind: 'contract'; readonly on?: ContractState; readonly site: SiteState };

/** One field: its texts stand under `site.field.<name>`. */
export interface FieldSpec {
  readonly name: string;
  /** `openChoice`: one of the choices, or something else in own words. */
  readonly as: 'line' | 'text' | 'day' | 'choice' | 'openChoice' | 'file';
  readonly isRequired?: boolean;
  readonly choices?: readonly Choice[];
  /** Has a line of help under `site.help.<name>`. */
  readonly hasHelp?: boolean;
}

/** Named by what it is called, or by a text. */
interface Choice {
  readonly value: string;
  readonly label?: string;
  readonly text?: string;
  readonly values?: Readonly<Record<string, string | number>>;
}

export type Values = Readonly<Record<string, string>>;
export interface KeptFile {
  readonly sha256: string;
  readonly size: number;
  readonly name: string;
}

const line = (name: string, isRequired = false): FieldSpec => ({ name, as: 'line', isRequired });
const file: FieldSpec = { name: 'file', as: 'file', isRequired: true };

/** The fields of a form, in the order they are asked. */
export function fieldsOf(form: RecordForm): readonly FieldSpec[] {
  switch (form.kind) {
    case 'customer':
      return [line('name', true), line('nameEn')];
    case 'contact':
      return [line('name', true), line('phone', true), line('email')];
    case 'site':
      return [
        {
          name: 'customerId',
          as: 'choice',
          isRequired: true,
          choices: form.customers.map(({ id, name }) => ({ value: id, label: name })),
        },
        line('name', true),
        line('nameEn'),
        line('address', true),
        line('zone', true),
      ];
    case 'asset':
      return [
        line('name', true),
        line('nameEn'),
        {
          name: 'kind',
          as: 'openChoice',
          isRequired: true,
          choices: ASSET_KINDS.map((value) => ({ value, text: `site.assetKind.${value}` })),
        },
        line('model', true),
        line('serial', true),
        { name: 'slots', as: 'text', hasHelp: true },
        line('host'),
        line('username'),
      ];
    case 'document':
      return [
        {
          name: 'documentKind',
          as: 'choice',
          isRequired: true,
          choices: SiteDocumentKind.options.map((value) => ({ value, text: `site.documentKind.${value}` })),
        },
        line('title', true),
        file,
      ];
    case 'baseline':
      return [line('label', true), file];
    case 'contract':
      return [
        line('number', true),
        { name: 'from', as: 'day', isRequired: true },
        { name: 'to', as: 'day', isRequired: true },
        { name: 'entitlement', as: 'text' },
        {
          name: 'calendar',
          as: 'choice',
          isRequired: true,
          choices: defaultCalendars.map(({ id, version }) => ({
            value: `${id} ${version}`,
            text: `site.calendar.${id}`,
            values: { version },
          })),
        },
      ];
  }
}

/** What stands in the fields at first. */
export function startValues(form: RecordForm): Values {
  switch (form.kind) {
    case 'customer':
      return { name: form.on?.name ?? '', nameEn: form.on?.nameEn ?? '' };
    case 'site':
      return {
        customerId: form.on?.customerId ?? '',
        name: form.on?.name ?? '',
        nameEn: form.on?.nameEn ?? '',
        address: form.on?.address ?? '',
        zone: form.on?.zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone,
      };
    case 'asset': {
      const {
        name = '',
        nameEn = '',
        kind = '',
        model = '',
        serial = '',
        slots = [],
        address,
      } = form.on ?? {};
      return {
        name,
        nameEn,
        kind,
        model,
        serial,
        slots: slots.map(({ slotId, partNumber }) => `${slotId} ${partNumber}`).join('\n'),
        host: address === undefined ? '' : `${address.host}:${address.port}`,
        username: address?.username ?? '',
      };
    }
    case 'contract': {
      const { number = '', from = '', to = '', entitlement = '', calendar } = form.on ?? {};
      return {
        number,
        from,
        to,
        entitlement,
        calendar: calendar === undefined ? '' : `${calendar.id} ${calendar.version}`,
      };
    }
    default:
      return {};
  }
}

/** The command that the filled form means. */
export function commandOf(form: RecordForm, values: Values, kept: KeptFile | undefined): DirectoryCommand {
  const of = (name: string): string => (values[name] ?? '').trim();
  const english = of('nameEn') === '' ? {} : { nameEn: of('nameEn') };
  const there = (on: { id: string; scope: string } | undefined): { id?: string; home?: string } =>
    on === undefined ? {} : { id: on.id, home: on.scope };
  const bytes = kept ?? { sha256: '', size: 0, name: '' };
  switch (form.kind) {
    case 'customer':
      return { do: 'registerCustomer', ...there(form.on), name: of('name'), ...english };
    case 'contact':
      return {
        do: 'addContact',
        customer: form.on,
        name: of('name'),
        phone: of('phone'),
        ...(of('email') !== '' && { email: of('email') }),
      };
    case 'site':
      return {
        do: 'registerSite',
        ...there(form.on),
        customerId: of('customerId'),
        name: of('name'),
        ...english,
        address: of('address'),
        zone: of('zone'),
        region: form.on?.region ?? form.region,
      };
    case 'asset':
      return {
        do: 'registerAsset',
        ...there(form.on),
        siteId: form.site.id,
        name: of('name'),
        ...english,
        kind: of('kind'),
        model: of('model'),
        serial: of('serial'),
        slots: slotsOf(values.slots ?? '', form.on),
        ...addressOf(of('host'), of('username')),
      };
    case 'document':
      return {
        do: 'addDocument',
        site: form.on,
        kind: SiteDocumentKind.catch('other').parse(of('documentKind')),
        title: of('title'),
        ...bytes,
      };
    case 'baseline':
      return { do: 'takeBaseline', asset: form.on, label: of('label'), ...bytes };
    case 'contract': {
      const [id = '', version = '1'] = of('calendar').split(' ');
      return {
        do: 'registerContract',
        ...there(form.on),
        number: of('number'),
        customerId: form.on?.customerId ?? form.site.customerId ?? '',
        siteIds: [...(form.on?.siteIds ?? [form.site.id])],
        from: of('from'),
        to: of('to'),
        entitlement: of('entitlement'),
        calendar: { id, version: Number(version) },
      };
    }
  }
}

/** One slot a line: its name, then the part number. What sits in a slot that was there before stays in it. */
function slotsOf(text: string, before: AssetState | undefined): AssetState['slots'] {
  return text
    .split('\n')
    .map((row) => row.trim())
    .filter((row) => row !== '')
    .map((row) => {
      const [slotId = '', ...rest] = row.split(/\s+/);
      const unitId = before?.slots.find((slot) => slot.slotId === slotId)?.unitId;
      return { slotId, label: slotId, partNumber: rest.join(' '), ...(unitId !== undefined && { unitId }) };
    });
}

/** `10.1.1.9`, `10.1.1.9:2222`, `fd00::9`, `[fd00::9]:22`. */
function addressOf(text: string, username: string): Partial<Pick<AssetState, 'address'>> {
  if (text === '') return {};
  const [, bracketed, plain, port] = /^(?:\[(.*)\]|([^:]*))(?::(\d{1,5}))?$/.exec(text) ?? [];
  return { address: { host: bracketed ?? plain ?? text, port: Number(port ?? 22), username } };
}
