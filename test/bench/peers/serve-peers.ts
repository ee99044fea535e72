import { createReadStream, existsSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import type { BrowserContext, Page } from '@playwright/test';
import { build } from 'vite';
import { folder, openProfile } from '../application-page.ts';
import type { Document } from './document.ts';

/** What a page of a peer offers; all answers can be sent out of the page. */
export interface PeerPage {
  bootstrap(url: string): Promise<number>;
  open(url: string): Promise<unknown>;
  edit(from: number, count: number): Promise<number>;
  turn(): Promise<void>;
  edited(): Promise<number>;
}

export interface ServedPeer {
  /** Where the page is. */
  readonly url: string;
  close(): void;
}

/**
 * Builds the page of a peer and serves it, and beside it an in-memory server for RxDB: documents in the order of their
 * last change, `GET /rows?after=<change>&limit=` answers the number of the last change and the documents, `POST /rows` changes some.
 */
export async function servePeer(root: string, documents: readonly Document[] = []): Promise<ServedPeer> {
  const out = folder();
  await build({
    configFile: false,
    logLevel: 'error',
    root,
    define: { global: 'globalThis' },
    // RxDB brings a copy of its own, and Dexie refuses to be loaded twice.
    resolve: { dedupe: ['dexie'] },
    build: { outDir: out.path, emptyOutDir: true, target: 'es2024' },
  });
  const store = new RowStore(documents);
  const http = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1');
    if (url.pathname === '/rows') {
      void store.answer(request, url).then((body) => response.end(body));
      return;
    }
    const file = path.join(out.path, url.pathname === '/' ? 'index.html' : path.normalize(url.pathname));
    if (!existsSync(file)) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { 'content-type': file.endsWith('.js') ? 'text/javascript' : 'text/html' });
    createReadStream(file).pipe(response);
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const { port } = http.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    close: () => {
      http.closeAllConnections();
      http.close();
      out.remove();
    },
  };
}

/** One browser process with a fresh profile on a peer's page. */
export async function openPeer(url: string): Promise<{
  call: <K extends keyof PeerPage | 'dexieRows'>(name: K, ...args: unknown[]) => Promise<number>;
  close: () => Promise<void>;
}> {
  const profile = folder();
  const context: BrowserContext = await openProfile(profile.path);
  const page: Page = context.pages()[0] ?? (await context.newPage());
  page.setDefaultTimeout(3_600_000);
  await page.goto(url);
  await page.waitForFunction(() => 'peer' in window);
  return {
    call: (name, ...args) => callPeer(page, name, ...args),
    close: async () => {
      await context.close();
      profile.remove();
    },
  };
}

/** Calls what a page has put under `window.peer`; what is no number counts as 0. */
export function callPeer(page: Page, name: string, ...args: unknown[]): Promise<number> {
  return page.evaluate(
    async ([method, given]) => {
      const { peer } = window as unknown as {
        peer: Record<string, (...all: unknown[]) => Promise<unknown>>;
      };
      const answer = await peer[method as string]!(...(given as unknown[]));
      return typeof answer === 'number' ? answer : 0;
    },
    [name, args] as const,
  );
}

class RowStore {
  readonly #documents = new Map<string, { change: number; line: string }>();
  #head = 0;

  constructor(documents: readonly Document[]) {
    for (const document of documents) this.#put(document);
  }

  async answer(request: IncomingMessage, url: URL): Promise<string> {
    if (request.method === 'POST') {
      for (const document of JSON.parse(await text(request)) as Document[]) {
        this.#documents.delete(document.key);
        this.#put(document);
      }
      return '';
    }
    const after = Number(url.searchParams.get('after'));
    const limit = Number(url.searchParams.get('limit'));
    const lines: string[] = [];
    let head = after;
    for (const { change, line } of this.#documents.values()) {
      if (change <= after) continue;
      if (lines.length === limit) break;
      lines.push(line);
      head = change;
    }
    return [String(head), ...lines].join('\n');
  }

  /** A map keeps the order of putting: that of the changes. */
  #put(document: Document): void {
    this.#head++;
    this.#documents.set(document.key, { change: this.#head, line: JSON.stringify(document) });
  }
}
