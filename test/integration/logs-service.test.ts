import { mkdtempSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connectContract, type HostConnection } from '#shared/host/client.ts';
import { decodeFrame, encodeFrame } from '#shared/host/codec.ts';
import { logEncoding, logsContract } from '#shared/host/logs.ts';
import { memoryTransportPair } from '#shared/host/memory-transport.ts';
import { LOG_ENCODINGS } from '#electron/services/logs/encodings.ts';
import { serveLogs, type LogsWorker } from '#electron/workers/indexer.ts';

let folder: string;
let path: string;
let connection: HostConnection<typeof logsContract>;
let worker: LogsWorker;
const faults: unknown[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'faultline-service-'));
  path = join(folder, 'app.log');
  await writeFile(path, 'start\nerror: 整流\nend\n');
  const [here, there] = memoryTransportPair((message) => decodeFrame(encodeFrame(message)));
  faults.length = 0;
  worker = serveLogs(there, { onFault: (_, thrown) => faults.push(thrown) });
  connection = await connectContract(logsContract, here);
});

afterEach(async () => {
  connection.close();
  await worker.close();
  rmSync(folder, { recursive: true, force: true });
  expect(faults).toEqual([]);
});

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

describe('the logs service', () => {
  it('[L16] opens, pages, indexes, searches, excerpts and closes', async () => {
    const { logs } = connection.client;
    const listing = await logs.listFolder({ path: folder });
    expect(listing.entries.map((entry) => entry.name)).toEqual(['app.log']);

    const { logId, generation, ...opened } = await logs.open({ path });
    expect(opened).toEqual({ path, encoding: 'utf-8', size: 24 });

    const page = await logs.lines({ logId, from: 'end', direction: 'backward', count: 2 });
    expect(page.lines.map((line) => line.text)).toEqual(['error: 整流', 'end']);

    const states = await collect(logs.index({ logId }));
    expect(states.at(-1)).toEqual({ coveredBytes: 24, size: 24, lines: 3, generation });

    expect(await collect(logs.search({ logId, pattern: '整.' }))).toEqual([
      {
        kind: 'hits',
        hits: [
          { line: 2, byteOffset: 6, text: 'error: 整流', truncated: false, ranges: [{ from: 7, to: 9 }] },
        ],
      },
      { kind: 'end', more: false, engine: 'ripgrep' },
    ]);

    const excerpt = await logs.excerpt({ logId, generation, ranges: [{ byteOffset: 6, byteLength: 14 }] });
    expect(Buffer.from(excerpt.bytes).toString()).toBe('error: 整流\n');

    expect(await logs.setEncoding({ logId, encoding: 'gb18030' })).toEqual({
      size: 24,
      generation: generation + 1,
    });
    await logs.close({ logId });
    await expect(logs.lines({ logId, from: 'end', direction: 'backward', count: 1 })).rejects.toMatchObject({
      code: 'log.notOpen',
    });
  });

  it('[L1] [L9] carries the codes and reasons of errors', async () => {
    const { logs } = connection.client;
    await expect(logs.open({ path: folder })).rejects.toMatchObject({
      code: 'log.isDirectory',
      detail: { path: folder },
    });
    const { logId } = await logs.open({ path });
    await expect(collect(logs.search({ logId, pattern: '(' }))).rejects.toMatchObject({
      code: 'log.invalidPattern',
    });
    await expect(
      logs.lines({ logId, from: { line: 2 }, direction: 'forward', count: 1 }),
    ).rejects.toMatchObject({
      code: 'log.notIndexed',
      detail: { line: 2 },
    });
  });

  it('[L11] tells a follower what happens until it leaves', async () => {
    const { logs } = connection.client;
    const { logId } = await logs.open({ path });
    const leave = new AbortController();
    const events = logs.follow({ logId }, { signal: leave.signal });
    await writeFile(path, 'anew');
    for await (const event of events) {
      expect(event).toMatchObject({ kind: 'rewritten', generation: 2 });
      break;
    }
    leave.abort();
  });

  it('[L16] holds 64 open logs and refuses more', async () => {
    const { logs } = connection.client;
    for (let i = 0; i < 64; i += 1) await logs.open({ path });
    await expect(logs.open({ path })).rejects.toMatchObject({ code: 'log.tooManyOpen' });
  });

  it('[L7] offers the encodings that the engine knows', () => {
    expect(logEncoding.options).toEqual([...LOG_ENCODINGS]);
  });
});
