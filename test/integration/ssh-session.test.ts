import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { appendFile, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { SshConnection } from '#electron/services/ssh/connection.ts';
import { execCommand, measureClockOffset } from '#electron/services/ssh/remote-command.ts';
import { tailRemote } from '#electron/services/ssh/remote-tail.ts';
import { CastReader, castOutput, readCast } from '#shared/domain/recording/cast-reader.ts';
import { connectTrusting, loginTo, openSession, typed } from '#test/support/ssh-client.ts';
import { TestScreen } from '#test/support/ssh-screen.ts';
import { startSshd } from '#test/support/sshd.ts';
import type { Sshd } from '#test/support/sshd.ts';

let sshd: Sshd;
let folder: string;
let connection: SshConnection;
const cleanUps: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  sshd = await startSshd();
  folder = await mkdtemp(join(tmpdir(), 'faultline-remote-'));
  connection = await connectTrusting(loginTo(sshd));
});
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});
afterAll(async () => {
  await connection.close();
  await sshd.stop();
  await rm(folder, { recursive: true });
});

const now = (): number => performance.now();

/** A shell whose prompt is `ready> `, already seen on the screen. */
async function aShell(options: Parameters<typeof openSession>[1] = {}) {
  const { session, recordingPath } = await openSession(connection, options);
  const screen = new TestScreen(session.attach());
  await session.write(typed("bind 'set enable-bracketed-paste off'; PS1='rea''dy> '; stty -echo\n"));
  await screen.until('ready> ');
  return { session, screen, recordingPath };
}

describe('a session', () => {
  test('[R13] has the window size of the screen, also after it changed', async () => {
    const { session, screen, recordingPath } = await aShell({ cols: 100, rows: 30 });
    await session.write(typed('stty size\n'));
    await screen.until('30 100\r\n');
    await session.resize(132, 50);
    await session.write(typed('stty size\n'));
    await screen.until('50 132\r\n');
    await session.close();
    const { header, events } = readCast(await readFile(recordingPath, 'utf8'));
    expect(header.term).toMatchObject({ cols: 100, rows: 30 });
    expect(events.filter((event) => event.code === 'r').map((event) => event.data)).toEqual(['132x50']);
  });

  test('[R14] carries Chinese both ways in UTF-8', async () => {
    const { session, screen } = await aShell();
    await session.write(typed('read x; echo "<$x>"\n石桥 开关电源 2#\n'));
    await screen.until('<石桥 开关电源 2#>');
    await session.close();
  });

  test('[R14] carries Chinese both ways in GB18030, and records what the screen showed', async () => {
    const { session, screen, recordingPath } = await aShell({ charset: 'gb18030' });
    await session.write(typed('read x; printf "%s" "$x" | od -An -tx1; echo "<$x>"\n整流\n'));
    await screen.until('d5 fb c1 f7');
    await screen.until('<整流>');
    await session.setCharset('utf-8');
    await session.write(typed("printf '\\346\\255\\243\\n'\n"));
    await screen.until('正');
    await session.close();
    expect(castOutput(readCast(await readFile(recordingPath, 'utf8')).events)).toContain('<整流>');
  });

  test('[R15] ends with the exit code of the shell, which the recording holds', async () => {
    const { session, screen, recordingPath } = await aShell();
    await session.write(typed('exit 3\n'));
    expect(await screen.ended).toEqual({ why: 'exit', exitCode: 3 });
    const { recording } = await session.ended;
    const bytes = await readFile(recordingPath);
    expect(recording).toMatchObject({
      path: recordingPath,
      size: bytes.length,
      sha256: createHash('sha256').update(bytes).digest('hex'),
    });
    expect(readCast(bytes.toString('utf8')).events.at(-1)).toMatchObject({ code: 'x', data: '3' });
  });

  test('[R15] whose connection is lost says so, and its recording is whole', async () => {
    const own = await connectTrusting(loginTo(sshd));
    const { session, recordingPath } = await openSession(own);
    const screen = new TestScreen(session.attach());
    await session.write(typed('echo $PPID-parent; sleep 100\n'));
    const [, pid] = /(\d+)-parent/.exec(await screen.until(/\d+-parent/))!;
    process.kill(Number(pid), 'SIGKILL');
    expect(await screen.ended).toMatchObject({ why: 'error', code: 'ssh.lost' });
    const { recording } = await session.ended;
    expect(recording?.path).toBe(recordingPath);
    expect(castOutput(readCast(await readFile(recordingPath, 'utf8')).events)).toContain(`${pid}-parent`);
    await expect(session.write(typed('x'))).rejects.toMatchObject({ code: 'ssh.lost' });
  });

  test('[R16] goes on without a screen, and shows the next one what it missed', async () => {
    const { session, screen } = await aShell();
    const leave = new AbortController();
    const second = new TestScreen(session.attach(leave.signal));
    expect(await screen.ended).toEqual({ why: 'movedToAnotherScreen' });
    await second.until('ready> ');
    leave.abort();
    await second.ended;
    const marker = join(folder, 'done');
    await session.write(typed(`seq 1 60000; touch ${marker}; echo after\n`));
    const third = new TestScreen(session.attach());
    await third.until('after');
    expect(third.text).toMatch(/\r\n59999\r\n60000\r\nafter\r\n/);
    await session.close();
    const late = new TestScreen(session.attach());
    expect(await late.ended).toEqual({ why: 'closed' });
    expect(late.text).toMatch(/^\d+\r\n/);
    expect(late.text).toContain('60000\r\nafter');
  });

  test('[R17] stays responsive to Ctrl+C during a flood, on a slow screen too', async () => {
    const { session } = await aShell();
    let shown = 0;
    let text = '';
    const seen = Promise.withResolvers<void>();
    const flooding = Promise.withResolvers<void>();
    void (async () => {
      for await (const item of session.attach()) {
        if (item.kind !== 'output') continue;
        shown += item.data.byteLength;
        text = (text + Buffer.from(item.data).toString('latin1')).slice(-1000);
        if (shown > 4_000_000) flooding.resolve();
        if (text.includes('ready> ') && shown > 4_000_000) seen.resolve();
        // About 30 MB/s, what a terminal draws.
        await new Promise((resolve) => setTimeout(resolve, item.data.byteLength / 30_000));
      }
    })();
    await session.write(typed('yes 0123456789012345678901234567890123456789\n'));
    await flooding.promise;
    const startedAt = now();
    await session.write(typed('\u0003'));
    await seen.promise;
    expect(now() - startedAt).toBeLessThan(1500);
    await session.close();
  });

  test(
    '[R18] with a screen that stands still stops the device, and then loses nothing',
    { timeout: 60_000 },
    async () => {
      const bytes = 64 * 1024 * 1024;
      const file = join(folder, 'flood');
      const block = randomBytes(384 * 1024).toString('base64');
      const hash = createHash('sha256');
      for (let written = 0; written < bytes; written += block.length) {
        await appendFile(file, block);
        hash.update(block);
      }
      const { session, screen, recordingPath } = await aShell();
      await session.write(typed('stty raw -opost; echo GO\n'));
      await screen.until('GO');
      const items = session.attach();
      // The echo of what is typed has no such line: the device alone makes it.
      await session.write(typed(`printf '<%s>' BEGIN; cat ${file}; stty sane; exit\n`));
      const before = process.memoryUsage().rss;
      let peak = 0;
      let got = 0;
      let largest = 0;
      for await (const item of items) {
        if (item.kind !== 'output') continue;
        got += item.data.byteLength;
        largest = Math.max(largest, item.data.byteLength);
        // Stands still for a moment at every 16 MB: long enough for a device that nobody stops to fill memory.
        if (got % (16 * 1024 * 1024) < item.data.byteLength) await new Promise((r) => setTimeout(r, 150));
        peak = Math.max(peak, process.memoryUsage().rss - before);
      }
      expect(got).toBeGreaterThanOrEqual(bytes);
      expect(largest).toBeLessThanOrEqual(64 * 1024);
      expect(peak).toBeLessThan(150 * 1024 * 1024);
      const { recording } = await session.ended;
      expect(recording).toBeDefined();
      const reader = new CastReader();
      const recorded = createHash('sha256');
      let seen = -1;
      let text = '';
      for await (const piece of createReadStream(recordingPath, { encoding: 'utf8' })) {
        for (const event of reader.push(String(piece))) {
          if (event.code !== 'o') continue;
          if (seen < 0) {
            text += event.data;
            const at = text.indexOf('<BEGIN>');
            if (at === -1) continue;
            seen = 0;
            text = text.slice(at + '<BEGIN>'.length, at + '<BEGIN>'.length + fileBytes(bytes, block.length));
            recorded.update(text);
            seen += text.length;
            continue;
          }
          const part = event.data.slice(0, Math.max(0, fileBytes(bytes, block.length) - seen));
          recorded.update(part);
          seen += part.length;
        }
      }
      expect(seen).toBe(fileBytes(bytes, block.length));
      expect(recorded.digest('hex')).toBe(hash.digest('hex'));
    },
  );
});

function fileBytes(atLeast: number, block: number): number {
  return Math.ceil(atLeast / block) * block;
}

describe('following a file on the device', () => {
  /** Reads the tail until its text holds what is expected. */
  async function untilTail(tail: AsyncGenerator<unknown, void>, expected: string): Promise<string> {
    let text = '';
    while (!text.includes(expected)) {
      const { value, done } = await tail.next();
      if (done === true) throw new Error(`The tail ended without ${expected}`);
      const item = value as Awaited<ReturnType<ReturnType<typeof tailRemote>['next']>>['value'];
      if (item?.kind === 'data') text += Buffer.from(item.data).toString('utf8');
    }
    return text;
  }

  test('[R24] shows the last bytes with their offset, then what is appended, through rotation', async () => {
    const path = join(folder, `alarm '石桥'; $(touch owned).log`);
    await writeFile(path, `${'x'.repeat(1000)}\nlast line\n`);
    const tail = tailRemote(connection, { path, from: { lastBytes: 10 }, now });
    const first = await tail.next();
    expect(first.value).toMatchObject({ kind: 'data', offset: 1001 });
    await appendFile(path, '新报警\n');
    expect(await untilTail(tail, '新报警')).toBe('新报警\n');
    await rename(path, `${path}.1`);
    await writeFile(path, 'after rotation\n');
    expect(await untilTail(tail, 'after rotation')).toContain('after rotation\n');
    await tail.return();
  });

  test('[R24] leaves no process behind on the device', async () => {
    const path = join(folder, 'quiet.log');
    await writeFile(path, 'one\n');
    const leave = new AbortController();
    const tail = tailRemote(connection, { path, now, signal: leave.signal });
    await tail.next();
    const running = `pgrep -f -x -- '[t]ail -c .* ${path}'`;
    expect((await execCommand(connection, running)).exitCode).toBe(0);
    const ended = tail.next();
    leave.abort();
    expect(await ended).toEqual({ done: true, value: undefined });
    for (;;) if ((await execCommand(connection, running)).exitCode === 1) break;
  });

  test('[R24] says why a file cannot be read', async () => {
    const missing = tailRemote(connection, { path: join(folder, 'no-such.log'), now });
    await expect(missing.next()).rejects.toMatchObject({
      code: 'ssh.remoteFile',
      message: expect.stringMatching(/no-such\.log.*No such file/),
    });
    const directory = tailRemote(connection, { path: folder, now });
    await expect(directory.next()).rejects.toMatchObject({ code: 'ssh.remoteFile' });
  });
});

describe('a command on the device', () => {
  test('[R25] is bounded in output and in time', async () => {
    expect(await execCommand(connection, 'echo out; echo err >&2; exit 4')).toEqual({
      exitCode: 4,
      stdout: Buffer.from('out\n'),
      stderr: Buffer.from('err\n'),
      truncated: false,
    });
    const flood = await execCommand(connection, 'yes', { maxBytes: 1000 });
    expect(flood).toMatchObject({ truncated: true });
    expect(flood.stdout).toHaveLength(1000);
    await expect(execCommand(connection, 'sleep 100', { timeoutMs: 50 })).rejects.toMatchObject({
      code: 'ssh.remoteCommand',
    });
  });

  test('[R26] tells how far the clock of the device is from ours', async () => {
    const offset = await measureClockOffset(connection, { wallMs: () => Date.now() - 3200 });
    expect(Math.abs((offset?.offsetMs ?? 0) - 3200)).toBeLessThanOrEqual((offset?.uncertaintyMs ?? 0) + 5);
  });
});
