import type { DataOf } from '#shared/domain/registry.ts';
import type { Grade, Level } from '#shared/domain/ticket/words.ts';
import { DEMO_REGION, type DemoFact } from './directory.ts';

/** A fact of the demo with who made it, and how long before the start of the demo. */
export interface DemoMoment {
  readonly minutesAgo: number;
  readonly actor: string;
  readonly fact: DemoFact;
}

interface DemoTicket {
  readonly n: number;
  readonly minutesAgo: number;
  readonly place: { customerId: string; siteId: string; assetId?: string };
  readonly contact: readonly [name: string, phone: string];
  readonly channel: DataOf<'ticket.opened'>['channel'];
  readonly symptom: readonly [zh: string, en: string];
  readonly environment: readonly [zh: string, en: string];
  readonly grade?: readonly [impact: Level, urgency: Level, grade: Grade];
  readonly assignee?: string;
  /** Further facts: minutes after the opening, who, type and data. */
  readonly later?: (say: (zh: string, en: string) => string, at: (minutes: number) => string) => ReadonlyArray<Step>;
}
type TicketFact = Extract<DemoFact, { type: `ticket.${string}` }>;
type Step = readonly [minutesAfter: number, actor: string, fact: { [T in TicketFact as T['type']]: Pick<T, 'type' | 'data'> }[TicketFact['type']]];

const tickets: readonly DemoTicket[] = [
  {
    n: 1,
    minutesAgo: 199,
    place: { customerId: 'dongling', siteId: 'shiqiao', assetId: 'dps-shiqiao-2' },
    contact: ['机房值班 刘工', '0755-8600-1100'],
    channel: 'alarm',
    symptom: ['整流模块全部通信中断,电池放电', 'All rectifiers lost communication, battery discharging'],
    environment: ['监控单元 3.12,整流 R3.1;今晨市电停电 12 分钟', 'Monitoring unit 3.12, rectifiers R3.1; mains failed for 12 minutes this morning'],
    grade: ['high', 'high', 'P1'],
    assignee: 'li.wei',
    later: (say, at) => [
      [8, 'li.wei', { type: 'ticket.accepted', data: {} }],
      [10, 'li.wei', { type: 'ticket.noted', data: { text: say('电池电压 50.1 V,估计还能支撑 3 小时。', 'Battery at 50.1 V, should hold for about 3 hours.') } }],
      [27, 'li.wei', { type: 'ticket.consented', data: { name: say('机房主管 马工', 'Room supervisor Ma'), systems: '10.8.2.0/24', until: at(600), emergency: false } }],
      [30, 'li.wei', { type: 'ticket.diagnosisStarted', data: {} }],
      [54, 'li.wei', { type: 'ticket.recoveryStarted', data: { plan: say('复位监控总线 CAN0,切至备用监控单元', 'Reset monitoring bus CAN0 and switch to the standby monitoring unit') } }],
    ],
  },
  {
    n: 2,
    minutesAgo: 50,
    place: { customerId: 'chengjiang', siteId: 'liulin', assetId: 'olt-liulin-7' },
    contact: ['赵主任', '0755-8600-2200'],
    channel: 'hotline',
    symptom: ['OLT 上联链路间歇中断', 'OLT uplink drops intermittently'],
    environment: ['主用上联 GE 0/19,光功率 -24 dBm', 'Primary uplink GE 0/19, optical power -24 dBm'],
    grade: ['high', 'medium', 'P2'],
    assignee: 'li.wei',
    later: () => [[12, 'li.wei', { type: 'ticket.accepted', data: {} }]],
  },
  {
    n: 3,
    minutesAgo: 320,
    place: { customerId: 'dongling', siteId: 'nanping', assetId: 'bat-nanping-1' },
    contact: ['机房值班 刘工', '0755-8600-1100'],
    channel: 'onSite',
    symptom: ['蓄电池组 1# 单体电压离散', 'Battery string 1#: cell voltages spread'],
    environment: ['第 7、14 节低于 2.10 V', 'Cells 7 and 14 below 2.10 V'],
    grade: ['medium', 'high', 'P2'],
    assignee: 'li.wei',
    later: (say) => [
      [15, 'li.wei', { type: 'ticket.accepted', data: {} }],
      [40, 'li.wei', { type: 'ticket.diagnosisStarted', data: {} }],
      [95, 'li.wei', { type: 'ticket.paused', data: { reason: 'part', evidence: say('城东库答复:2 V 单体明日到货', 'East depot: 2 V cells arrive tomorrow') } }],
    ],
  },
  {
    n: 4,
    minutesAgo: 1500,
    place: { customerId: 'beita', siteId: 'yunting', assetId: 'fsu-yunting' },
    contact: ['孙经理', '0755-8600-3300'],
    channel: 'email',
    symptom: ['监控单元时间漂移,告警时标错误', 'Monitoring unit clock drifts, alarm times are wrong'],
    environment: ['未配置 NTP', 'No NTP configured'],
    grade: ['medium', 'medium', 'P3'],
    assignee: 'li.wei',
    later: () => [[60, 'li.wei', { type: 'ticket.accepted', data: {} }]],
  },
  {
    n: 5,
    minutesAgo: 260,
    place: { customerId: 'chengjiang', siteId: 'liulin', assetId: 'ac-liulin-b' },
    contact: ['赵主任', '0755-8600-2200'],
    channel: 'hotline',
    symptom: ['空调高温告警复位后再现', 'High-temperature alarm returns after reset'],
    environment: ['室温 29.5 ℃', 'Room at 29.5 °C'],
    grade: ['medium', 'low', 'P3'],
    assignee: 'zhou.jun',
  },
  {
    n: 6,
    minutesAgo: 35,
    place: { customerId: 'beita', siteId: 'yunting' },
    contact: ['孙经理', '0755-8600-3300'],
    channel: 'hotline',
    symptom: ['咨询:LVD 二次下电参数如何设置', 'Question: how to set the second LVD disconnect'],
    environment: ['', ''],
    grade: ['low', 'medium', 'P4'],
  },
  {
    n: 7,
    minutesAgo: 22,
    place: { customerId: 'dongling', siteId: 'shiqiao', assetId: 'dps-shiqiao-2' },
    contact: ['机房值班 刘工', '0755-8600-1100'],
    channel: 'onSite',
    symptom: ['巡检遗留:门禁干接点未接', 'Left from inspection: door contact not wired'],
    environment: ['', ''],
  },
];

/** The tickets of the demo, in the order their facts happened. `numberOf` makes the n-th number born on the demo device. */
export function demoTickets(language: 'zh-CN' | 'en', start: number, numberOf: (n: number) => string, idOf: (n: number) => string): DemoMoment[] {
  const say = (zh: string, en: string): string => (language === 'en' ? en : zh);
  const scope = `region/${DEMO_REGION}`;
  const moments = tickets.flatMap((ticket): DemoMoment[] => {
    const stream = `ticket/${idOf(ticket.n)}`;
    const moment = (after: number, actor: string, fact: { type: string; data: unknown }): DemoMoment => ({
      minutesAgo: ticket.minutesAgo - after,
      actor,
      fact: { stream, scope, ...fact } as DemoFact,
    });
    const at = (after: number): string => new Date(start - (ticket.minutesAgo - after) * 60_000).toISOString();
    const [contactName, contactPhone] = ticket.contact;
    const opening: DataOf<'ticket.opened'> = {
      number: numberOf(ticket.n),
      ...ticket.place,
      contactName,
      contactPhone,
      channel: ticket.channel,
      symptom: say(...ticket.symptom),
      environment: say(...ticket.environment),
      occurredAt: at(-6),
    };
    const result = [moment(0, 'zhang.min', { type: 'ticket.opened', data: opening })];
    if (ticket.grade !== undefined) {
      const [impact, urgency, grade] = ticket.grade;
      result.push(moment(1, 'zhang.min', { type: 'ticket.graded', data: { impact, urgency, grade } }));
    }
    if (ticket.assignee !== undefined) {
      result.push(moment(2, 'zhang.min', { type: 'ticket.assigned', data: { to: ticket.assignee, tier: 'L1' } }));
    }
    return [...result, ...(ticket.later?.(say, at) ?? []).map(([after, actor, fact]) => moment(after, actor, fact))];
  });
  return moments.toSorted((a, b) => b.minutesAgo - a.minutesAgo);
}
