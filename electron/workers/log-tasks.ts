import { parentPort, workerData } from 'node:worker_threads';
import { createCounting, type CountRequest } from '../services/logs/index-log.ts';
import type { LogTaskOrder } from '../services/logs/log-task.ts';
import { scanLines } from '../services/logs/scan-lines.ts';

/** Thread of the log engine: counts lines or searches, as its order says. */
const port = parentPort;
if (port === null) throw new Error('This file runs only as a worker thread.');
const order = workerData as LogTaskOrder;

if (order.task === 'count') {
  const count = createCounting(order);
  port.on('message', (request: CountRequest) => {
    const reply = count(request);
    port.postMessage(reply, [reply.counts.buffer as ArrayBuffer]);
  });
} else {
  scanLines(order, (reply) => port.postMessage(reply));
}
