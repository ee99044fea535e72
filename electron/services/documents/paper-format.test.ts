import { expect, test } from 'vitest';
import { paperFormat, writeSize } from './paper-format.ts';

const shanghai = (at: string) => ({ at, zone: 'Asia/Shanghai' });

test('[D3] writes every instant in the zone of the site', () => {
  const format = paperFormat('Asia/Shanghai', shanghai('2026-03-17T04:10:00Z'), 'zh-CN');
  expect(format).toMatchObject({ zone: 'Asia/Shanghai', isZoneKnown: true, offset: 'UTC+08:00' });
  expect(format.moment(shanghai('2026-03-17T16:05:59Z'))).toBe('2026-03-18 00:05');
});

test('[D3] follows the habit of the language', () => {
  const en = paperFormat('Asia/Shanghai', shanghai('2026-03-17T04:10:00Z'), 'en');
  expect(en.moment(shanghai('2026-09-07T00:05:00Z'))).toBe('7 Sep 2026, 08:05');
  const both = paperFormat('Asia/Shanghai', shanghai('2026-03-17T04:10:00Z'), 'both');
  expect(both.moment(shanghai('2026-09-07T00:05:00Z'))).toBe('2026-09-07 08:05');
});

test('[D3] adds the time of a device in another zone', () => {
  const format = paperFormat('Asia/Shanghai', shanghai('2026-03-17T04:10:00Z'), 'zh-CN');
  expect(format.moment({ at: '2026-03-17T04:10:00Z', zone: 'Asia/Tokyo' })).toBe(
    '2026-03-17 12:10 (13:10 UTC+09:00)',
  );
  expect(format.moment({ at: '2026-03-17T15:30:00Z', zone: 'Asia/Tokyo' })).toBe(
    '2026-03-17 23:30 (2026-03-18 00:30 UTC+09:00)',
  );
});

test('[D3] adds the offset where summer time changed it since', () => {
  const zone = 'Europe/Berlin';
  const format = paperFormat(zone, { at: '2026-03-30T08:00:00Z', zone }, 'zh-CN');
  expect(format.moment({ at: '2026-03-28T08:00:00Z', zone })).toBe('2026-03-28 09:00 UTC+01:00');
  expect(format.moment({ at: '2026-03-30T08:00:00Z', zone })).toBe('2026-03-30 10:00');
});

test('[D3] falls back to UTC for a zone nobody knows', () => {
  const format = paperFormat('Mars/Base', { at: '2026-03-17T04:10:00Z', zone: 'Mars/Base' }, 'zh-CN');
  expect(format).toMatchObject({ zone: 'UTC', isZoneKnown: false, offset: 'UTC+00:00' });
  expect(format.moment({ at: '2026-03-17T04:10:00Z', zone: '' })).toBe('2026-03-17 04:10');
});

test('writes sizes to one decimal', () => {
  expect([0, 999, 1000, 418_233, 2_100_000_000].map(writeSize)).toEqual([
    '0 B',
    '999 B',
    '1.0 kB',
    '418.2 kB',
    '2.1 GB',
  ]);
});
