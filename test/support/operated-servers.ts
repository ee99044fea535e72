import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { placeEmptyDatabase } from './empty-database.ts';
import { startServer, type RunningServer, type ServerOptions } from '#server/start.ts';

/** Servers as an operator has them: started, stopped, moved, and all gone with the folder that their data are in. */
export class OperatedServers {
  readonly folder: string;
  readonly #open = new Set<RunningServer>();

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async make(): Promise<OperatedServers> {
    const folder = await mkdtemp(join(tmpdir(), 'faultline-operations-'));
    await placeEmptyDatabase(join(folder, 'data'));
    return new OperatedServers(folder);
  }

  /** Over `data` in the folder, unless told otherwise. */
  async start(options: Partial<ServerOptions> = {}): Promise<RunningServer> {
    const server = await startServer({
      data: join(this.folder, 'data'),
      demo: true,
      logLevel: 'silent',
      ...options,
    });
    this.#open.add(server);
    return server;
  }

  async stop(server: RunningServer): Promise<void> {
    this.#open.delete(server);
    await server.close();
  }

  async remove(): Promise<void> {
    for (const server of this.#open) await server.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}
