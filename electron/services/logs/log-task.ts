import { Worker } from 'node:worker_threads';
import type { CountOrder } from './count-lines.ts';
import type { ScanOrder } from './scan-lines.ts';

/** What a worker thread of the log engine may be started for. */
export type LogTaskOrder = CountOrder | ScanOrder;

/** A running worker thread. */
export interface LogTask<Request> {
  send(request: Request): void;
  /** Ends the thread, also in the middle of a regular expression. Resolves when it is gone. */
  stop(): Promise<void>;
}

let entry = new URL('../../workers/log-tasks.ts', import.meta.url);

/** Names the file of the worker thread where the build puts it elsewhere than beside the sources. */
export function setLogTaskEntry(url: URL): void {
  entry = url;
}

/** Starts a worker thread. A failure is told once; after it nothing more comes. */
export function startLogTask<Request, Reply>(
  order: LogTaskOrder,
  listener: { onReply(reply: Reply): void; onFailure(reason: Error): void },
): LogTask<Request> {
  const worker = new Worker(entry, { workerData: order, name: `log-${order.task}` });
  let stopped = false;
  worker.on('message', (reply: Reply) => {
    if (!stopped) listener.onReply(reply);
  });
  worker.on('error', (reason: Error) => {
    if (stopped) return;
    stopped = true;
    listener.onFailure(reason);
  });
  return {
    send: (request) => worker.postMessage(request),
    async stop() {
      stopped = true;
      await worker.terminate();
    },
  };
}
