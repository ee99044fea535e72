import { openData } from '#server/open-data.ts';
import { startServer } from '#server/start.ts';
import { foldEntity, type FoldedRow } from '#shared/domain/projection.ts';
import type { DomainEvent } from '#shared/events/envelope.ts';
import { EventBuilder, opening } from './event-builder.ts';

const SYMPTOMS = [
  '整流模块全部通信中断,电池放电',
  'OLT 上联链路间歇中断',
  '蓄电池组单体电压离散',
  '监控单元时间漂移,告警时标错误',
  '空调高温告警复位后再现',
  'Rectifier 3 output below 52.0 V',
  'Mains failure, genset did not start',
  'Branch breaker tripped after lightning',
];
const GRADES = [
  ['high', 'high', 'P1'],
  ['high', 'medium', 'P2'],
  ['medium', 'medium', 'P3'],
  ['low', 'low', 'P4'],
] as const;
const PEOPLE = ['li.wei', 'zhou.jun', 'chen.hao', undefined] as const;
const DAY_MS = 24 * 60 * 60 * 1000;

/** `count` folded tickets of different age, grade and progress, with the customers, sites and assets they name. */
export function manyRows(count: number, now: number): FoldedRow[] {
  const rows: FoldedRow[] = [];
  const add = (key: string, events: DomainEvent[]): void => {
    const row = foldEntity(key, events);
    if (row !== undefined) rows.push(row);
  };
  const places = Math.max(1, Math.min(500, Math.ceil(count / 50)));
  const directory = new EventBuilder('device-sv01', 'region/sz', now - 400 * DAY_MS);
  for (let n = 0; n < places; n++) {
    add(`customer/c${n}`, [
      directory.make(`customer/c${n}`, 'customer.registered', {
        name: `东岭电信 ${n}`,
        nameEn: `Dongling Telecom ${n}`,
      }),
    ]);
    add(`site/s${n}`, [
      directory.make(`site/s${n}`, 'site.registered', {
        customerId: `c${n}`,
        name: `石桥局站 ${n}`,
        address: `石桥路 ${n} 号`,
        zone: 'Asia/Shanghai',
        region: 'sz',
      }),
    ]);
    add(`asset/a${n}`, [
      directory.make(`asset/a${n}`, 'asset.registered', {
        siteId: `s${n}`,
        name: `开关电源 ${n}#`,
        kind: 'switchingPower',
        model: 'PS48600',
        serial: `PS-${n}`,
        slots: [],
      }),
    ]);
  }
  for (let n = 0; n < count; n++) {
    const builder = new EventBuilder(`device-${n % 90}`, 'region/sz', now - ((n * 7919) % (365 * DAY_MS)));
    const stream = `ticket/t${n}`;
    const place = n % places;
    const [impact, urgency, grade] = GRADES[(n * 31) % 4]!;
    const assignee = PEOPLE[n % 4];
    const events = [
      builder.make(
        stream,
        'ticket.opened',
        opening({
          number: `SV01-${n}`,
          customerId: `c${place}`,
          siteId: `s${place}`,
          assetId: `a${place}`,
          symptom: `${SYMPTOMS[n % 8]} ${n}`,
        }),
      ),
      builder.make(stream, 'ticket.graded', { impact, urgency, grade }),
    ];
    if (assignee !== undefined) {
      events.push(
        builder.make(stream, 'ticket.assigned', { to: assignee, tier: 'L1' }),
        builder.make(stream, 'ticket.accepted', {}, assignee),
      );
    }
    // Nine of ten are done: a store of years has few open tickets.
    if (n % 10 !== 0) events.push(builder.make(stream, 'ticket.cancelled', { reason: '已处理' }));
    add(stream, events);
  }
  return rows;
}

/** Puts folded rows into the data folder of a server that is not running. */
export async function fillServer(data: string, rows: readonly FoldedRow[]): Promise<void> {
  // The first start makes accounts and tables and notes which version folded the rows.
  await (await startServer({ data, demo: true, logLevel: 'silent' })).close();
  const { database, close } = await openData({ data });
  const [tenant] = await database.query<{ tenant: string }>('SELECT tenant FROM tenants LIMIT 1');
  const BATCH = 500;
  for (let from = 0; from < rows.length; from += BATCH) {
    const batch = rows.slice(from, from + BATCH);
    const places = batch.map(
      (_, index) => `($1, $2, $${index * 4 + 3}, $${index * 4 + 4}, $${index * 4 + 5}, $${index * 4 + 6})`,
    );
    await database.query(
      `INSERT INTO rows (tenant, scope, key, hlc, id, state) VALUES ${places.join(', ')}`,
      [
        tenant!.tenant,
        'region/sz',
        ...batch.flatMap((row) => [row.key, row.hlc, row.id, JSON.stringify(row.state)]),
      ],
    );
  }
  await database.query(
    'INSERT INTO scopes (tenant, scope, head, hash) VALUES ($1, $2, $3, 0) ON CONFLICT (tenant, scope) DO UPDATE SET head = $3',
    [tenant!.tenant, 'region/sz', rows.length],
  );
  await close();
}
