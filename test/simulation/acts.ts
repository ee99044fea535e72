import { decideReturn, decideSwap, decideTake, type SwapCommand } from '#shared/domain/part/decide.ts';
import type { Identity, Location } from '#shared/domain/part/events.ts';
import { isAvailable, type UnitState } from '#shared/domain/part/unit.ts';
import type { AssetState } from '#shared/domain/directory/state.ts';
import { refuse, type Decision } from '#shared/domain/refusal.ts';
import { touches } from '#shared/domain/registry.ts';
import { decideTicket, type TicketCommand } from '#shared/domain/ticket/decide.ts';
import { nextStep } from '#shared/domain/ticket/guards.ts';
import { decideIntake } from '#shared/domain/ticket/intake.ts';
import { formatTicketNumber } from '#shared/domain/ticket/number.ts';
import { unknownTicket, type TicketState } from '#shared/domain/ticket/state.ts';
import type { EditableField } from '#shared/domain/ticket/words.ts';
import type { DomainEvent, EventDraft } from '#shared/events/envelope.ts';
import type { Laptop } from './laptop.ts';
import { newerFact } from './newer-facts.ts';
import type { Random } from './random.ts';

/** How often people do what. Few tickets, fields and units, so that they meet. */
const ACTS = {
  open: 10,
  advance: 30,
  edit: 18,
  settle: 6,
  note: 10,
  pause: 6,
  resume: 6,
  swap: 10,
  take: 5,
  giveBack: 4,
  close: 5,
  reopen: 2,
  grade: 4,
  share: 5,
  unshare: 3,
  attach: 8,
  newer: 3,
};
/** Of attachments, bytes: those above 256 KB travel in pieces that count. */
const SIZES = { tiny: 60, small: 25, large: 15 } as const;
const BYTES_OF = { tiny: 1, small: 5_000, large: 300_000 } as const;
const FIELDS: readonly EditableField[] = ['symptom', 'rootCause', 'treatment', 'environment'];
/** With whom tickets are shared. */
const TARGETS = ['region/bj', 'region/sz', 'user/li.wei', 'user/zhao.bj'] as const;
const LEVELS = ['high', 'medium', 'low'] as const;

/** What an act came to. */
export interface Deed {
  readonly act: keyof typeof ACTS;
  readonly drafts: readonly EventDraft[];
  /** The code of the domain's refusal, if it refused. */
  readonly refused?: string;
}

/** Picks something that somebody might do now on this laptop, and decides it with the product's own rules. */
export async function decideSomething(
  laptop: Laptop,
  tickets: readonly string[],
  random: Random,
): Promise<Deed> {
  const act = tickets.length < 2 ? 'open' : random.weighted(ACTS);
  const decision = await decideAct(act, laptop, tickets, random);
  return decision.ok ? { act, drafts: decision.drafts } : { act, drafts: [], refused: decision.refusal.code };
}

/** The stamps of what the author of these facts has seen: each of the facts has to sort after them. */
export async function seenStamps(laptop: Laptop, drafts: readonly EventDraft[]): Promise<string[]> {
  const keys = new Set(drafts.flatMap((draft) => touches(draft as unknown as DomainEvent)));
  const stamps: string[] = [];
  for (const key of keys) stamps.push((await laptop.store.row({ key }))?.hlc ?? '');
  return stamps;
}

async function decideAct(
  act: keyof typeof ACTS,
  laptop: Laptop,
  tickets: readonly string[],
  random: Random,
): Promise<Decision> {
  const context = laptop.decideContext(random);
  if (act === 'open') return openTicket(laptop, random);
  const ticket = await ticketOf(laptop, random.pick(tickets));
  const tell = (command: TicketCommand): Decision => decideTicket(ticket, command, context);
  switch (act) {
    case 'advance':
      return tell(stepCommand(ticket, laptop, random));
    case 'edit': {
      const field = random.pick(FIELDS);
      const basedOn = ticket.fields[field]?.setBy ?? '';
      return tell({ do: 'edit', field, value: `${field} ${random.int(1000)}`, basedOn });
    }
    case 'settle': {
      const field = FIELDS.find((name) => (ticket.fields[name]?.conflicts.length ?? 0) > 0) ?? 'symptom';
      return tell({ do: 'settle', field, value: `settled ${random.int(1000)}` });
    }
    case 'note':
      return tell({ do: 'note', text: `备注 ${random.int(1000)}` });
    case 'pause':
      return tell({ do: 'pause', reason: 'customer', evidence: '邮件 10:02', approvedBy: 'wang.fang' });
    case 'resume':
      return tell({ do: 'resume' });
    case 'close':
      return tell({ do: 'close' });
    case 'reopen':
      return tell({ do: 'reopen', reason: 'It came back.' });
    case 'grade':
      return tell({ do: 'grade', impact: random.pick(LEVELS), urgency: random.pick(LEVELS) });
    case 'share':
      return tell({ do: 'share', with: random.pick(TARGETS) });
    case 'unshare':
      return tell({ do: 'unshare', with: ticket.sharedWith[0] ?? random.pick(TARGETS) });
    case 'attach':
      return attach(laptop, ticket, random);
    case 'newer':
      // Of a ticket that is gone there is nothing to add to.
      if (ticket.scope === '') return refuse('ticket.unknown');
      return { ok: true, drafts: [newerFact(context, ticket, random)] };
    case 'swap':
      return swap(laptop, ticket, random);
    case 'take': {
      const unit = await anyUnit(laptop, random, isAvailable, ticket.scope);
      return unit === undefined ? refuse('part.notAvailable') : decideTake(unit, ticket, context);
    }
    case 'giveBack': {
      const unit = await anyUnit(laptop, random, ({ takenFor }) => takenFor !== undefined);
      if (unit === undefined) return refuse('part.notTaken');
      return decideReturn(unit, await ticketOf(laptop, unit.takenFor ?? ''), context);
    }
  }
}

async function openTicket(laptop: Laptop, random: Random): Promise<Decision> {
  const given = await laptop.takeNumber();
  if (given === undefined) return refuse('journal.diskFull');
  const region = random.pick(laptop.regions);
  const context = laptop.decideContext(random, region);
  const intake = {
    ticketId: context.newId(),
    opening: {
      number: formatTicketNumber(given.deviceCode, given.number),
      customerId: `dongling-${region}`,
      siteId: `shiqiao-${region}`,
      assetId: `dps-1-${region}`,
      contactName: '刘工',
      contactPhone: '0755-8600-1100',
      channel: 'hotline' as const,
      symptom: '整流模块通信中断',
      environment: 'SMU 3.12',
      occurredAt: context.now,
    },
    ...(random.chance(0.7) && {
      grading: { impact: random.pick(LEVELS), urgency: random.pick(LEVELS) },
      ...(random.chance(0.7) && { assignment: { to: laptop.person.id, tier: 'L1' as const } }),
    }),
  };
  return decideIntake(intake, context);
}

/** The bytes are kept first, then the fact that names them. */
async function attach(laptop: Laptop, ticket: TicketState, random: Random): Promise<Decision> {
  const bytes = Buffer.alloc(BYTES_OF[random.weighted(SIZES)] + random.int(500), random.bytes(16));
  const kept = await laptop.attempt(() => laptop.blobs.put(bytes));
  if (kept === undefined) return refuse('blobs.diskFull');
  const kind = random.pick(['photo', 'recording', 'signature'] as const);
  const data = { kind, name: '现场.jpg', mediaType: 'image/jpeg', ...kept };
  return decideTicket(ticket, { do: 'attach', data }, laptop.decideContext(random));
}

/** What the main button of a ticket offers, with a form well filled in; or one of the things that closing lacks. */
function stepCommand(ticket: TicketState, laptop: Laptop, random: Random): TicketCommand {
  const lacking = FIELDS.find(
    (field) => field !== 'environment' && (ticket.fields[field]?.value ?? '') === '',
  );
  const edit = (field: EditableField, value: string): TicketCommand => ({
    do: 'edit',
    field,
    value,
    basedOn: ticket.fields[field]?.setBy ?? '',
  });
  switch (nextStep(ticket)) {
    case 'graded':
      return { do: 'grade', impact: random.pick(LEVELS), urgency: random.pick(LEVELS) };
    case 'assigned':
      return { do: 'assign', to: laptop.person.id, tier: 'L1' };
    case 'accepted':
      return { do: 'accept' };
    case 'diagnosing':
      return { do: 'startDiagnosis' };
    case 'recovering':
      return { do: 'startRecovery', plan: '切换备用' };
    case 'restored':
      return { do: 'restore', what: '切至备用监控单元', restoredAt: ticket.openedAt };
    case 'fixing':
      return { do: 'startFix', plan: '更换 R2 整流模块' };
    case 'verifying':
      if ((ticket.fields.causeCode?.value ?? '') === '') return edit('causeCode', 'hardware');
      return lacking === undefined ? { do: 'startVerification' } : edit(lacking, '通信芯片失效');
    case 'closed':
      if (ticket.confirmation === undefined)
        return { do: 'confirm', data: { method: 'phone', name: '刘工' } };
      return ticket.callBacks.length === 0
        ? { do: 'callBack', data: { reached: true, satisfaction: 5 } }
        : { do: 'close' };
    case 'reviewed':
      return { do: 'review', report: '复盘', knowledge: '知识' };
    default:
      return { do: 'note', text: 'done' };
  }
}

/** Swaps whatever sits in a slot for whatever is known to exist, with a reason when that is doubtful. */
async function swap(laptop: Laptop, ticket: TicketState, random: Random): Promise<Decision> {
  const assets = (await laptop.store.rowsOf({ noun: 'asset' }))
    .map(({ state }) => state as AssetState)
    .filter(({ scope, slots }) => scope === ticket.scope && slots.length > 0)
    .sort((a, b) => (a.id < b.id ? -1 : 1));
  if (assets.length === 0) return refuse('part.unknownAsset');
  const asset = random.pick(assets);
  const slot = random.pick(asset.slots);
  const good = await anyUnit(
    laptop,
    random,
    (unit) => random.chance(0.15) || isAvailable(unit),
    ticket.scope,
  );
  if (good?.identity === undefined) return refuse('part.notAvailable');
  const inSlot = await unitOf(laptop, slot.unitId ?? '');
  const faulty: Identity = inSlot?.identity ?? {
    partNumber: slot.partNumber,
    serial: `FOUND-${laptop.name}-${random.int(20)}`,
    name: '整流模块',
  };
  const kit: Location = good.location ?? { kind: 'van', id: laptop.person.id };
  const command: SwapCommand = {
    slotId: slot.slotId,
    kit: kit.kind === 'slot' ? { kind: 'van', id: laptop.person.id } : kit,
    good: good.identity,
    faulty,
    fault: '无输出',
    overruleReason: '现场核对过',
  };
  const units = new Map<string, UnitState>([[good.id, good]]);
  if (inSlot !== undefined) units.set(inSlot.id, inSlot);
  return decideSwap(command, { ticket, asset, unit: (id) => units.get(id) }, laptop.decideContext(random));
}

async function anyUnit(
  laptop: Laptop,
  random: Random,
  fits: (unit: UnitState) => boolean,
  scope?: string,
): Promise<UnitState | undefined> {
  const units = (await laptop.store.rowsOf({ noun: 'unit' }))
    .map(({ state }) => state as UnitState)
    .filter((unit) => unit.location !== undefined && (scope === undefined || unit.scope === scope))
    .sort((a, b) => (a.id < b.id ? -1 : 1))
    .filter(fits);
  return units.length === 0 ? undefined : random.pick(units);
}

async function unitOf(laptop: Laptop, id: string): Promise<UnitState | undefined> {
  return (await laptop.store.row({ key: `unit/${id}` }))?.state as UnitState | undefined;
}

async function ticketOf(laptop: Laptop, id: string): Promise<TicketState> {
  const row = await laptop.store.row({ key: `ticket/${id}` });
  return (row?.state as TicketState | undefined) ?? unknownTicket(id);
}
