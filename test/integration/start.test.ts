import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const root = new URL('../..', import.meta.url).pathname;
const BUILD_AND_START_MS = 120_000;

let folder = '';
let started: ChildProcessByStdio<null, Readable, Readable> | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'faultline-start-'));
});
afterEach(async () => {
  if (started !== undefined && started.exitCode === null && started.signalCode === null) {
    const ended = once(started, 'exit');
    started.kill('SIGKILL');
    await ended;
  }
  await rm(folder, { recursive: true, force: true });
});

function start(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): ChildProcessByStdio<null, Readable, Readable> {
  started = spawn(process.execPath, ['scripts/start.ts', '--no-open', '--data', folder, ...args], {
    cwd: root,
    env: {
      ...process.env,
      FAULTLINE_NO_FETCH: '1',
      ELECTRON_OVERRIDE_DIST_PATH: join(folder, 'no-electron'),
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return started;
}

/** The lines up to the one that says it is ready. */
async function readUntilReady(child: ChildProcessByStdio<null, Readable, Readable>): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line);
    if (line.startsWith('Faultline ready: ')) return lines;
  }
  throw new Error(`It ended before it was ready:\n${lines.join('\n')}`);
}

describe('npm start', () => {
  it(
    'says in one line why it opens in the browser, serves the page and ends on Ctrl+C',
    async () => {
      const child = start(['--port', '0', '--demo']);
      const lines = await readUntilReady(child);
      expect(lines.filter((line) => line.startsWith('Opening in the browser: '))).toHaveLength(1);
      const url = new URL(lines.at(-1)?.slice('Faultline ready: '.length) ?? '');
      expect(url.hostname).toBe('127.0.0.1');
      const page = await fetch(new URL('/', url));
      expect(page.status).toBe(200);
      expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
      const ended = once(child, 'exit');
      child.kill('SIGINT');
      expect(await ended).toEqual([0, null]);
    },
    BUILD_AND_START_MS,
  );

  it('says what to do when the desktop was asked for and cannot be had', async () => {
    const child = start(['--host', 'desktop']);
    let said = '';
    child.stderr.on('data', (text: Buffer) => (said += text.toString()));
    expect(await once(child, 'close')).toEqual([1, null]);
    expect(said).toContain('npm start -- --host browser');
  });

  it('explains its arguments when it does not understand them', async () => {
    const child = start(['--port', 'many']);
    let said = '';
    child.stderr.on('data', (text: Buffer) => (said += text.toString()));
    expect(await once(child, 'close')).toEqual([1, null]);
    expect(said).toContain('--port is a number');
    expect(said).toContain('--no-open');
  });
});
