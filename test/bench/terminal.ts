import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CastReader } from '#shared/domain/recording/cast-reader.ts';
import type { screenItem } from '#shared/host/ssh-types.ts';
import type { z } from 'zod';
import { HeadlessScreen } from '#test/support/headless-screen.ts';
import { SessionHost } from '#test/support/session-host.ts';
import { startSshd } from '#test/support/sshd.ts';
import type { Sshd } from '#test/support/sshd.ts';
import { compare, interleave, percentile, spread } from './measure.ts';
import type { BenchResult } from './measure.ts';

type Items = AsyncIterable<z.output<typeof screenItem>>;

const MEGABYTE = 1024 * 1024;
const BYTES = Number(process.env['FAULTLINE_BENCH_TERMINAL_BYTES'] ?? 256 * MEGABYTE);
const ROUNDS = 3;
const INTERRUPTS = 15;
const CHUNK = 64 * 1024;
const FLOOD = 'yes 0123456789012345678901234567890123456789012345678901234567890123456789\n';

/**
 * A flood from a device to a screen: real sshd, our worker with the sessions (recording on), the contract
 * with its credit, @xterm/headless. Against the same terminal fed from memory, and OpenSSH's client that
 * shows and records nothing.
 */
export async function run(): Promise<BenchResult> {
  const folder = await mkdtemp(join(tmpdir(), 'faultline-bench-'));
  const sshd = await startSshd();
  const host = new SessionHost(sshd, folder);
  try {
    const file = join(folder, 'flood.log');
    const sha256 = await writeFlood(file);
    const keyFile = join(folder, 'key');
    await writeFile(keyFile, sshd.privateKey, { mode: 0o600 });
    const rates = await interleave(ROUNDS, {
      ours: () => flood(host, file, sha256),
      memory: () => parseFromMemory(file),
      openssh: () => opensshToNull(sshd, keyFile, file),
    });
    const growth = [];
    for (let n = 0; n < ROUNDS; n += 1) growth.push(await growthOfHost(sshd, keyFile, file));
    const ours = await interrupts(host);
    const theirs = await opensshInterrupts(sshd, keyFile);
    const p95 = (values: number[]) => percentile(values, 0.95);
    return {
      name: 'terminal',
      cases: [
        compare('flood: @xterm/headless from memory', 'MB/s', 'more', rates.ours, rates.memory),
        compare('flood: ssh cat to /dev/null', 'MB/s', 'more', rates.ours, rates.openssh),
        compare('flood: growth of the host process', 'MB', 'less', growth),
        {
          ...compare(
            'Ctrl+C to prompt in a flood, p95: ssh -tt',
            'ms',
            'less',
            [p95(ours.prompt)],
            [p95(theirs)],
          ),
          n: INTERRUPTS,
          spread: spread(ours.prompt),
        },
        {
          ...compare('key echo beside a flood, p95', 'ms', 'less', [p95(ours.echo)]),
          n: INTERRUPTS,
          spread: spread(ours.echo),
        },
      ],
    };
  } finally {
    await host.stop();
    await sshd.stop();
    await rm(folder, { recursive: true });
  }
}

/** MB/s from the command to the last byte parsed. The recording is checked byte for byte. */
async function flood(host: SessionHost, file: string, sha256: string): Promise<number> {
  const session = await host.openRaw();
  const screen = new HeadlessScreen(session.output());
  await screen.until('BEGIN');
  const before = screen.parsed;
  const started = performance.now();
  await session.type(`cat ${file}\n`);
  await screen.untilParsed(before + BYTES);
  const seconds = (performance.now() - started) / 1000;
  await session.close();
  if ((await hashOfRecorded(session.recordingPath)) !== sha256) {
    throw new Error('The recording is not what the device sent.');
  }
  await rm(session.recordingPath);
  return BYTES / MEGABYTE / seconds;
}

/**
 * Milliseconds from Ctrl+C in a flood to the prompt, and from a key in another session beside that flood to
 * its echo; both parsed by the screen. (In the flooded terminal itself the device's kernel holds echoes back
 * while its output is full.)
 */
async function interrupts(host: SessionHost): Promise<{ prompt: number[]; echo: number[] }> {
  const [flooded, beside] = await Promise.all([aShell(host), aShell(host)]);
  const times = { prompt: [] as number[], echo: [] as number[] };
  for (let n = 0; n < INTERRUPTS; n += 1) {
    const start = flooded.screen.parsed;
    await flooded.session.type(FLOOD);
    await flooded.screen.untilParsed(start + 4 * MEGABYTE);
    times.echo.push(await beside.screen.timeUntil('Q', () => beside.session.type('Q')));
    times.prompt.push(await flooded.screen.timeUntil('ready> ', () => flooded.session.type('\u0003')));
  }
  await Promise.all([flooded.session.close(), beside.session.close()]);
  return times;
}

/** A shell that shows its prompt. */
async function aShell(host: SessionHost) {
  const session = await host.open();
  const screen = new HeadlessScreen(session.output());
  await session.type("PS1='rea''dy> '\n");
  await screen.until('ready> ');
  return { screen, session };
}

/** Megabytes that a process with nothing but the sessions grows by in one flood, at its highest. */
async function growthOfHost(sshd: Sshd, keyFile: string, file: string): Promise<number> {
  const script = new URL('../support/flood-memory.ts', import.meta.url).pathname;
  const { stdout } = await promisify(execFile)(process.execPath, [
    script,
    sshd.host,
    String(sshd.port),
    sshd.username,
    keyFile,
    file,
  ]);
  return Number(stdout) / MEGABYTE;
}

async function parseFromMemory(file: string): Promise<number> {
  const bytes = await readFile(file);
  const screen = new HeadlessScreen();
  const started = performance.now();
  for (let at = 0; at < bytes.length; at += CHUNK) await screen.write(bytes.subarray(at, at + CHUNK));
  await screen.untilParsed(bytes.length);
  return bytes.length / MEGABYTE / ((performance.now() - started) / 1000);
}

function sshArguments(sshd: Sshd, keyFile: string): string[] {
  const trusting = [
    '-o',
    'StrictHostKeyChecking=no',
    '-o',
    'UserKnownHostsFile=/dev/null',
    '-o',
    'LogLevel=ERROR',
  ];
  return ['-F', 'none', '-i', keyFile, '-p', String(sshd.port), ...trusting, `${sshd.username}@${sshd.host}`];
}

async function opensshToNull(sshd: Sshd, keyFile: string, file: string): Promise<number> {
  const started = performance.now();
  const child = spawn('ssh', [...sshArguments(sshd, keyFile), 'cat', file], { stdio: 'ignore' });
  await new Promise((resolve) => child.once('exit', resolve));
  return BYTES / MEGABYTE / ((performance.now() - started) / 1000);
}

/** The same interrupt through OpenSSH's client and the same terminal, which takes output as fast as it parses it. */
async function opensshInterrupts(sshd: Sshd, keyFile: string): Promise<number[]> {
  const child = spawn('ssh', ['-tt', ...sshArguments(sshd, keyFile), 'bash', '--norc'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const items = (
    async function* (): Items {
      for await (const data of child.stdout) yield { kind: 'output', data: data as Uint8Array };
    } as () => Items
  )();
  const screen = new HeadlessScreen(items);
  const times: number[] = [];
  child.stdin.write("PS1='rea''dy> '\n");
  await screen.until('ready> ');
  for (let n = 0; n < INTERRUPTS; n += 1) {
    const start = screen.parsed;
    child.stdin.write(FLOOD);
    await screen.untilParsed(start + 4 * MEGABYTE);
    times.push(await screen.timeUntil('ready> ', () => child.stdin.write('\u0003')));
  }
  child.stdin.end('exit\n');
  await ended;
  return times;
}

/** Lines of a device's log: some coloured, some Chinese. */
async function writeFlood(path: string): Promise<string> {
  const lines = Array.from({ length: 4000 }, (_, n) => {
    const time = `2026-11-22 08:${String(n % 60).padStart(2, '0')}:02.${String(n % 1000).padStart(3, '0')}`;
    if (n % 10 === 0)
      return `${time} \u001b[31mALARM\u001b[0m 整流模块 R${n % 6} 通信中断 (SN 2102K${40000 + n})\r\n`;
    return `${time} INFO  can0 frame ${n} id 0x1${n % 8}F data 00 11 22 33 44 55 66 77 module answered in ${n % 90} ms\r\n`;
  });
  const block = Buffer.from(lines.join(''), 'utf8');
  const hash = createHash('sha256');
  const handle = await open(path, 'w');
  for (let left = BYTES; left > 0; left -= block.length) {
    // Never half a character at the end.
    const part = left < block.length ? Buffer.alloc(left, 'x') : block;
    await handle.write(part);
    hash.update(part);
  }
  await handle.close();
  return hash.digest('hex');
}

/** The hash of what the recording holds after BEGIN. */
async function hashOfRecorded(path: string): Promise<string> {
  const reader = new CastReader();
  const hash = createHash('sha256');
  let begun = false;
  let left = BYTES;
  let text = '';
  for await (const piece of createReadStream(path, { encoding: 'utf8' })) {
    for (const event of reader.push(String(piece))) {
      if (event.code !== 'o') continue;
      text = begun ? event.data : text + event.data;
      if (!begun) {
        const at = text.indexOf('BEGIN');
        if (at === -1) continue;
        begun = true;
        text = text.slice(at + 'BEGIN'.length);
      }
      const part = Buffer.from(text, 'utf8').subarray(0, left);
      hash.update(part);
      left -= part.length;
    }
  }
  return left === 0 ? hash.digest('hex') : `${left} bytes missing`;
}
