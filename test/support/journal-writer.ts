/**
 * A process that appends to a journal until it is killed, and says what was
 * acknowledged, one line each: `event <id>` or `number <n>`. Several loops run
 * at once, so that a kill finds flushes that are shared.
 */
import { writeSync } from 'node:fs';
import { Journal } from '#electron/services/journal/journal.ts';
import { systemClock } from '#electron/services/journal/clock.ts';
import { uuidV7 } from '#shared/events/uuid.ts';

const [dir = ''] = process.argv.slice(2);
const clock = systemClock();
const journal = await Journal.open({
  dir,
  device: 'device-of-child',
  actor: 'li.wei',
  segmentBytes: 64 * 1024,
});

function draft(stream: string, half: number): Parameters<Journal['append']>[0][number] {
  const id = uuidV7(clock.nowMs(), crypto.getRandomValues(new Uint8Array(10)));
  return {
    id,
    stream,
    scope: 'region/sz',
    type: 'ticket.noted',
    v: 1,
    data: { half, text: '现场'.repeat(200) },
  };
}

async function appendForever(loop: number): Promise<void> {
  for (;;) {
    const stream = `ticket/${loop}`;
    const events = await journal.append([draft(stream, 1), draft(stream, 2)]);
    for (const event of events) writeSync(1, `event ${event.id}\n`);
    writeSync(1, `number ${await journal.takeNumber('ticket')}\n`);
  }
}

writeSync(1, `ready\n`);
await Promise.all([1, 2, 3, 4].map(appendForever));
