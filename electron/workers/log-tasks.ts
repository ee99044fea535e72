import { parentPort, workerData } from 'node:worker_threads';
import type { CountRequest } from '../services/logs/count-lines.ts';
import type { LogTaskOrder } from '../services/logs/log-task.ts';

/** Thread of the log engine: counts lines or searches, as its order says. It loads only what that takes. */
const port = parentPort;
if (port === null) throw new Error('This file runs only as a worker thread.');
const order = workerData as LogTaskOrder;

if (order.task === 'count') {
  const { createCounting } = await import('../services/logs/count-lines.ts');
  const count = createCounting(order);
  port.on('message', (request: CountRequest) => {
    const reply = count(request);
    port.postMessage(reply, [reply.counts.buffer as ArrayBuffer]);
  });
} else {
  const { scanLines } = await import('../services/logs/scan-lines.ts');
  scanLines(order, (reply) => port.postMessage(reply));
}
