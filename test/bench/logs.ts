import { spawn, spawnSync } from 'node:child_process';
import { createWriteStream, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { OpenLog } from '#electron/services/logs/open-log.ts';
import { findRipgrep } from '#electron/services/logs/ripgrep.ts';
import { type BenchCase, compare, interleave, timed } from './measure.ts';

const SIZE = Number(process.env['FAULTLINE_BENCH_LOG_BYTES'] ?? 2 * 2 ** 30);
const ROUNDS = 5;
/** lnav takes seconds a run. */
const LNAV_ROUNDS = 3;
const PAGE = 100;

/** Three classes: a literal, a regular expression of ordinary size, one that no literal speeds up. */
const PATTERNS = [
  ['literal', 'output voltage low'],
  ['regex', 'rectifier\\[1[0-9]\\].*(low|high) 4[0-9]\\.[0-9]{2}'],
  ['hard regex', '(?:[0-9]{2,3} ms .*retry|timeout .* [a-f0-9]{8} .*lost|[A-Z]{4,} .*unreach)'],
] as const;
const HITS = 100_000;

/**
 * The log engine on a log of 2 GiB (FAULTLINE_BENCH_LOG_BYTES) against `wc -l`,
 * lnav and ripgrep. The file comes warm from memory on both sides. lnav also
 * reads the time and the level of each line, which our index does not.
 */
export async function run(): Promise<{ name: 'logs'; cases: BenchCase[] }> {
  const folder = mkdtempSync(join(tmpdir(), 'faultline-bench-'));
  const path = join(folder, 'site.log');
  try {
    await writeLog(path);
    const cases = [...(await firstScreens(path)), ...(await indexes(path)), ...(await lnav(path, folder))];
    for (const [name, pattern] of PATTERNS) cases.push(await searches(path, name, pattern));
    return { name: 'logs', cases };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function firstScreens(path: string): Promise<BenchCase[]> {
  const screen = (from: { byteOffset: number } | 'end' | 'middle') => async (): Promise<number> => {
    let log: OpenLog | undefined;
    const ms = await timed(async () => {
      log = await OpenLog.open(path);
      const position = from === 'middle' ? { byteOffset: Math.floor(log.size / 2) } : from;
      await log.lines(position, PAGE, from === 'end' ? 'backward' : 'forward');
    });
    await log?.close();
    return ms;
  };
  const runs = await interleave(ROUNDS, {
    first: screen({ byteOffset: 0 }),
    middle: screen('middle'),
    last: screen('end'),
  });
  return [
    compare('open and first screen', 'ms', 'less', runs.first),
    compare('open and a screen from the middle', 'ms', 'less', runs.middle),
    compare('open and last screen', 'ms', 'less', runs.last),
  ];
}

/** GB/s of counting all lines, opening included. */
async function indexOnce(path: string): Promise<number> {
  let log: OpenLog | undefined;
  const ms = await timed(async () => {
    log = await OpenLog.open(path);
    for await (const _ of log.buildIndex()) {
      // The index is what is measured.
    }
  });
  await log?.close();
  return rate(path, ms);
}

async function indexes(path: string): Promise<BenchCase[]> {
  const runs = await interleave(ROUNDS, {
    ours: () => indexOnce(path),
    wc: async () => rate(path, await timed(() => command('wc', ['-l', path]))),
  });
  return [compare('line index vs wc -l', 'GB/s', 'more', runs.ours, runs.wc)];
}

async function lnav(path: string, folder: string): Promise<BenchCase[]> {
  if (spawnSync('lnav', ['-V']).status !== 0) return [];
  const runs = await interleave(LNAV_ROUNDS, {
    ours: () => indexOnce(path),
    lnav: async () =>
      rate(path, await timed(() => command('lnav', ['-n', '-q', '-c', ':quit', path], { HOME: folder }))),
  });
  return [
    compare('line index vs lnav (which also reads time and level)', 'GB/s', 'more', runs.ours, runs.lnav),
  ];
}

async function searches(path: string, name: string, pattern: string): Promise<BenchCase> {
  const ripgrep = await findRipgrep();
  if (ripgrep === undefined) throw new Error('The ripgrep package brought no binary for this platform.');
  const log = await OpenLog.open(path);
  const found = { ours: 0, peer: 0 };
  try {
    const runs = await interleave(ROUNDS, {
      ours: () =>
        timed(async () => {
          found.ours = 0;
          const query = { pattern, kind: 'regex', ignoreCase: false, limit: HITS } as const;
          for await (const item of log.search(query)) {
            if (item.kind === 'hits') found.ours += item.hits.length;
            else if (item.more) throw new Error('The bench pattern has more hits than a search delivers.');
          }
        }),
      rg: () =>
        timed(async () => {
          found.peer = await command(ripgrep, ['--no-config', '-n', '-b', '-e', pattern, '--', path]);
        }),
    });
    if (found.ours === 0 || found.ours !== found.peer) {
      throw new Error(`We found ${found.ours} lines, rg ${found.peer}.`);
    }
    return compare(`search, ${name}, ${found.ours} hits vs rg`, 'ms', 'less', runs.ours, runs.rg);
  } finally {
    await log.close();
  }
}

function rate(path: string, ms: number): number {
  return statSync(path).size / 1e6 / ms;
}

/** Runs a program to its end and counts the lines it prints. */
async function command(name: string, options: string[], env: Record<string, string> = {}): Promise<number> {
  const child = spawn(name, options, {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, ...env },
  });
  let lines = 0;
  child.stdout.on('data', (chunk: Buffer) => {
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) lines += 1;
  });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${name} ended with ${code}.`);
  return lines;
}

/** A log as a site controller writes it: rising times, mostly routine, some trouble. The same on every run. */
async function writeLog(path: string): Promise<void> {
  const out = createWriteStream(path, { highWaterMark: 8 * 2 ** 20 });
  let state = 42;
  const random = (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  let millisecond = Date.UTC(2026, 0, 1);
  let second = '';
  let block: string[] = [];
  let written = 0;
  let length = 0;
  while (written < SIZE) {
    const before = Math.floor(millisecond / 1000);
    millisecond += 1 + random(3);
    if (second === '' || Math.floor(millisecond / 1000) !== before) {
      second = new Date(millisecond).toISOString().slice(0, 19).replace('T', ' ');
    }
    const line = `${second}.${String(millisecond % 1000).padStart(3, '0')} ${message(random)}\n`;
    block.push(line);
    length += line.length;
    if (length > 2 ** 20) {
      written += length;
      if (!out.write(block.join(''))) await once(out, 'drain');
      block = [];
      length = 0;
    }
  }
  out.end();
  await once(out, 'close');
}

function message(random: (below: number) => number): string {
  const unit = random(24);
  switch (random(20_000)) {
    case 0:
      return `ERROR rectifier[${unit}] output voltage low 4${random(9)}.${10 + random(89)} V, load shed stage ${random(3)}`;
    case 1:
      return `ERROR link[${unit}] timeout session ${(0x10000000 + random(0xefffffff)).toString(16)} peer lost`;
    case 2:
      return `WARN  battery[${unit}] string asymmetry high 4${random(9)}.${10 + random(89)} V, check cells`;
    default:
      return random(10) === 0
        ? `DEBUG modbus[${unit}] read holding registers 40001..40032 took ${random(90)} ms`
        : `INFO  rectifier[${unit}] output 53.${10 + random(89)} V ${random(99)}.${random(9)} A temperature ${20 + random(30)} C state normal`;
  }
}
