import { covers, isInTerm } from '../contract/contract.ts';
import type { AssetState } from '../directory/state.ts';
import { isAvailable, type UnitState } from '../part/unit.ts';
import {
  ENDED_TICKETS,
  OPEN_TICKETS,
  type Readiness,
  type VisitItem,
  type VisitPlan,
  type VisitTicket,
  type VisitWorld,
} from './visit.ts';

/**
 * Everything that a visit to the site needs: what is on this laptop, what is
 * still to be fetched, and what nobody has. `docs/spec/visits.md` has the rules. Asking again after
 * the fetching gives the same list with fewer things to fetch, so a preparation that was cut off goes on where it was.
 */
export function planVisit(world: VisitWorld): VisitPlan {
  const items = [
    ...contractItems(world),
    ...contactItems(world),
    ...assetItems(world),
    ...ticketItems(world),
    ...partItems(world),
    ...articleItems(world),
    ...baselineItems(world),
    ...documentItems(world),
    ...credentialItems(world),
  ];
  const wanted = items.filter(({ readiness }) => readiness === 'toFetch');
  const blobs = new Map(wanted.flatMap(({ blob }) => (blob === undefined ? [] : [[blob.sha256, blob]])));
  return {
    items,
    toFetch: {
      entities: [...new Set(wanted.flatMap(({ entity }) => entity ?? []))],
      blobs: [...blobs.values()],
      bytes: [...blobs.values()].reduce((sum, { size }) => sum + size, 0),
    },
    missing: items.filter(({ readiness }) => readiness === 'missing').length,
  };
}

function contractItems({ site, contracts, calendars, day }: VisitWorld): VisitItem[] {
  const ours = contracts.filter((contract) => covers(contract, site));
  if (ours.length === 0)
    return [{ section: 'contract', id: site.id, readiness: 'missing', code: 'noContract', about: {} }];
  return ours.flatMap((contract): VisitItem[] => {
    const { id, number, to = '', calendar } = contract;
    const isValid = isInTerm(contract, day);
    const term: VisitItem = {
      section: 'contract',
      id,
      // A contract that has ended is known well enough; that it has ended is what the visitor must know.
      readiness: isValid ? 'here' : 'missing',
      code: isValid ? 'contract' : 'contractEnded',
      about: { number, to },
    };
    if (calendar === undefined) return [term];
    const isHere = calendars.some((known) => known.id === calendar.id && known.version === calendar.version);
    return [
      term,
      {
        section: 'contract',
        id: `${id}#calendar`,
        readiness: isHere ? 'here' : 'missing',
        code: isHere ? 'calendar' : 'calendarMissing',
        about: { id: calendar.id, version: calendar.version },
      },
    ];
  });
}

function contactItems({ site, customer }: VisitWorld): VisitItem[] {
  const contacts = customer?.contacts ?? [];
  if (contacts.length === 0)
    return [{ section: 'contacts', id: site.id, readiness: 'missing', code: 'noContact', about: {} }];
  return contacts.map(({ name, phone }) => ({
    section: 'contacts',
    id: `${name} ${phone}`,
    readiness: 'here',
    code: 'contact',
    about: { name, phone },
  }));
}

function assetItems({ site, assets }: VisitWorld): VisitItem[] {
  if (assets.length === 0)
    return [{ section: 'assets', id: site.id, readiness: 'missing', code: 'noAssets', about: {} }];
  return assets.map(({ id, name, nameEn = name, model, serial, slots }) => ({
    section: 'assets',
    id,
    readiness: 'here',
    code: slots.length === 0 ? 'assetWithoutSlots' : 'asset',
    about: { name, nameEn, model, serial, slots: slots.length },
  }));
}

/** A row is enough to read a ticket; to work on it, and to see its course, its facts have to be here. */
function ticketItems({ tickets, blobsHere }: VisitWorld): VisitItem[] {
  const open = tickets.filter(({ isOpen }) => isOpen).slice(0, OPEN_TICKETS);
  const ended = tickets.filter(({ isOpen }) => !isOpen).slice(0, ENDED_TICKETS);
  return [...open, ...ended].flatMap((ticket): VisitItem[] => {
    const { state, isOpen } = ticket;
    const about = { number: state.number, symptom: state.fields.symptom?.value ?? '', open: isOpen ? 1 : 0 };
    return [
      {
        section: 'tickets',
        id: ticket.key,
        readiness: ticket.hasFacts ? 'here' : 'toFetch',
        code: 'ticket',
        about,
        entity: ticket.key,
      },
      // The attachments of what is still open; those of the past stay where they are until somebody looks.
      ...(isOpen ? attachmentItems(ticket, blobsHere) : []),
    ];
  });
}

function attachmentItems({ key, state }: VisitTicket, blobsHere: ReadonlySet<string>): VisitItem[] {
  return state.evidence.map(({ data }) => ({
    section: 'tickets',
    id: `${key}#${data.sha256}`,
    readiness: readinessOf(data.sha256, blobsHere),
    code: 'ticketAttachment',
    about: { number: state.number, name: data.name },
    blob: { sha256: data.sha256, size: data.size },
  }));
}

/** For each part number that sits in the site's slots: what lies in the own kit, else where the next one is. */
function partItems({ assets, units, userId }: VisitWorld): VisitItem[] {
  const spare = units.filter((unit) => isAvailable(unit) && unit.takenFor === undefined);
  const inKit = (unit: UnitState): boolean => unit.location?.kind === 'van' && unit.location.id === userId;
  return partNumbersOf(assets).map((partNumber): VisitItem => {
    const fitting = spare.filter((unit) => unit.identity?.partNumber === partNumber);
    const kit = fitting.filter(inKit).length;
    const elsewhere = fitting.filter((unit) => !inKit(unit));
    const places = [...new Set(elsewhere.map((unit) => unit.location?.id ?? ''))].sort();
    const about = { partNumber, kit, elsewhere: elsewhere.length, places: places.join(', ') };
    const code = kit > 0 ? 'partInKit' : elsewhere.length > 0 ? 'partInDepot' : 'partNowhere';
    return {
      section: 'parts',
      id: partNumber,
      readiness: kit > 0 ? 'here' : 'missing',
      code,
      about,
    };
  });
}

function partNumbersOf(assets: readonly AssetState[]): string[] {
  return [...new Set(assets.flatMap(({ slots }) => slots.map(({ partNumber }) => partNumber)))].sort();
}

function articleItems({ site, assets, articles }: VisitWorld): VisitItem[] {
  const models = new Set(assets.map(({ model }) => model));
  const fitting = articles.filter(
    ({ isWithdrawn, title, models: about = [] }) =>
      !isWithdrawn && title !== '' && (about.length === 0 || about.some((model) => models.has(model))),
  );
  // Nothing learned yet is no obstacle to a visit: said, not counted as missing.
  if (fitting.length === 0)
    return [{ section: 'knowledge', id: site.id, readiness: 'here', code: 'noArticle', about: {} }];
  return fitting.map(({ id, title, titleEn = title, version = 1 }) => ({
    section: 'knowledge',
    id,
    readiness: 'here',
    code: 'article',
    about: { title, titleEn, version },
  }));
}

/** Of each device that can be reached over the network: the configuration it should have. */
function baselineItems({ assets, blobsHere }: VisitWorld): VisitItem[] {
  return assets.flatMap((asset): VisitItem[] => {
    const { id, name, nameEn = name } = asset;
    const last = asset.baselines.at(-1);
    if (last !== undefined)
      return [
        {
          section: 'baselines',
          id: last.baselineId,
          readiness: readinessOf(last.sha256, blobsHere),
          code: 'baseline',
          about: { name, nameEn, label: last.label, at: last.at },
          blob: { sha256: last.sha256, size: last.size },
        },
      ];
    return asset.address === undefined
      ? []
      : [{ section: 'baselines', id, readiness: 'missing', code: 'noBaseline', about: { name, nameEn } }];
  });
}

function documentItems({ site, blobsHere }: VisitWorld): VisitItem[] {
  if (site.documents.length === 0)
    return [{ section: 'documents', id: site.id, readiness: 'missing', code: 'noDocument', about: {} }];
  return site.documents.map(({ documentId, title, kind, sha256, size }) => ({
    section: 'documents',
    id: documentId,
    readiness: readinessOf(sha256, blobsHere),
    code: 'document',
    about: { title, kind },
    blob: { sha256, size },
  }));
}

/** The vault never tells a secret; that it holds one for the device's user is enough to know. */
function credentialItems({ assets, credentialUsers }: VisitWorld): VisitItem[] {
  return assets.flatMap(({ id, name, nameEn = name, address }): VisitItem[] => {
    if (address === undefined) return [];
    const isHere = credentialUsers.has(address.username);
    return [
      {
        section: 'credentials',
        id,
        readiness: isHere ? 'here' : 'missing',
        code: isHere ? 'credential' : 'noCredential',
        about: { name, nameEn, user: address.username, host: address.host },
      },
    ];
  });
}

function readinessOf(sha256: string, blobsHere: ReadonlySet<string>): Readiness {
  return blobsHere.has(sha256) ? 'here' : 'toFetch';
}
