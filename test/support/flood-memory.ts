/**
 * Run as a process of its own by the terminal bench: takes a flood through the sessions, slowly as a screen
 * would, and prints by how many bytes the process grew at its highest (Linux).
 * Arguments: host, port, user, file of the private key, file on the device.
 */
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { SessionHost } from './session-host.ts';

const [host = '', port = '', username = '', keyFile = '', file = ''] = process.argv.slice(2);
const BYTES_PER_MS = 40_000;

const folder = await mkdtemp(join(tmpdir(), 'faultline-memory-'));
const privateKey = await readFile(keyFile, 'utf8');
const sessions = new SessionHost({ host, port: Number(port), username, privateKey }, folder);
// The first session brings code and buffers that stay, flood or not.
await take(await sessions.openRaw(), 'head -c 1000000 /dev/zero', 1_000_000);
const before = process.memoryUsage.rss();
const session = await sessions.openRaw();
await take(session, `cat ${file}`, (await stat(file)).size);
const status = await readFile('/proc/self/status', 'utf8');
const peak = Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) * 1024;
process.stdout.write(String(peak - before));
await sessions.stop();
await rm(folder, { recursive: true });

async function take(from: typeof session, command: string, bytes: number): Promise<void> {
  await from.type(`${command}\n`);
  let taken = 0;
  for await (const item of from.output()) {
    if (item.kind !== 'output' && item.kind !== 'replay') continue;
    taken += item.data.byteLength;
    if (taken >= bytes) break;
    await setTimeout(item.data.byteLength / BYTES_PER_MS);
  }
  await from.close();
}
