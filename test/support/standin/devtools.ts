import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { WebSocket } from 'ws';

type Params = Record<string, unknown>;
type Answer = {
  id?: number;
  result?: Params;
  error?: { message: string };
  method?: string;
  params?: Params;
  sessionId?: string;
};

export interface DevTools {
  send(method: string, params?: Params, session?: string): Promise<Params>;
  onEvent(session: string, listener: (method: string, params: never) => void): void;
}

const FLAGS = [
  'headless=new',
  'no-sandbox',
  'disable-background-networking',
  'disable-component-update',
  'disable-sync',
];

/** Starts Chromium and speaks to it. Its `DevTools listening` line goes on to Playwright, which waits for it. */
export async function startChromium(): Promise<DevTools> {
  const profile = mkdtempSync(path.join(tmpdir(), 'faultline-standin-'));
  const flags = [
    ...FLAGS,
    'no-first-run',
    'no-startup-window',
    'remote-debugging-port=0',
    `user-data-dir=${profile}`,
  ];
  const chromium = spawn(
    process.env['CHROMIUM'] ?? '/usr/bin/chromium',
    flags.map((flag) => `--${flag}`),
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  process.on('exit', () => {
    chromium.kill('SIGKILL');
    rmSync(profile, { recursive: true, force: true, maxRetries: 3 });
  });
  const endpoint = await new Promise<string>((resolve) => {
    chromium.stderr.on('data', (text: Buffer) => {
      process.stderr.write(text);
      const found = /DevTools listening on (ws:\S+)/.exec(text.toString())?.[1];
      if (found !== undefined) resolve(found);
    });
  });
  const socket = new WebSocket(endpoint);
  await new Promise((resolve) => socket.on('open', resolve));
  const waiting = new Map<number, PromiseWithResolvers<Params>>();
  const listeners = new Map<string, (method: string, params: never) => void>();
  let last = 0;
  socket.on('message', (raw: Buffer) => {
    const { id, result, error, method, params, sessionId } = JSON.parse(raw.toString()) as Answer;
    if (id === undefined) listeners.get(sessionId ?? '')?.(method ?? '', params as never);
    else if (error === undefined) waiting.get(id)?.resolve(result ?? {});
    else waiting.get(id)?.reject(new Error(error.message));
  });
  return {
    send: (method, params = {}, session) => {
      const answer = Promise.withResolvers<Params>();
      waiting.set(++last, answer);
      socket.send(
        JSON.stringify({ id: last, method, params, ...(session !== undefined && { sessionId: session }) }),
      );
      return answer.promise;
    },
    onEvent: (session, listener) => void listeners.set(session, listener),
  };
}
