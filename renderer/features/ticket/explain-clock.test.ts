import { beforeAll, describe, expect, it } from 'vitest';
import type { TFunction } from 'i18next';
import type { Explanation, ExplanationCode } from '#shared/domain/sla/explanation.ts';
import { promisesOf } from '#shared/domain/ticket/promises.ts';
import { aTicket } from '#test/support/ticket-builder.ts';
import { explainClock, explainLine } from './explain-clock.ts';
import { promiseView, toneOfRow } from './promise-view.ts';
import { textsOf } from './test-texts.ts';

const at = Date.parse('2026-03-02T02:00:00Z');
const HOUR = 3_600_000;
const samples: { [Code in ExplanationCode]: (Explanation & { code: Code })['params'] } = {
  notGraded: {},
  notPromised: { grade: 'P4' },
  waitsFor: { fact: 'restored' },
  measuredBy: { grade: 'P1', targetMs: 4 * HOUR, calendarId: '24x7' },
  regraded: { at, from: 'P2', to: 'P1' },
  breachKept: { brokenUnder: 'P1', grade: 'P3', due: at },
  paused: { reason: 'change-window', from: at, to: at + HOUR, countedMs: HOUR, evidence: '邮件 10:02' },
  pausedNow: { reason: 'third-party', from: at, countedMs: HOUR },
  closedTime: { from: at, to: at + HOUR, countedMs: HOUR },
  madeAnew: { at, reopenDays: 7 },
  outsideWorkingTime: { resumesAt: at },
  fulfilled: { at, lateMs: 0 },
  overdue: { due: at },
  withinUncertainty: { earliestDue: at, latestDue: at + 1000 },
  awaitsConfirmation: {},
  ended: { at, as: 'duplicate' },
  neverDue: { calendarId: 'cn-working' },
};

describe.each(['en', 'zh-CN'] as const)('clocks explain themselves in %s', (language) => {
  let t: TFunction;
  beforeAll(async () => {
    t = await textsOf(language);
  });
  it.each(Object.keys(samples) as ExplanationCode[])('[S1] %s is a whole sentence', (code) => {
    const line = { code, params: samples[code] } as Explanation;
    const sentence = explainLine(line, { t, language, zone: 'Asia/Shanghai', now: at });
    expect(sentence.length).toBeGreaterThan(4);
    expect(sentence).not.toMatch(/\{\{|ticket\.|undefined/);
  });
  it('[S1] says what a pause was for and what proves it', () => {
    const ticket = aTicket().graded('P1').assigned().accepted().pausedFor('customer', 90).state;
    const now = Date.parse('2026-03-02T03:30:00Z');
    const restore = promisesOf(ticket, now).find((clock) => clock.promise === 'restore');
    const sentences = explainClock(restore!, { t, language, zone: 'Asia/Shanghai', now });
    expect(sentences[0]).toBe(
      language === 'en' ? 'P1: 4 hrs, calendar: round the clock.' : 'P1:4小时,日历:7×24。',
    );
    expect(sentences[1]).toContain('邮件 10:02');
    expect(sentences[1]).toContain(language === 'en' ? '1 hr 30 mins' : '1小时 30分钟');
  });
});

describe('how a promise looks', () => {
  const opened = Date.parse('2026-03-02T01:01:00Z');
  const restoreOf = (now: number) =>
    promiseView(
      promisesOf(aTicket().graded('P1').assigned().accepted().state, now).find(
        (clock) => clock.promise === 'restore',
      )!,
      now,
    );

  it('is calm first, red in the last quarter, and late after it', () => {
    expect(restoreOf(opened + HOUR)).toMatchObject({ tone: 'calm', barPercent: 75, leftMs: 3 * HOUR });
    expect(restoreOf(opened + 3.5 * HOUR)).toMatchObject({ tone: 'soon', leftMs: 0.5 * HOUR });
    expect(restoreOf(opened + 5 * HOUR)).toMatchObject({ tone: 'late', leftMs: -HOUR });
  });
  it('[S4] is held with what is left while a pause holds it', () => {
    const ticket = aTicket()
      .graded('P1')
      .assigned()
      .accepted()
      .after(56)
      .add('ticket.paused', { reason: 'access', evidence: '钥匙' }).state;
    const now = opened + 2 * HOUR;
    const clock = promisesOf(ticket, now).find(({ promise }) => promise === 'restore')!;
    expect(promiseView(clock, now)).toMatchObject({ tone: 'held', leftMs: 3 * HOUR });
  });
  it('judges a row of the list by the same measure', () => {
    expect(toneOfRow({ due: 4 * HOUR, targetMs: 4 * HOUR }, HOUR)).toBe('calm');
    expect(toneOfRow({ due: 4 * HOUR, targetMs: 4 * HOUR }, 3.2 * HOUR)).toBe('soon');
    expect(toneOfRow({ due: 4 * HOUR, targetMs: 4 * HOUR }, 5 * HOUR)).toBe('late');
    expect(toneOfRow({ remainingMs: HOUR }, 0)).toBe('held');
  });
});
