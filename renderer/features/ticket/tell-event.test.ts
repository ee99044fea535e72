import { beforeAll, describe, expect, it } from 'vitest';
import type { TFunction } from 'i18next';
import { eventTypes, type DataOf, type EventTypeName } from '#shared/domain/registry.ts';
import { EventBuilder, opening } from '#test/support/event-builder.ts';
import { lateArrivals } from './late-arrivals.ts';
import { kindOf, tellEvent, type EventTeller } from './tell-event.ts';
import { textsOf } from './test-texts.ts';

const hash = 'a'.repeat(64);
const unit = { unitId: 'RM~1', partNumber: 'RM48', serial: '2102K40117', name: '整流模块' };
const samples: { [T in EventTypeName]: DataOf<T> } = {
  'ticket.opened': opening(),
  'ticket.graded': { impact: 'high', urgency: 'high', grade: 'P2', overrideReason: '夜间' },
  'ticket.assigned': { to: 'li.wei', tier: 'L2', note: '已查电源' },
  'ticket.declined': { reason: '不在岗' },
  'ticket.accepted': {},
  'ticket.diagnosisStarted': {},
  'ticket.recoveryStarted': { plan: '切至备用' },
  'ticket.restored': { what: '复位', restoredAt: '2026-03-02T02:00:00Z' },
  'ticket.fixStarted': { plan: '换模块' },
  'ticket.verificationStarted': {},
  'ticket.confirmed': { method: 'signature', name: '刘工', signature: hash },
  'ticket.calledBack': { reached: true, satisfaction: 5 },
  'ticket.closed': {},
  'ticket.reviewed': { report: '报告', knowledge: '无新内容' },
  'ticket.reopened': { reason: '再现' },
  'ticket.cancelled': { reason: '误报' },
  'ticket.paused': { reason: 'change-window', evidence: '邮件', approvedBy: 'wang.fang' },
  'ticket.resumed': {},
  'ticket.shared': { with: 'user/zhao' },
  'ticket.unshared': { with: 'region/bj' },
  'ticket.noted': { text: '现场无人' },
  'ticket.edited': { field: 'causeCode', value: 'hardware', basedOn: '' },
  'ticket.consented': {
    name: '马主管',
    systems: '10.8.2.0/24',
    until: '2026-03-02T10:00:00Z',
    emergency: false,
  },
  'ticket.evidenceAttached': {
    kind: 'recording',
    name: 'a.cast',
    sha256: hash,
    size: 10,
    mediaType: 'application/x-asciicast',
    source: { durationMs: 90_000 },
  },
  'part.received': {
    ...unit,
    condition: 'good',
    from: { kind: 'supplier', id: 's' },
    to: { kind: 'van', id: 'v' },
  },
  'part.moved': {
    unitId: 'RM~1',
    from: { kind: 'van', id: 'v' },
    to: { kind: 'depot', id: 'd' },
    condition: 'good',
    reason: '退库',
  },
  'part.taken': { unitId: 'RM~1', ticketId: 't1' },
  'part.returned': { unitId: 'RM~1', ticketId: 't1', to: { kind: 'van', id: 'v' } },
  'part.swapped': {
    ticketId: 't1',
    assetId: 'dps-2',
    slotId: 'R2',
    kit: { kind: 'van', id: 'v' },
    good: unit,
    faulty: { ...unit, unitId: 'RM~2', serial: '2102K40118' },
    rmaId: 'r1',
    fault: '通信中断',
  },
  'site.documentAdded': {
    documentId: 'd',
    kind: 'map',
    title: '路线图',
    sha256: hash,
    size: 1,
    name: 'a.png',
  },
  'site.documentRemoved': { documentId: 'd', reason: '过期' },
  'asset.baselineTaken': { baselineId: 'b', label: '开局配置', sha256: hash, size: 1, name: 'run.cfg' },
  'contract.registered': {
    number: 'HT-1',
    customerId: 'c',
    siteIds: [],
    from: '2026-01-01',
    to: '2026-12-31',
    entitlement: '',
    calendar: { id: '24x7', version: 1 },
  },
  'article.published': { title: '排查', body: '…', models: [], version: 1 },
  'article.withdrawn': { reason: '有误' },
  'customer.registered': { name: '东岭电信' },
  'customer.contactAdded': { name: '刘工', phone: '1' },
  'site.registered': { customerId: 'c', name: '石桥', address: '', zone: 'Asia/Shanghai', region: 'sz' },
  'asset.registered': { siteId: 's', name: '开关电源', kind: 'dps', model: '', serial: '', slots: [] },
  'user.registered': { name: '李伟', roles: ['engineer'], tier: 'L1', region: 'sz' },
};

describe.each(['en', 'zh-CN'] as const)('the timeline in %s', (language) => {
  let teller: EventTeller;
  beforeAll(async () => {
    const t: TFunction = await textsOf(language);
    teller = {
      t,
      language,
      zone: 'Asia/Shanghai',
      now: Date.parse('2026-03-02T09:00:00Z'),
      nameOf: (key) => `<${key}>`,
    };
  });
  it.each(Object.keys(eventTypes) as EventTypeName[])('[T10] has a sentence for %s', (type) => {
    const told = tellEvent(new EventBuilder().make('ticket/t1', type, samples[type] as never), teller);
    expect(told.sentence.length).toBeGreaterThan(1);
    expect(JSON.stringify(told)).not.toMatch(/\{\{|"ticket\.|undefined/);
  });
  it('[T10] keeps what a newer version wrote in its place, and says so', () => {
    const event = {
      ...new EventBuilder().make('ticket/t1', 'ticket.noted', { text: 'x' }),
      type: 'ticket.teleported',
    };
    expect(tellEvent(event, teller)).toMatchObject({
      sentence: expect.stringMatching(/newer|更新/),
      aside: 'ticket.teleported',
    });
  });
  it('[T10] offers a signature to look at', () => {
    const told = tellEvent(
      new EventBuilder().make('ticket/t1', 'ticket.confirmed', samples['ticket.confirmed']),
      teller,
    );
    expect(told.attachment).toMatchObject({ kind: 'signature', sha256: hash, mediaType: 'image/png' });
  });
});

describe('what the timeline knows of events', () => {
  it('[T10] sorts each type into one kind of the filter', () => {
    expect([
      kindOf('ticket.noted'),
      kindOf('part.swapped'),
      kindOf('ticket.paused'),
      kindOf('ticket.restored'),
    ]).toEqual(['note', 'part', 'waiting', 'step']);
  });
  it('[T10] hooks what arrived after something that happened later', () => {
    const builder = new EventBuilder();
    const [first, second, third] = [1, 2, 3].map((n) =>
      builder.make('ticket/t1', 'ticket.noted', { text: String(n) }),
    );
    const seen = (event: typeof first, arrivedAt: number) => ({
      event: event!,
      standing: 'confirmed' as const,
      arrivedAt,
    });
    expect([...lateArrivals([seen(first, 0), seen(second, 900_000), seen(third, 60_000)])]).toEqual([
      second!.id,
    ]);
    expect([...lateArrivals([seen(first, 5), seen(second, 3), seen(third, 4)])]).toEqual([]);
  });
});
