import { type MessagePort, workerData } from 'node:worker_threads';
import { nodePortTransport } from '../services/host/node-port-transport.ts';
import { serveWorker } from './serve-worker.ts';

/** Entry of a worker that is a thread: its name, settings and port come with the start. */
const { name, settings, port } = workerData as { name: string; settings: unknown; port: MessagePort };
await serveWorker(name, nodePortTransport(port), settings);
