import { type MessagePort, workerData } from 'node:worker_threads';
import { nodePortTransport } from '../services/host/node-port-transport.ts';
import { setLogTaskEntry } from '../services/logs/log-task.ts';
import { serveWorker } from './serve-worker.ts';

/** Entry of a worker that is a thread: its name, settings and port come with the start. */
// A build puts the threads of the log engine beside this file.
if (!import.meta.url.endsWith('.ts')) setLogTaskEntry(new URL('log-tasks.mjs', import.meta.url));

const { name, settings, port } = workerData as { name: string; settings: unknown; port: MessagePort };
await serveWorker(name, nodePortTransport(port), settings);
