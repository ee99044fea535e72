import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

const HERE = import.meta.dirname;

/** The folder of the page that runs PouchDB in the browser. */
export const POUCHDB_PAGE = HERE;

/** Installs the peer on its first use, from its own lock file: it is no dependency of the product. */
export async function installPouchDb(): Promise<void> {
  if (existsSync(path.join(HERE, 'node_modules/express-pouchdb'))) return;
  await promisify(execFile)('npm', ['ci', '--ignore-scripts'], { cwd: HERE });
}

/** Starts express-pouchdb on LevelDB, filled with the documents. */
export async function startPouchDb(
  folder: string,
  documents: Iterable<object>,
): Promise<{ url: string; stop: () => Promise<void> }> {
  const child = spawn(process.execPath, [path.join(HERE, 'server.mjs'), folder], {
    cwd: HERE,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout });
  const address = once(lines, 'line') as Promise<[string]>;
  for (const document of documents) {
    if (!child.stdin.write(`${JSON.stringify(document)}\n`)) await once(child.stdin, 'drain');
  }
  child.stdin.end();
  const [url] = await address;
  return {
    url,
    stop: async () => {
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}
