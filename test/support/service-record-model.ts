import type { Moment, ServiceRecordModel, Stroke } from '#shared/domain/report/service-record.ts';

export const SITE_ZONE = 'Asia/Shanghai';

/** An instant on the morning of the fault, by the site's wall clock. */
export const at = (time: string, day = '2026-03-17', zone = SITE_ZONE): Moment => ({
  at: `${day}T${time}:00+08:00`,
  zone,
});

/** Loops of ink that look like a hurried name. */
export const someStrokes = (): Stroke[] =>
  [0, 1, 2].map((stroke) =>
    Array.from({ length: 60 }, (_, step): [number, number, number] => {
      const t = step / 59;
      return [
        60 * stroke + 70 * t + 14 * Math.sin(9 * t + stroke),
        40 + 26 * Math.sin(7 * t + 2 * stroke) * (1 - t / 2),
        stroke * 400 + step * 8,
      ];
    }),
  );

/** A P1 at a telecom-power site from call to signature, with everything filled in. */
export function aServiceRecord(changes: Partial<ServiceRecordModel> = {}): ServiceRecordModel {
  return {
    language: 'zh-CN',
    letterhead: { organisation: '恒达通信电源技术服务有限公司' },
    ticket: {
      number: 'SZ03-00172K',
      alias: 'T-2026-004512',
      grade: 'P1',
      title: '整流模块全部通信中断，电池放电',
      symptom:
        '08:04 监控系统告警：市电停电后恢复，6 个整流模块通信全部中断，蓄电池组开始放电，母排电压由 53.5 V 降至 50.8 V。值班人员现场确认：监控单元面板无响应，整流模块指示灯为黄色常亮。',
      environment: '48 V 开关电源系统，监控单元软件 3.12，整流模块 R3.1；负载 182 A，室温 27 ℃，当日无割接。',
      channel: 'alarm',
    },
    customer: '东岭电信',
    site: { name: '石桥局站', room: '二层电力室 · A3 机柜', zone: SITE_ZONE },
    asset: { name: '开关电源系统 2#', model: 'PS48600-3B/2900', serial: '2102310HFA10N2000417' },
    contact: { name: '周敏', phone: '+86 755 5550 0142', email: 'zhou.min@dongling.example' },
    engineer: '李文涛',
    times: {
      opened: at('08:04'),
      responded: at('08:12'),
      restored: at('09:27'),
      resolved: at('11:40'),
      verified: at('12:05'),
    },
    promises: [
      { kind: 'respond', result: 'met', due: at('08:19'), actual: at('08:12') },
      {
        kind: 'restore',
        result: 'breached',
        due: at('09:19'),
        actual: at('09:27'),
        note: '等待进场 20 分钟，按约定不停表',
      },
      { kind: 'resolve', result: 'met', due: at('08:04', '2026-03-18'), actual: at('11:40') },
      { kind: 'report', result: 'running', due: at('18:00', '2026-03-24') },
      {
        kind: 'callBack',
        result: 'disputed',
        due: at('12:00', '2026-03-18'),
        actual: at('12:01', '2026-03-18'),
      },
    ],
    recovery: {
      plan: '1. 复位监控总线 CAN0；2. 失联 120 s 自动回退；3. 必要时切至备用监控单元，由备用单元下发均充参数。',
      result: '09:27 六个整流模块重新登记，母排电压恢复到 53.5 V，电池停止放电。',
    },
    fix: {
      plan: '更换监控单元主板，升级软件到 3.14；更换风扇异响的 3 号整流模块。',
      result: '新主板运行 30 分钟无告警；停电演练一次，模块通信保持。',
    },
    causeCode: 'HW-SMU-02 监控单元硬件',
    rootCause: '监控单元主板 CAN 收发器在市电恢复的浪涌下失效，总线被拉低，全部整流模块失去通信并进入保护。',
    treatment: '复位总线并切换至备用监控单元恢复业务；更换主板与 3 号整流模块；核对防雷器状态正常。',
    parts: [
      {
        action: 'swap',
        partNumber: '03030-SMU11B',
        name: '监控单元主板 SMU11B',
        serialOut: '2102K40093',
        serialIn: '2102K51207',
        slot: 'SMU',
        rmaLine: 'RMA-2026-0311/1',
      },
      {
        action: 'swap',
        partNumber: '02270-R4850G',
        name: '整流模块 48V/50A',
        serialOut: '2102K40117',
        serialIn: '2102K50988',
        slot: 'R3',
        rmaLine: 'RMA-2026-0311/2',
      },
    ],
    evidence: [
      { kind: 'recording', name: '石桥 开关电源 2# 终端录像 18:02', sha256: 'a3'.repeat(32), size: 418_233 },
      { kind: 'excerpt', name: 'alarm.log 第 18204–18213 行', sha256: '5c'.repeat(32), size: 1_204 },
    ],
    photos: [],
    consent: {
      by: '周敏（机房主管）',
      systems: '10.8.2.0/24 电源监控网段',
      given: at('08:31'),
      until: at('18:00'),
    },
    signature: {
      kind: 'strokes',
      who: '周敏',
      role: '机房主管',
      at: at('12:06'),
      method: 'finger',
      strokes: someStrokes(),
    },
    notes: '建议三个月内检查同批次监控单元主板。',
    generatedAt: at('12:10'),
    lastEventHash: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
    ...changes,
  };
}
