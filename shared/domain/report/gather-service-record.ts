import type { AssetState, CustomerState, SiteState, UserState } from '../directory/state.ts';
import type { Clock } from '../sla/clock.ts';
import { momentOf } from '../ticket/promises.ts';
import { fieldOf, type TicketState } from '../ticket/state.ts';
import type {
  Moment,
  RecordEvidence,
  RecordLanguage,
  RecordPromise,
  RecordSignature,
  ServiceRecordModel,
} from './service-record.ts';

/** What a service record is gathered from. Everything is what the facts mean at one moment. */
export interface RecordSources {
  readonly ticket: TicketState;
  readonly customer: CustomerState | undefined;
  readonly site: SiteState | undefined;
  readonly asset: AssetState | undefined;
  readonly engineer: UserState | undefined;
  readonly promises: readonly Clock[];
  /** The words of a cause code in the language of the paper. */
  readonly causeWords: string;
  /** Notes of the timeline that belong on the paper. */
  readonly notes?: string;
  readonly lastEventHash?: string;
}

const ZONE_UNKNOWN = 'UTC';

/** Gathers the paper from the facts. Nothing is invented: what is not known is left out. */
export function gatherServiceRecord(
  sources: RecordSources,
  language: RecordLanguage,
  now: string,
): ServiceRecordModel {
  const { ticket, customer, site, asset, engineer } = sources;
  const zone = site?.zone ?? ZONE_UNKNOWN;
  const moment = (at: string | undefined): Moment | undefined =>
    at === undefined || at === '' ? undefined : { at: trueInstant(ticket, at), zone };
  const named = (state: { name?: string; nameEn?: string } | undefined): string | undefined => {
    if (state?.name === undefined || state.name === '') return undefined;
    if (state.nameEn === undefined || language === 'zh-CN') return state.name;
    return language === 'en' ? state.nameEn : `${state.name} ${state.nameEn}`;
  };
  const text = (value: string): string | undefined => (value.trim() === '' ? undefined : value);
  const consent = ticket.consents.at(-1);
  const photos = ticket.evidence.filter((item) => item.data.kind === 'photo');

  return {
    language,
    ticket: {
      number: ticket.number,
      grade: ticket.grade,
      title: firstLine(fieldOf(ticket, 'symptom')),
      symptom: text(fieldOf(ticket, 'symptom')),
      environment: text(fieldOf(ticket, 'environment')),
      channel: ticket.channel,
    },
    customer: named(customer),
    site: { name: named(site), room: text(site?.address ?? ''), zone },
    ...(asset && { asset: { name: named(asset), model: text(asset.model), serial: text(asset.serial) } }),
    contact: { name: text(fieldOf(ticket, 'contactName')), phone: text(fieldOf(ticket, 'contactPhone')) },
    engineer: named(engineer),
    times: {
      opened: moment(ticket.openedAt),
      responded: moment(ticket.firstAcceptedAt),
      restored: moment(ticket.restored?.at),
      resolved: moment(ticket.verifyingAt),
      verified: moment(ticket.confirmation?.at),
    },
    promises: sources.promises.flatMap((clock) => promiseOf(clock, zone)),
    recovery: { plan: text(fieldOf(ticket, 'recoveryPlan')), result: ticket.restored?.what },
    fix: { plan: text(fieldOf(ticket, 'fixPlan')) },
    causeCode: text(sources.causeWords),
    rootCause: text(fieldOf(ticket, 'rootCause')),
    treatment: text(fieldOf(ticket, 'treatment')),
    parts: ticket.swaps.map(({ data }) => ({
      action: 'swap',
      partNumber: data.good.partNumber,
      name: data.good.name,
      serialOut: data.faulty.serial,
      serialIn: data.good.serial,
      slot: data.slotId,
      rmaLine: data.rmaId.slice(-8).toUpperCase(),
    })),
    evidence: ticket.evidence
      .filter((item) => item.data.kind !== 'document')
      .map((item): RecordEvidence => ({
        kind: item.data.kind === 'document' ? 'file' : item.data.kind,
        name: item.data.name,
        sha256: item.data.sha256,
        size: item.data.size,
      })),
    photos: photos.map((item) => ({
      picture: { blob: item.data.sha256 },
      caption: text(item.data.note ?? item.data.name),
      taken: moment(item.at),
    })),
    ...(consent && {
      consent: {
        by: consent.name,
        systems: consent.systems,
        given: moment(consent.at),
        until: moment(consent.until),
        ...(consent.emergency && { emergencyReason: consent.reason }),
      },
    }),
    signature: signatureOf(ticket, zone),
    notes: sources.notes,
    generatedAt: { at: now, zone },
    lastEventHash: sources.lastEventHash,
  };
}

/** What a wrong clock noted stands right on the paper (S11). */
function trueInstant(ticket: TicketState, at: string): string {
  return ticket.clockDoubts[at] === undefined ? at : new Date(momentOf(ticket, at).at).toISOString();
}

function firstLine(value: string): string {
  return value.split('\n', 1)[0]?.slice(0, 200) ?? '';
}

/** A promise that was made appears with where it stands; one that was never made does not. */
function promiseOf(clock: Clock, zone: string): RecordPromise[] {
  if (clock.state === 'notStarted' || clock.state === 'stopped') return [];
  const instant = (at: number | undefined): Moment | undefined =>
    at === undefined ? undefined : { at: new Date(at).toISOString(), zone };
  return [
    { kind: clock.promise, result: clock.state, due: instant(clock.due), actual: instant(clock.fulfilledAt) },
  ];
}

function signatureOf(ticket: TicketState, zone: string): RecordSignature | undefined {
  const { confirmation } = ticket;
  if (confirmation === undefined) return undefined;
  const signer = { who: confirmation.name, at: { at: trueInstant(ticket, confirmation.at), zone } };
  switch (confirmation.method) {
    case 'signature':
      return confirmation.signature === undefined
        ? undefined
        : { kind: 'picture', ...signer, method: 'pen', picture: { blob: confirmation.signature } };
    case 'phone':
    case 'email':
      return { kind: 'remote', ...signer, by: confirmation.method, reference: confirmation.note };
    case 'refusal':
      return { kind: 'refused', ...signer, reason: confirmation.note ?? '' };
  }
}
