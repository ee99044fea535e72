import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { WebSocket } from 'ws';
import { webSocketTransport } from '#electron/services/host/websocket-transport.ts';
import { uuidV7 } from '#shared/events/uuid.ts';
import { TOKEN_FRAGMENT } from '#shared/host/browser-host.ts';
import { connectContract } from '#shared/host/client.ts';
import { hostContract, type HostClient } from '#shared/host/contract.ts';
import type { DomainEvent } from '#shared/events/envelope.ts';
import type { SyncStatus } from '#shared/host/sync.ts';
import { startChild, type Child } from '#test/e2e/fixtures/child.ts';

/** A host in a process of its own, without a browser: what a page would ask of it is asked directly. */
export interface HostProcess {
  readonly child: Child;
  readonly client: HostClient;
}

const SYNC_TIMING = { pollMs: 300, firstPauseMs: 50, longestPauseMs: 300, answerMs: 3_000 };

/** @param env for example the time it lives in. @throws with what it said when it does not start. */
export async function startHostProcess(
  dataDir: string,
  env: Record<string, string> = {},
): Promise<HostProcess> {
  const page = await mkdtemp(path.join(tmpdir(), 'faultline-torture-empty-'));
  await writeFile(path.join(page, 'index.html'), '<!doctype html><title>Faultline</title>');
  let child: Child;
  try {
    child = await startChild('host', { port: 0, dataDir, rendererDir: page, syncTiming: SYNC_TIMING }, env);
  } finally {
    await rm(page, { recursive: true });
  }
  const { host, origin, hash } = new URL(child.url);
  const token = new URLSearchParams(hash.slice(1)).get(TOKEN_FRAGMENT) ?? '';
  const socket = new WebSocket(`ws://${host}/host`, { origin });
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  const { client } = await connectContract(hostContract, webSocketTransport(socket), { token });
  return { child, client };
}

export async function connect({ client }: HostProcess, url: string, user = 'li.wei'): Promise<void> {
  await client.app.connectServer({ url, user, password: 'demo', deviceName: `Laptop of ${user}` });
}

/** Writes a note as a screen would. @returns what the journal answered. */
export async function note(
  { client }: HostProcess,
  text: string,
  stream = 'ticket/t1',
): Promise<DomainEvent> {
  const draft = {
    id: uuidV7(Date.now(), crypto.getRandomValues(new Uint8Array(10))),
    stream,
    scope: 'region/sz',
    type: 'ticket.noted',
    v: 1,
    data: { text },
  };
  const { events } = await client.journal.append({ drafts: [draft] });
  const [event] = events;
  if (event === undefined) throw new Error('The journal answered no fact.');
  return event;
}

/** Waits for such a status, and logs in again whenever that is wanted. */
export async function untilStatus(
  { client }: HostProcess,
  isWanted: (status: SyncStatus) => boolean,
): Promise<SyncStatus> {
  for await (const status of client.sync.status({})) {
    if (isWanted(status)) return status;
    if (status.state === 'needsLogin') await client.app.login({ password: 'demo' }).catch(() => undefined);
  }
  throw new Error('The status ended first.');
}

export const isSettled = ({ state, unsynced, unsentBlobs }: SyncStatus): boolean =>
  state === 'online' && unsynced === 0 && unsentBlobs === 0;
