import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { castOutput, readCast } from '#shared/domain/recording/cast-reader.ts';
import { startSshd } from '#test/support/sshd.ts';

test('[R22] a recording survives kill -9 of its process in the middle of a flood', async () => {
  const sshd = await startSshd();
  const folder = await mkdtemp(join(tmpdir(), 'faultline-crash-'));
  try {
    const keyFile = join(folder, 'key');
    const recording = join(folder, 'session.cast');
    await writeFile(keyFile, sshd.privateKey, { mode: 0o600 });
    const script = new URL('../support/record-flood.ts', import.meta.url).pathname;
    const child = spawn(
      process.execPath,
      [script, sshd.host, String(sshd.port), sshd.username, keyFile, recording],
      {
        stdio: 'inherit',
      },
    );
    const ended = new Promise((resolve) => child.once('exit', (_code, signal) => resolve(signal)));
    const size = async () => (await stat(recording).catch(() => ({ size: 0 }))).size;
    while ((await size()) < 4_000_000) await new Promise((resolve) => setTimeout(resolve, 10));
    child.kill('SIGKILL');
    expect(await ended).toBe('SIGKILL');
    const { header, events } = readCast(await readFile(recording, 'utf8'));
    expect(header.version).toBe(3);
    const numbers = castOutput(events).split('START\r\n')[1]!.split('\r\n').slice(0, -1).map(Number);
    expect(numbers.length).toBeGreaterThan(100_000);
    expect(numbers.every((number, index) => number === index + 1)).toBe(true);
  } finally {
    await sshd.stop();
    await rm(folder, { recursive: true });
  }
});
