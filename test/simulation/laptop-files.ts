import fs from 'node:fs';
import files, { type FileHandle } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { sep } from 'node:path';
import { Readable } from 'node:stream';
import type { Activity } from './activity.ts';
import { Crashed, type Life } from './life.ts';

/** What stands between a laptop and the files in its folder. */
export interface FilePort {
  readonly life: Life;
  readonly activity: Activity;
  readonly isFull: boolean;
}

type Work = (...parameters: unknown[]) => Promise<unknown>;

const READS = ['readFile', 'readdir', 'stat', 'lstat', 'access'] as const;
const WRITES = ['writeFile', 'mkdir', 'rename', 'rm', 'unlink', 'link', 'truncate', 'copyFile'] as const;
/** They need room. */
const GROWS: ReadonlySet<string> = new Set(['writeFile', 'mkdir', 'link', 'copyFile', 'write', 'appendFile']);
const HANDLE_READS: ReadonlySet<string> = new Set(['read', 'readFile', 'stat']);
const HANDLE_WRITES: ReadonlySet<string> = new Set([
  'write',
  'writeFile',
  'appendFile',
  'truncate',
  'sync',
  'datasync',
]);

/** Node's own: for whoever is a port himself. */
export const realFiles = { ...files };
const realOpenAsBlob = fs.openAsBlob;
const realReadStream = fs.createReadStream;

/**
 * Stands between the product and Node's files for all paths in the folders of laptops: the power can go at each of them,
 * the disk can be full, and what is under way counts as activity of its laptop. Journals have a disk of their own besides
 * (`faulty-disk.ts`): all else is flushed by the product before it counts, so that nothing of it needs to be torn.
 */
export class LaptopFiles {
  readonly #ports = new Map<string, () => FilePort | undefined>();

  constructor() {
    const patched = files as unknown as Record<string, Work>;
    for (const name of [...READS, ...WRITES])
      patched[name] = (...parameters) => this.#pass(name, parameters, realFiles[name] as Work);
    patched['open'] = (...parameters) => this.#pass('open', parameters, realFiles.open as unknown as Work);
    fs.openAsBlob = ((...parameters: unknown[]) =>
      this.#pass('openAsBlob', parameters, realOpenAsBlob as Work)) as typeof fs.openAsBlob;
    fs.createReadStream = ((path: string, options: never) =>
      this.#portOf(path) === undefined
        ? realReadStream(path, options)
        : Readable.from(this.#piecesOf(path))) as typeof fs.createReadStream;
    syncBuiltinESMExports();
  }

  /** Gives Node its own functions back. */
  close(): void {
    Object.assign(files, realFiles);
    fs.openAsBlob = realOpenAsBlob;
    fs.createReadStream = realReadStream;
    syncBuiltinESMExports();
  }

  /** @param port of the run of the laptop that is under way; without one its files are those of any program. */
  watch(folder: string, port: () => FilePort | undefined): void {
    this.#ports.set(folder, port);
  }

  async #pass(name: string, parameters: unknown[], work: Work): Promise<unknown> {
    const port = this.#portOf(String(parameters[0]));
    if (port === undefined) return work(...parameters);
    const isWrite = (WRITES as readonly string[]).includes(name);
    const needsRoom = GROWS.has(name) || (name === 'open' && /[wa]/.test(String(parameters[1] ?? 'r')));
    const handles: FileHandle[] = [];
    try {
      return await port.activity.during(name, () =>
        mortal(port, isWrite || needsRoom, needsRoom, async () => {
          const result = await work(...parameters);
          if (name !== 'open') return result;
          handles.push(result as FileHandle);
          return watchedHandle(result as FileHandle, port);
        }),
      );
    } catch (thrown) {
      // The power went when it was open already.
      for (const handle of handles) await handle.close();
      throw thrown;
    }
  }

  /** What is read piece by piece counts as activity as well. */
  async *#piecesOf(path: string): AsyncGenerator<unknown> {
    yield await this.#pass('readFile', [path], realFiles.readFile as Work);
  }

  #portOf(path: string): FilePort | undefined {
    for (const [folder, port] of this.#ports)
      if (path === folder || path.startsWith(`${folder}${sep}`)) return port();
    return undefined;
  }
}

/** Does the work while there is power, and may lose it before or after what changes something. */
async function mortal<T>(
  port: FilePort,
  isWrite: boolean,
  needsRoom: boolean,
  work: () => Promise<T>,
): Promise<T> {
  if (!isWrite) {
    if (port.life.isOver) throw new Crashed();
    return work();
  }
  port.life.step('disk');
  if (needsRoom && port.isFull) throw noSpace();
  const result = await work();
  port.life.step('disk');
  return result;
}

function watchedHandle(handle: FileHandle, port: FilePort): FileHandle {
  return new Proxy(handle, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function' || typeof name !== 'string') return value;
      const run = (...parameters: unknown[]): Promise<unknown> =>
        Reflect.apply(value, target, parameters) as Promise<unknown>;
      const isWrite = HANDLE_WRITES.has(name);
      // A dead laptop's files have to be let go as well.
      if (name === 'close') return () => port.activity.during('close', () => run());
      if (!isWrite && !HANDLE_READS.has(name)) return run;
      return (...parameters: unknown[]) =>
        port.activity.during(name, () => mortal(port, isWrite, GROWS.has(name), () => run(...parameters)));
    },
  });
}

export function noSpace(): Error {
  return Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
}
