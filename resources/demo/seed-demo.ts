import type { Journal } from '#electron/services/journal/journal.ts';
import { eventTypes } from '#shared/domain/registry.ts';
import { formatTicketNumber } from '#shared/domain/ticket/number.ts';
import { demoDirectory, type DemoFact } from './directory.ts';
import { demoTickets } from './tickets.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
/** The deliberate sameness of these ids makes seeding twice the same as once. */
const seedId = (group: number, n: number): string => `00000000-0000-7000-8000-${String(group).padStart(4, '0')}${String(n).padStart(8, '0')}`;

export interface DemoOptions {
  readonly language: 'zh-CN' | 'en';
  readonly deviceCode: string;
  readonly nowMs: number;
  /** Where the simulated power system answers, when one is running. */
  readonly device?: { host: string; port: number; username: string };
}

/** Fills an empty journal with customers, stock and seven tickets in the middle of their day. */
export async function seedDemo(journal: Pick<Journal, 'append' | 'takeNumber'>, options: DemoOptions): Promise<void> {
  const { language, deviceCode, nowMs, device } = options;
  const draft = (fact: DemoFact, id: string) => ({ id, ...fact, v: eventTypes[fact.type].v, data: fact.data as Record<string, unknown> });
  await journal.append(
    demoDirectory(device).map((fact, n) => draft(fact, seedId(1, n))),
    { actor: 'wang.fang', nowMs: nowMs - 2 * DAY_MS },
  );
  const moments = demoTickets(
    language,
    nowMs,
    (n) => formatTicketNumber(deviceCode, n),
    (n) => seedId(2, n),
  );
  const tickets = new Set(moments.map(({ fact }) => fact.stream)).size;
  for (let n = 0; n < tickets; n++) await journal.takeNumber('ticket');
  for (const [n, moment] of moments.entries()) {
    await journal.append([draft(moment.fact, seedId(3, n))], { actor: moment.actor, nowMs: nowMs - moment.minutesAgo * 60_000 });
  }
}
