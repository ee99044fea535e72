import { randomBytes } from 'node:crypto';
import type { DomainEvent } from '#shared/events/envelope.ts';
import { hashEvent } from '#shared/events/hash-chain.ts';
import { formatHlc } from '#shared/events/hlc.ts';
import { uuidV7 } from '#shared/events/uuid.ts';

export interface PushLoad {
  readonly url: string;
  /** User and token of each device; every device writes by itself, one push after the other. */
  readonly devices: ReadonlyArray<{ user: string; device: string; token: string }>;
  readonly scopes: readonly string[];
  readonly epoch: string;
  readonly eventsPerPush: number;
  readonly pushesPerDevice: number;
}

/** Tickets that a device works on in one scope. */
const TICKETS = 5;

/**
 * Bodies of all pushes of one device, made before the clock runs: work notes on
 * five tickets, about 700 bytes an event, chained as the journal chains them.
 */
export function pushBodies(load: PushLoad, index: number, round: number): string[] {
  const { user, device } = load.devices[index]!;
  const chain = new Map<string, string>();
  // A day for each round, so that stamps only grow.
  let ms = Date.parse('2026-03-02T00:00:00Z') + round * 86_400_000;
  return Array.from({ length: load.pushesPerDevice }, (_, push) => {
    const place = (index + push) % load.scopes.length;
    const events = Array.from({ length: load.eventsPerPush }, (__, n) => {
      const stream = `ticket/${device}-${round}-${place}-${n % TICKETS}`;
      ms += 100;
      const event: DomainEvent = {
        id: uuidV7(ms, randomBytes(10)),
        stream,
        scope: load.scopes[place]!,
        type: 'ticket.noted',
        v: 1,
        data: {
          text: `第 ${push} 次巡检,第 ${n} 条记录:母线电压 53.4 V,负载 62 A,R${n % 6} 模块电流 10.1 A,温度 31 度,无新告警。`,
        },
        hlc: formatHlc({ ms, counter: 0 }, device),
        at: new Date(ms).toISOString(),
        tz: 'Asia/Shanghai',
        clock: { monotonicMs: ms % 1_000_000_000, bootId: `boot-${device}` },
        actor: user,
        device,
        prev: chain.get(stream) ?? '',
      };
      chain.set(stream, hashEvent(event));
      return event;
    });
    return JSON.stringify({ epoch: load.epoch, device, events });
  });
}

/**
 * Pushes everything from all devices side by side.
 * @returns events that got a verdict in a second.
 * @throws when any event is not simply accepted: a fast refusal is no throughput.
 */
export async function pushAll(load: PushLoad, bodies: readonly (readonly string[])[]): Promise<number> {
  const started = performance.now();
  const counts = await Promise.all(
    load.devices.map(async ({ token }, index) => {
      let accepted = 0;
      for (const body of bodies[index] ?? []) {
        const response = await fetch(`${load.url}/v1/push`, {
          method: 'POST',
          headers: {
            authorization: `Bearer ${token}`,
            'content-type': 'application/json',
            'faultline-protocol': '2',
          },
          body,
        });
        const answer = (await response.json()) as { verdicts?: Array<{ verdict: string; code?: string }> };
        const bad = answer.verdicts?.find(({ verdict }) => verdict !== 'accepted');
        if (answer.verdicts === undefined || bad !== undefined)
          throw new Error(`A push was not accepted: ${response.status} ${JSON.stringify(bad ?? answer)}`);
        accepted += answer.verdicts.length;
      }
      return accepted;
    }),
  );
  const seconds = (performance.now() - started) / 1000;
  return counts.reduce((sum, count) => sum + count, 0) / seconds;
}
