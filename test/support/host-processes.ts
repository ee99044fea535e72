import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startChild, type Child } from '#test/e2e/fixtures/child.ts';
import { startHostProcess, type HostProcess } from '#test/torture/host-client.ts';
import { placeEmptyDatabase } from './empty-database.ts';
import { SyncDevice } from './sync-device.ts';
import type { DomainEvent } from '#shared/events/envelope.ts';

/** A server and hosts of laptops, each a process of its own, with all their data in one folder. */
export class HostProcesses {
  readonly dir: string;
  readonly hosts: HostProcess[] = [];
  #server: Child;

  private constructor(dir: string, server: Child) {
    this.dir = dir;
    this.#server = server;
  }

  static async open(): Promise<HostProcesses> {
    const dir = await mkdtemp(join(tmpdir(), 'faultline-processes-'));
    await placeEmptyDatabase(join(dir, 'server'));
    return new HostProcesses(dir, await startChild('server', { data: join(dir, 'server') }));
  }

  get server(): Child {
    return this.#server;
  }

  /** Kills the server and starts it over the same data on the same port. */
  async restartServer(): Promise<void> {
    const { port } = new URL(this.#server.url);
    await this.#server.kill();
    this.#server = await startChild('server', { data: join(this.dir, 'server'), port: Number(port) });
  }

  freshFolder(): Promise<string> {
    return mkdtemp(join(this.dir, 'data-'));
  }

  /** A laptop, with data of its own unless told otherwise. */
  async startHost(dataDir?: string, env: Record<string, string> = {}): Promise<HostProcess> {
    const host = await startHostProcess(dataDir ?? (await this.freshFolder()), env);
    this.hosts.push(host);
    return host;
  }

  /** What another laptop of the region gets from the server itself, in the order of its numbers. */
  async factsAtServer(): Promise<DomainEvent[]> {
    const other = await SyncDevice.logIn(this.#server.url, 'zhang.min');
    await other.pull();
    return (other.received.get('region/sz') ?? []).map(({ event }) => event);
  }

  async killHosts(): Promise<void> {
    for (const { child } of this.hosts.splice(0)) await child.kill();
  }

  async close(): Promise<void> {
    await this.killHosts();
    await this.#server.kill();
    await rm(this.dir, { recursive: true, force: true });
  }
}
