import { EventEmitter } from 'node:events';
import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { Port } from './ports.ts';

/** The thread of a stand-in utility process: gives the entry its `process.parentPort`. */
const parent = new EventEmitter();
Object.assign(process, { parentPort: parent });
await import(workerData as string);
parentPort?.on('message', ({ data, ports }: { data: unknown; ports: MessagePort[] }) =>
  parent.emit('message', { data, ports: ports.map((port) => new Port(port)) }),
);
