import { describe, expect, it } from 'vitest';
import { aTicket } from '#test/support/ticket-builder.ts';
import { unknownContract } from '../contract/contract.ts';
import { unknownAsset, unknownCustomer, unknownSite, type AssetState } from '../directory/state.ts';
import { unknownArticle } from '../knowledge/article.ts';
import { unknownUnit, type UnitState } from '../part/unit.ts';
import { planVisit } from './plan-visit.ts';
import type { VisitItem, VisitSection, VisitWorld } from './visit.ts';

const MAP = 'a'.repeat(64);
const CONFIG = 'b'.repeat(64);

const system: AssetState = {
  ...unknownAsset('dps-2'),
  siteId: 'shiqiao',
  name: '开关电源 2#',
  model: 'PS48600-3B',
  serial: 'PS3B-20-0417',
  slots: [
    { slotId: 'R1', label: 'R1', partNumber: 'R48-50A' },
    { slotId: 'R2', label: 'R2', partNumber: 'R48-50A' },
  ],
  address: { host: '10.1.1.9', port: 22, username: 'maint' },
};

const contract = {
  ...unknownContract('c1'),
  number: 'HT-2026-014',
  customerId: 'dongling',
  siteIds: [],
  from: '2026-01-01',
  to: '2026-12-31',
  entitlement: '7x24',
  calendar: { id: '7x24', version: 1 },
};

const rectifier = (serial: string, kind: 'van' | 'depot', id: string): UnitState => ({
  ...unknownUnit(serial),
  identity: { partNumber: 'R48-50A', serial, name: '整流模块' },
  location: { kind, id },
});

function world(patch: Partial<VisitWorld> = {}): VisitWorld {
  return {
    site: { ...unknownSite('shiqiao'), name: '石桥局站', customerId: 'dongling' },
    customer: { ...unknownCustomer('dongling'), contacts: [{ name: '刘工', phone: '0755-8600-1100' }] },
    assets: [system],
    tickets: [],
    units: [rectifier('A1', 'van', 'li.wei')],
    articles: [],
    contracts: [contract],
    calendars: [{ id: '7x24', version: 1 }],
    credentialUsers: new Set(['maint']),
    blobsHere: new Set(),
    userId: 'li.wei',
    day: '2026-11-22',
    ...patch,
  };
}

const of = (plan: { items: readonly VisitItem[] }, section: VisitSection): readonly VisitItem[] =>
  plan.items.filter((item) => item.section === section);

describe('preparing a visit', () => {
  it('[VI3] knows the contract, its term and whether its calendar version is here', () => {
    expect(of(planVisit(world()), 'contract')).toMatchObject([
      { readiness: 'here', code: 'contract', about: { number: 'HT-2026-014' } },
      { readiness: 'here', code: 'calendar' },
    ]);
    const ended = planVisit(world({ day: '2027-01-01', calendars: [{ id: '7x24', version: 2 }] }));
    expect(of(ended, 'contract')).toMatchObject([
      { readiness: 'missing', code: 'contractEnded', about: { to: '2026-12-31' } },
      { readiness: 'missing', code: 'calendarMissing', about: { version: 1 } },
    ]);
    const elsewhere = planVisit(world({ contracts: [{ ...contract, siteIds: ['nanping'] }] }));
    expect(of(elsewhere, 'contract')).toMatchObject([{ readiness: 'missing', code: 'noContract' }]);
  });

  it('[VI4] wants the facts of each ticket, and the attachments of the open ones only', () => {
    const photo = {
      kind: 'photo',
      name: 'R2.jpg',
      sha256: MAP,
      size: 9_000,
      mediaType: 'image/jpeg',
    } as const;
    const open = aTicket().add('ticket.evidenceAttached', photo).state;
    const plan = planVisit(
      world({
        tickets: [
          { key: 'ticket/t1', state: open, isOpen: true, hasFacts: false },
          { key: 'ticket/t0', state: open, isOpen: false, hasFacts: true },
        ],
      }),
    );
    expect(of(plan, 'tickets').map(({ code, readiness }) => [code, readiness])).toEqual([
      ['ticket', 'toFetch'],
      ['ticketAttachment', 'toFetch'],
      ['ticket', 'here'],
    ]);
    expect(plan.toFetch).toMatchObject({ entities: ['ticket/t1'], blobs: [{ sha256: MAP }], bytes: 9_000 });
  });

  it('[VI4] brings the last ten tickets that ended, and of very many open ones the newest', () => {
    const { state } = aTicket();
    const ticket = (isOpen: boolean, n: number) => ({
      key: `ticket/${isOpen}-${n}`,
      state,
      isOpen,
      hasFacts: true,
    });
    const many = (isOpen: boolean, count: number) =>
      Array.from({ length: count }, (_, n) => ticket(isOpen, n));
    const plan = planVisit(world({ tickets: [...many(false, 12), ...many(true, 201)] }));
    const ids = of(plan, 'tickets').map(({ id }) => id);
    expect(ids.filter((id) => id.startsWith('ticket/false'))).toEqual(
      Array.from({ length: 10 }, (_, n) => `ticket/false-${n}`),
    );
    expect(ids.filter((id) => id.startsWith('ticket/true'))).toHaveLength(200);
    expect(ids).not.toContain('ticket/true-200');
  });

  it('[VI5] counts what lies unclaimed in the own kit, and says where the next one is', () => {
    expect(of(planVisit(world()), 'parts')).toMatchObject([
      { readiness: 'here', code: 'partInKit', about: { partNumber: 'R48-50A', kit: 1 } },
    ]);
    const claimed = { ...rectifier('A1', 'van', 'li.wei'), takenFor: 't9' };
    const far = planVisit(
      world({ units: [claimed, rectifier('A2', 'depot', 'sz-main'), rectifier('A3', 'van', 'zhou.jun')] }),
    );
    expect(of(far, 'parts')).toMatchObject([
      { readiness: 'missing', code: 'partInDepot', about: { elsewhere: 2, places: 'sz-main, zhou.jun' } },
    ]);
    const faulty = { ...rectifier('A4', 'depot', 'sz-main'), condition: 'faulty' as const };
    expect(of(planVisit(world({ units: [faulty] })), 'parts')).toMatchObject([{ code: 'partNowhere' }]);
  });

  it('[VI6] brings what was written about the models that stand there', () => {
    const article = (id: string, models: string[]) => ({
      ...unknownArticle(id),
      title: id,
      models,
      version: 2,
    });
    const plan = planVisit(
      world({
        articles: [
          article('for-this', ['PS48600-3B']),
          article('for-others', ['C620']),
          article('for-all', []),
          { ...article('withdrawn', []), isWithdrawn: true },
        ],
      }),
    );
    expect(of(plan, 'knowledge').map(({ id }) => id)).toEqual(['for-this', 'for-all']);
    expect(of(planVisit(world()), 'knowledge')).toMatchObject([{ code: 'noArticle', readiness: 'here' }]);
  });

  it('[VI7] wants the last configuration of each device that answers on the network', () => {
    expect(of(planVisit(world()), 'baselines')).toMatchObject([{ readiness: 'missing', code: 'noBaseline' }]);
    const kept = (baselineId: string, sha256: string) => ({
      baselineId,
      label: baselineId,
      sha256,
      size: 10,
      name: 'running.cfg',
      at: '2026-11-01T00:00:00Z',
    });
    const assets = [{ ...system, baselines: [kept('old', MAP), kept('new', CONFIG)] }];
    expect(of(planVisit(world({ assets })), 'baselines')).toMatchObject([
      { id: 'new', readiness: 'toFetch', blob: { sha256: CONFIG } },
    ]);
  });

  it('[VI8] says when there is no map or drawing of the site', () => {
    expect(of(planVisit(world()), 'documents')).toMatchObject([{ readiness: 'missing', code: 'noDocument' }]);
  });

  it('[VI9] says for which device the vault holds nothing', () => {
    expect(of(planVisit(world()), 'credentials')).toMatchObject([{ readiness: 'here', code: 'credential' }]);
    const plan = planVisit(world({ credentialUsers: new Set(['root']) }));
    expect(of(plan, 'credentials')).toMatchObject([
      { readiness: 'missing', code: 'noCredential', about: { user: 'maint', host: '10.1.1.9' } },
    ]);
  });

  it('[VI1] [VI2] asks for nothing that is here, and for each attachment once', () => {
    const documents = ['d1', 'd2'].map((documentId) => ({
      documentId,
      kind: 'map' as const,
      title: documentId,
      sha256: MAP,
      size: 100,
      name: 'map.png',
    }));
    const site = { ...world().site, documents };
    expect(planVisit(world({ site })).toFetch).toMatchObject({ blobs: [{ sha256: MAP }], bytes: 100 });
    const after = planVisit(world({ site, blobsHere: new Set([MAP]) }));
    expect(after.toFetch).toEqual({ entities: [], blobs: [], bytes: 0 });
    expect(new Set(after.items.map(({ section }) => section)).size).toBe(8);
  });
});
