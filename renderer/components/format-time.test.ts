import { describe, expect, it } from 'vitest';
import { formatFull, formatInstant, formatLength, formatRemaining, formatWait } from './format-time.ts';
import { fromZonedInput, toZonedInput } from '../features/ticket/zoned-input.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const ZONE = 'Asia/Shanghai';
const NOW = Date.parse('2026-03-02T01:00:00Z');

describe('what is left of a promise', () => {
  it('shows hours and minutes, so that columns line up', () => {
    expect(formatRemaining(41 * MINUTE, 'en')).toBe('00:41');
    expect(formatRemaining(3 * HOUR + 10 * MINUTE, 'zh-CN')).toBe('03:10');
  });
  it('shows seconds in the last ten minutes, and just after', () => {
    expect(formatRemaining(4 * MINUTE + 32_000, 'en')).toBe('00:04:32');
    expect(formatRemaining(-(1 * MINUTE + 5000), 'en')).toBe('−00:01:05');
  });
  it('speaks of days when they are far off', () => {
    expect(formatRemaining(50 * HOUR, 'en')).toBe('2 days');
    expect(formatRemaining(50 * HOUR, 'zh-CN')).toBe('2天');
  });
});

describe('lengths and instants', () => {
  it('writes a length as hours and minutes', () => {
    expect(formatLength(90 * MINUTE, 'en')).toBe('1 hr 30 mins');
    expect(formatLength(4 * HOUR, 'zh-CN')).toBe('4小时');
    expect(formatLength(10_000, 'en')).toBe('0 mins');
    expect(formatLength(71 * HOUR, 'en')).toBe('71 hrs');
    expect(formatLength(9 * 24 * HOUR, 'en')).toBe('9 days');
    // A clock of 1970.
    expect(formatLength(56.9 * 365.25 * 24 * HOUR, 'en')).toBe('57 years');
    expect(formatLength(56.9 * 365.25 * 24 * HOUR, 'zh-CN')).toBe('57年');
  });
  it('counts the seconds of what is over within a minute', () => {
    expect(formatWait(12_400, 'en')).toBe('13 secs');
    expect(formatWait(0, 'zh-CN')).toBe('1秒');
    expect(formatWait(90_000, 'en')).toBe('2 mins');
  });
  it('[S8] is short within the present day of the site, and names the day beyond it', () => {
    expect(formatInstant(Date.parse('2026-03-02T00:12:00Z'), ZONE, 'en', NOW)).toBe('08:12');
    // Still the first of March in Shanghai.
    expect(formatInstant(Date.parse('2026-03-01T15:59:00Z'), ZONE, 'en', NOW)).toBe('1 Mar, 23:59');
    expect(formatInstant(Date.parse('2025-12-31T00:00:00Z'), ZONE, 'zh-CN', NOW)).toBe(
      '2025年12月31日 08:00',
    );
  });
  it("[S8] puts the reader's own zone beside the site's where they differ", () => {
    const at = Date.parse('2026-03-02T00:12:00Z');
    expect(formatFull(at, ZONE, ZONE, 'en')).not.toContain(' · ');
    expect(formatFull(at, ZONE, 'Europe/Berlin', 'en')).toMatch(/08:12:00.* · .*01:12:00/);
  });
  it("[S8] reads a typed time on the site's clock, not on this computer's", () => {
    expect(toZonedInput('2026-03-02T00:12:34Z', ZONE)).toBe('2026-03-02T08:12');
    expect(fromZonedInput('2026-03-02T08:12', ZONE)).toBe('2026-03-02T00:12:00.000Z');
    expect(fromZonedInput('2026-03-', ZONE)).toBeUndefined();
  });
});
