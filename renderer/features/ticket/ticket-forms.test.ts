import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { decideTicket } from '#shared/domain/ticket/decide.ts';
import { fieldOf } from '#shared/domain/ticket/state.ts';
import {
  CauseCode,
  Channel,
  Grade,
  Level,
  Tier,
  WaitingReason,
  WORK_STATES,
} from '#shared/domain/ticket/words.ts';
import { aTicket, context } from '#test/support/ticket-builder.ts';
import en from '../../app/i18n/en/ticket.json' with { type: 'json' };
import zh from '../../app/i18n/zh-CN/ticket.json' with { type: 'json' };
import { actSpecs, emptyFields, shownFields, type ActName, type ActWorld } from './act-specs.ts';
import { checklistOf } from './checklist.ts';
import { ticketCommands } from './commands.ts';
import { choosePlace, fittingPlaces, neededForNew, resultingGrade } from './new-ticket-values.ts';
import { nextAct } from './next-act.ts';

const NOW = '2026-03-02T03:00:00.000Z';
const worldOf = (ticket: ActWorld['ticket'], patch: Partial<ActWorld> = {}): ActWorld => ({
  ticket,
  now: NOW,
  zone: 'Asia/Shanghai',
  isManager: false,
  systems: '开关电源 2# (10.8.2.5:22)',
  ...patch,
});

describe('the main button', () => {
  it('[T2] leads along the main line, each time to the form that is lacking or to the step itself', () => {
    const line = [
      aTicket(),
      aTicket().graded('P1'),
      aTicket().graded('P1').assigned(),
      aTicket().graded('P1').assigned().accepted(),
      aTicket().graded('P1').assigned().accepted().diagnosing(),
      aTicket().graded('P1').assigned().accepted().diagnosing().restored(),
      aTicket().graded('P1').assigned().accepted().restored().fixing(),
      aTicket().graded('P1').assigned().accepted().restored().fixing().explained(),
      aTicket().graded('P1').assigned().accepted().restored().fixing().explained().verifying(),
      aTicket().graded('P1').assigned().accepted().restored().fixing().explained().verifying().confirmed(),
      aTicket()
        .graded('P1')
        .assigned()
        .accepted()
        .restored()
        .fixing()
        .explained()
        .verifying()
        .confirmed()
        .calledBack(),
      aTicket()
        .graded('P1')
        .assigned()
        .accepted()
        .restored()
        .fixing()
        .explained()
        .verifying()
        .confirmed()
        .calledBack()
        .closed(),
    ].map(({ state }) => {
      const next = nextAct(state);
      return next === undefined ? 'done' : 'open' in next.does ? next.does.open : next.does.command.do;
    });
    expect(line).toEqual([
      'grade',
      'assign',
      'accept',
      'startDiagnosis',
      'startRecovery',
      'startFix',
      'editCause',
      'startVerification',
      'confirm',
      'callBack',
      'close',
      'review',
    ]);
  });
  it('[T2] is not there when nothing is left, or when only a newer version may go on', () => {
    expect(nextAct(aTicket().graded('P1').add('ticket.cancelled', { reason: '误报' }).state)).toBeUndefined();
    expect(nextAct({ ...aTicket().graded('P1').state, needsUpdate: true })).toBeUndefined();
  });
});

describe('the checklist', () => {
  it('[T3] shows what the present stretch needs, done or not', () => {
    const ticket = aTicket()
      .graded('P1')
      .assigned()
      .accepted()
      .add('part.taken', { unitId: 'RM~1', ticketId: 't1' }).state;
    expect(checklistOf(ticket, NOW).map(({ code, isDone }) => [code, isDone])).toEqual([
      ['impact', true],
      ['assignee', true],
      ['consent', false],
      ['recoveryPlan', false],
      ['restoredWhat', false],
      ['partsReconciled', false],
    ]);
  });
  it('[T3] asks for the review of P1 and P2 only', () => {
    const closed = (grade: Grade) =>
      aTicket()
        .graded(grade)
        .assigned()
        .accepted()
        .restored()
        .fixing()
        .explained()
        .verifying()
        .confirmed()
        .calledBack()
        .closed().state;
    expect(checklistOf(closed('P2'), NOW)).toEqual([{ code: 'review', isDone: false, act: 'review' }]);
    expect(checklistOf(closed('P3'), NOW)).toEqual([]);
  });
});

describe('the forms', () => {
  it('[T3] record cause, root cause and treatment as three edits of what was seen', () => {
    const ticket = aTicket().graded('P1').assigned().accepted().restored().state;
    const world = worldOf(ticket);
    const values = { ...actSpecs.editCause.initial(world), causeCode: 'hardware', rootCause: '通信芯片失效' };
    const commands = actSpecs.editCause.commands(values, world);
    expect(commands.map((command) => decideTicket(ticket, command, context()).ok)).toEqual([
      true,
      true,
      true,
    ]);
    // What brought service back is offered as the treatment.
    expect(commands[2]).toMatchObject({ field: 'treatment', value: ticket.restored?.what });
  });
  it('[T4] ask for an approval only where a P1 is to wait and no manager asks', () => {
    const names = (grade: Grade, isManager: boolean) =>
      shownFields(actSpecs.pause, {}, worldOf(aTicket().graded(grade).state, { isManager })).map(
        ({ name }) => name,
      );
    expect(names('P1', false)).toContain('approvedBy');
    expect(names('P1', true)).not.toContain('approvedBy');
    expect(names('P3', false)).not.toContain('approvedBy');
  });
  it('[E2] offer an emergency for P1 only, and then want its reason', () => {
    const world = worldOf(aTicket().graded('P1').state);
    const values = { ...actSpecs.consent.initial(world), emergency: 'yes' };
    expect(emptyFields(actSpecs.consent, values, world)).toEqual(['reason']);
    expect(
      shownFields(actSpecs.consent, {}, worldOf(aTicket().graded('P2').state)).some(
        ({ name }) => name === 'emergency',
      ),
    ).toBe(false);
  });
  it("[S8] take times on the site's clock", () => {
    const world = worldOf(aTicket().graded('P1').assigned().accepted().state, { zone: 'Europe/Berlin' });
    const [command] = actSpecs.restore.commands({ what: '复位', restoredAt: '2026-03-02T03:30' }, world);
    expect(command).toEqual({ do: 'restore', what: '复位', restoredAt: '2026-03-02T02:30:00.000Z' });
  });
  it('begin with what is known already', () => {
    const ticket = aTicket().graded('P1').state;
    expect(actSpecs.confirm.initial(worldOf(ticket)).name).toBe(fieldOf(ticket, 'contactName'));
    expect(actSpecs.consent.initial(worldOf(ticket))).toMatchObject({
      until: '2026-03-02T19:00',
      systems: '开关电源 2# (10.8.2.5:22)',
    });
  });
});

describe('a new ticket', () => {
  const site = (id: string, customerId: string) => ({ id, scope: '', name: id, customerId, documents: [] });
  const asset = (id: string, siteId: string) => ({
    id,
    scope: '',
    siteId,
    name: id,
    kind: '',
    model: '',
    serial: '',
    slots: [],
    baselines: [],
  });
  const places = {
    sites: [site('s1', 'c1'), site('s2', 'c2')],
    assets: [asset('a1', 's1'), asset('a2', 's2')],
  };

  it('takes site and customer from the asset', () => {
    expect(choosePlace({}, 'asset', 'a2', places)).toEqual({ asset: 'a2', site: 's2', customer: 'c2' });
  });
  it('drops the site and the asset of another customer, and keeps those of the same', () => {
    const chosen = choosePlace({}, 'asset', 'a2', places);
    expect(choosePlace(chosen, 'customer', 'c1', places)).toEqual({ customer: 'c1', site: '', asset: '' });
    expect(choosePlace(chosen, 'customer', 'c2', places)).toEqual(chosen);
  });
  it('offers only what fits', () => {
    expect(fittingPlaces({ customer: 'c1' }, places)).toEqual({
      sites: [places.sites[0]],
      assets: [places.assets[0]],
    });
  });
  it('shows the grade that follows, and wants a reason for another one', () => {
    const values = { customer: 'c1', site: 's1', symptom: '掉电', impact: 'high', urgency: 'high' };
    expect(resultingGrade(values)).toBe('P1');
    expect(neededForNew(values)).toEqual([]);
    expect(resultingGrade({ ...values, override: 'P3' })).toBe('P3');
    expect(neededForNew({ ...values, override: 'P3' })).toEqual(['overrideReason']);
    expect(neededForNew({ ...values, override: 'P1' })).toEqual([]);
  });
});

describe('texts', () => {
  const keysOf = (value: object, prefix = ''): string[] =>
    Object.entries(value).flatMap(([key, inner]) =>
      typeof inner === 'object' ? keysOf(inner as object, `${prefix}${key}.`) : [prefix + key],
    );

  it('are the same set in both languages', () => {
    expect(keysOf(zh).sort()).toEqual(keysOf(en).sort());
  });
  it('explain every refusal that the domain knows', () => {
    const folder = new URL('../../../shared/domain/ticket/', import.meta.url);
    const codes = readdirSync(folder)
      .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
      .flatMap((file) =>
        [...readFileSync(new URL(file, folder), 'utf8').matchAll(/refuse\(\s*'ticket\.(\w+)'/g)].map(
          (match) => match[1],
        ),
      );
    expect(codes.length).toBeGreaterThan(10);
    expect([...new Set(codes)].filter((code) => !Object.hasOwn(en.refusal, code!))).toEqual([]);
  });
  it('name every word of the vocabularies', () => {
    const all: ReadonlyArray<readonly [object, readonly string[]]> = [
      [en.causeCode, CauseCode.options],
      [en.channel, Channel.options],
      [en.grade, Grade.options],
      [en.level, Level.options],
      [en.tier, Tier.options],
      [en.waiting, WaitingReason.options],
      [en.work, WORK_STATES],
    ];
    for (const [texts, words] of all) expect(Object.keys(texts)).toEqual(expect.arrayContaining([...words]));
  });
  it('label every field of every form and every command', () => {
    const labels = en.act as unknown as Record<string, Record<string, string>>;
    for (const act of Object.keys(actSpecs) as ActName[]) {
      for (const name of ['title', 'submit', ...actSpecs[act].fields.map((field) => field.name)])
        expect(labels[act], act).toHaveProperty(name);
    }
    for (const command of ticketCommands)
      expect(en.command).toHaveProperty(command.title.replace('ticket.command.', ''));
  });
  it('give each key to one command', () => {
    const keys = ticketCommands.flatMap((command) => command.keys ?? []);
    expect(new Set(keys).size).toBe(keys.length);
  });
});
