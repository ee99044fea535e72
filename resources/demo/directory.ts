import type { EventTypeName, DataOf } from '#shared/domain/registry.ts';
import { unitIdOf } from '#shared/domain/part/events.ts';

/** One fact of the demo: in which stream, and what it says. */
export type DemoFact = {
  [T in EventTypeName]: { readonly stream: string; readonly scope: string; readonly type: T; readonly data: DataOf<T> };
}[EventTypeName];

export const DEMO_REGION = 'sz';
const scope = `region/${DEMO_REGION}`;

const people = [
  { id: 'li.wei', name: '李伟', nameEn: 'Li Wei', roles: ['engineer', 'technician'], tier: 'L1' },
  { id: 'zhang.min', name: '张敏', nameEn: 'Zhang Min', roles: ['desk'], tier: 'L1' },
  { id: 'chen.hao', name: '陈浩', nameEn: 'Chen Hao', roles: ['specialist'], tier: 'L2' },
  { id: 'wang.fang', name: '王芳', nameEn: 'Wang Fang', roles: ['manager'], tier: 'L2' },
  { id: 'zhou.jun', name: '周军', nameEn: 'Zhou Jun', roles: ['engineer'], tier: 'L1' },
] as const;

const customers = [
  { id: 'dongling', name: '东岭电信', nameEn: 'Dongling Telecom', contact: '机房值班 刘工', phone: '0755-8600-1100' },
  { id: 'chengjiang', name: '澄江广电', nameEn: 'Chengjiang Broadcasting', contact: '赵主任', phone: '0755-8600-2200' },
  { id: 'beita', name: '北塔通信', nameEn: 'Beita Communications', contact: '孙经理', phone: '0755-8600-3300' },
] as const;

const sites = [
  { id: 'shiqiao', customerId: 'dongling', name: '石桥局站', nameEn: 'Shiqiao exchange', address: '石桥路 18 号 二层电力室' },
  { id: 'nanping', customerId: 'dongling', name: '南坪局站', nameEn: 'Nanping exchange', address: '南坪大道 203 号' },
  { id: 'liulin', customerId: 'chengjiang', name: '柳林机房', nameEn: 'Liulin equipment room', address: '柳林街 7 号 三层' },
  { id: 'yunting', customerId: 'beita', name: '云亭基站 114', nameEn: 'Yunting base station 114', address: '云亭山脚' },
] as const;

export const RECTIFIER = { partNumber: 'R48-50A', name: '整流模块 48V/50A' } as const;
export const MONITOR = { partNumber: 'SMU-02C', name: '监控单元 SMU-02C' } as const;
export const FAN = { partNumber: 'FAN-120', name: '风扇 120 mm' } as const;

const rectifierSerials = ['2102K40117', '2102K40118', '2102K40119', '2102K40120', '2102K40125', '2102K40131'];

const assets = [
  { id: 'dps-shiqiao-2', siteId: 'shiqiao', name: '开关电源 2#', nameEn: 'Switching power system 2#', kind: 'switchingPower', model: 'PS48600-3B', serial: 'PS3B-20-0417' },
  { id: 'bat-nanping-1', siteId: 'nanping', name: '蓄电池组 1#', nameEn: 'Battery string 1#', kind: 'battery', model: 'GFM-500', serial: 'GFM-19-2231' },
  { id: 'olt-liulin-7', siteId: 'liulin', name: 'OLT-07', nameEn: 'OLT-07', kind: 'olt', model: 'C620', serial: 'C620-22-0907' },
  { id: 'ac-liulin-b', siteId: 'liulin', name: '空调 B', nameEn: 'Air conditioner B', kind: 'airConditioner', model: 'PAC-30', serial: 'PAC-18-0091' },
  { id: 'fsu-yunting', siteId: 'yunting', name: '监控单元', nameEn: 'Monitoring unit', kind: 'monitor', model: 'SMU-02C', serial: 'SMU-21-1140' },
] as const;

/** People, customers, sites, assets and stock of the demo workspace. `device` is where the simulated power system answers. */
export function demoDirectory(device?: { host: string; port: number; username: string }): DemoFact[] {
  const facts: DemoFact[] = [];
  for (const { id, ...person } of people) {
    facts.push({ stream: `user/${id}`, scope, type: 'user.registered', data: { ...person, roles: [...person.roles], region: DEMO_REGION } });
  }
  for (const { id, contact, phone, ...customer } of customers) {
    facts.push({ stream: `customer/${id}`, scope, type: 'customer.registered', data: customer });
    facts.push({ stream: `customer/${id}`, scope, type: 'customer.contactAdded', data: { name: contact, phone } });
  }
  for (const { id, ...site } of sites) {
    facts.push({ stream: `site/${id}`, scope, type: 'site.registered', data: { ...site, zone: 'Asia/Shanghai', region: DEMO_REGION } });
  }
  for (const { id, ...asset } of assets) {
    const slots =
      asset.kind === 'switchingPower'
        ? rectifierSerials.map((serial, index) => ({
            slotId: `R${index + 1}`,
            label: `R${index + 1}`,
            partNumber: RECTIFIER.partNumber,
            unitId: unitIdOf({ partNumber: RECTIFIER.partNumber, serial }),
          }))
        : [];
    const address = id === 'dps-shiqiao-2' && device !== undefined ? { address: device } : {};
    facts.push({ stream: `asset/${id}`, scope, type: 'asset.registered', data: { ...asset, slots, ...address } });
  }
  return [...facts, ...demoContracts(), ...demoArticles(), ...demoStock()];
}

function demoContracts(): DemoFact[] {
  const calendar = { id: '24x7', version: 1 };
  return [
    {
      stream: 'contract/dongling-2026',
      scope,
      type: 'contract.registered',
      data: {
        number: 'HT-2026-014',
        customerId: 'dongling',
        siteIds: [],
        from: '2026-01-01',
        to: '2027-12-31',
        entitlement: '7×24 现场支持,P1 4 小时恢复;备件先行替换。 On-site support round the clock, P1 restored within 4 hours; advance replacement.',
        calendar,
      },
    },
    {
      stream: 'contract/chengjiang-2025',
      scope,
      type: 'contract.registered',
      data: { number: 'HT-2025-087', customerId: 'chengjiang', siteIds: ['liulin'], from: '2025-07-01', to: '2026-06-30', entitlement: '工作日支持。 Support on working days.', calendar },
    },
  ];
}

function demoArticles(): DemoFact[] {
  return [
    {
      stream: 'article/rectifier-comm',
      scope,
      type: 'article.published',
      data: {
        title: '整流模块通信中断的排查',
        titleEn: 'Rectifier communication lost: how to find the cause',
        body: '1. 查看监控单元告警时间与模块地址。2. 互换相邻模块,确认故障跟模块走还是跟槽位走。3. 跟模块走则更换模块;跟槽位走则检查背板 CAN 线与终端电阻。',
        bodyEn: '1. Note the time of the alarm and the address of the module. 2. Exchange it with its neighbour: does the fault follow the module or the slot? 3. Module: swap it. Slot: check the CAN line of the backplane and its termination.',
        models: ['PS48600-3B'],
        version: 1,
      },
    },
    {
      stream: 'article/safety-dc',
      scope,
      type: 'article.published',
      data: {
        title: '直流配电作业安全须知',
        titleEn: 'Working safely at DC distribution',
        body: '摘除金属饰品;使用绝缘工具;更换熔丝前确认支路负载已转移。',
        bodyEn: 'Take off metal jewellery; use insulated tools; move the load of the branch before a fuse is changed.',
        models: [],
        version: 2,
      },
    },
  ];
}

function demoStock(): DemoFact[] {
  const supplier = { kind: 'supplier', id: 'factory' } as const;
  const received = (part: { partNumber: string; name: string }, serial: string, to: { kind: 'van' | 'depot' | 'slot'; id: string }): DemoFact => {
    const unitId = unitIdOf({ partNumber: part.partNumber, serial });
    return {
      stream: `unit/${unitId}`,
      scope,
      type: 'part.received',
      data: { unitId, ...part, serial, condition: 'good', from: supplier, to },
    };
  };
  return [
    ...rectifierSerials.map((serial, index) => received(RECTIFIER, serial, { kind: 'slot', id: `dps-shiqiao-2#R${index + 1}` })),
    received(RECTIFIER, '2102K50201', { kind: 'van', id: 'li.wei' }),
    received(RECTIFIER, '2102K50202', { kind: 'van', id: 'li.wei' }),
    received(FAN, 'FAN-77101', { kind: 'van', id: 'li.wei' }),
    received(MONITOR, 'SMU-22-0031', { kind: 'depot', id: 'east' }),
    received(RECTIFIER, '2102K50310', { kind: 'depot', id: 'east' }),
    received(RECTIFIER, '2102K50311', { kind: 'depot', id: 'east' }),
  ];
}
