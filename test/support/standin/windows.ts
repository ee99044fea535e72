import { EventEmitter } from 'node:events';
import { readFileSync } from 'node:fs';
import type { DevTools } from './devtools.ts';
import { PAGE_SCRIPT, preloadScript } from './page-side.ts';
import { pack, type Port, unpack } from './ports.ts';

type Handler = (request: Request) => Promise<Response>;
interface Paused {
  requestId: string;
  resourceType: string;
  request: { url: string; method: string };
}

/** What all windows share; `electron.ts` fills it. */
export const shared = {
  tools: undefined as unknown as Promise<DevTools>,
  schemes: new Map<string, Handler>(),
  app: new EventEmitter(),
  ipcMain: new EventEmitter(),
  windows: [] as BrowserWindow[],
};

// Chromium does not navigate to app://, so `app://faultline/x` is `http://faultline.app.standin.localhost/x` in the page.
const toPage = (url: string): string => url.replace(/^(app):\/\/([^/]*)/, 'http://$2.$1.standin.localhost');
const toApp = (url: string): string => url.replace(/^http:\/\/([^/]*)\.(app)\.standin\.localhost/, '$2://$1');

class WebContents extends EventEmitter {
  id = shared.windows.length + 1;
  target = '';
  session = '';
  #url = '';
  #awaited = '';
  #world = 0;
  #loaded = Promise.withResolvers<void>();
  #ports = new Map<number, Port>();
  #onOpen = (_details: { url: string }): { action: string } => ({ action: 'deny' });
  readonly #preferences: { preload: string };
  readonly #opened: Promise<DevTools>;

  constructor(preferences: { preload: string }) {
    super();
    this.#preferences = preferences;
    this.#opened = this.#open();
  }
  isDestroyed = (): boolean => false;
  getURL = (): string => this.#url;
  getLastWebPreferences = (): object => this.#preferences;
  setWindowOpenHandler = (handler: (details: { url: string }) => { action: string }): void =>
    void (this.#onOpen = handler);
  send = (channel: string, ...args: unknown[]): void =>
    this.#deliver({ t: 'event', channel, args, ports: [] });
  reload = (): void => void this.loadURL(this.#url);
  forcefullyCrashRenderer = (): void => this.#tell('Page.crash');
  close = (): void =>
    void this.#send('Target.closeTarget', { targetId: this.target }).then(() =>
      shared.app.emit('window-all-closed'),
    );
  async executeJavaScript(expression: string): Promise<unknown> {
    const { result } = await this.#send('Runtime.evaluate', {
      expression,
      awaitPromise: true,
      returnByValue: true,
    });
    return (result as { value?: unknown }).value;
  }
  async loadURL(url: string): Promise<void> {
    this.#awaited = url;
    this.#loaded = Promise.withResolvers();
    await this.#opened;
    await this.#send('Page.navigate', { url: toPage(url) });
    await this.#loaded.promise;
  }
  async #send(method: string, params: object = {}): Promise<Record<string, unknown>> {
    return (await shared.tools).send(
      method,
      { ...params },
      method.startsWith('Target.') ? undefined : this.session,
    );
  }
  async #open(): Promise<DevTools> {
    const tools = await shared.tools;
    this.target = (await tools.send('Target.createTarget', { url: 'about:blank' }))['targetId'] as string;
    const attached = await tools.send('Target.attachToTarget', { targetId: this.target, flatten: true });
    this.session = attached['sessionId'] as string;
    tools.onEvent(this.session, (method, params) => void this.#event(method, params));
    for (const domain of ['Page', 'Runtime', 'Inspector']) await this.#send(`${domain}.enable`);
    const source = preloadScript(readFileSync(this.#preferences.preload, 'utf8'), 'app://faultline');
    await this.#send('Runtime.addBinding', { name: '__standin', executionContextName: 'preload' });
    await this.#send('Page.addScriptToEvaluateOnNewDocument', { source, worldName: 'preload' });
    await this.#send('Page.addScriptToEvaluateOnNewDocument', { source: PAGE_SCRIPT });
    await this.#send('Fetch.enable', { patterns: [{ urlPattern: '*' }] });
    return tools;
  }
  #deliver(what: object): void {
    const expression = `__deliver(${JSON.stringify(JSON.stringify(what, pack))})`;
    this.#tell('Runtime.evaluate', { contextId: this.#world, expression });
  }
  /** Sends what has lost its point when the page has gone on since. */
  #tell = (method: string, params: object = {}): void =>
    void this.#send(method, params).catch(() => undefined);
  async #event(method: string, params: never): Promise<void> {
    if (method === 'Fetch.requestPaused') await this.#fetch(params);
    else if (method === 'Runtime.bindingCalled')
      this.#said(JSON.parse((params as { payload: string }).payload, unpack));
    else if (method === 'Runtime.executionContextCreated') {
      const { id, name } = (params as { context: { id: number; name: string } }).context;
      if (name === 'preload') this.#world = id;
    } else if (method === 'Runtime.executionContextsCleared') {
      for (const port of this.#ports.values()) port.close();
      this.#ports.clear();
    } else if (method === 'Page.loadEventFired') {
      this.#loaded.resolve();
      this.emit('ready-to-show');
    } else if (method === 'Inspector.targetCrashed') {
      shared.app.emit('render-process-gone', {}, this, { reason: 'crashed', exitCode: 5 });
    }
  }
  #said(what: { t: string; id: number; data: unknown; channel: string; args: unknown[]; url: string }): void {
    if (what.t === 'port') this.#ports.get(what.id)?.postMessage(what.data);
    if (what.t === 'close') this.#ports.get(what.id)?.close();
    if (what.t === 'open' && this.#onOpen({ url: toApp(what.url) }).action !== 'deny')
      throw new Error('The stand-in opens no second window.');
    if (what.t !== 'send') return;
    const senderFrame = { url: this.#url, parent: null, postMessage: this.#postMessage };
    shared.ipcMain.emit(what.channel, { sender: this, senderFrame }, ...what.args);
  }
  #postMessage = (channel: string, message: unknown, ports: Port[] = []): void => {
    const ids = ports.map((port) => {
      const id = this.#ports.size + 1;
      this.#ports.set(id, port);
      port.on('message', ({ data }) => this.#deliver({ t: 'port', id, data }));
      port.on('close', () => this.#deliver({ t: 'close', id }));
      port.start();
      return id;
    });
    this.#deliver({ t: 'event', channel, args: [message], ports: ids });
  };
  async #fetch({ requestId, resourceType, request }: Paused): Promise<void> {
    const url = toApp(request.url);
    const fail = (errorReason: string) => this.#tell('Fetch.failRequest', { requestId, errorReason });
    if (resourceType === 'Document') {
      let isPrevented = false;
      const isOurs = url === this.#awaited;
      if (!isOurs) this.emit('will-navigate', { url, preventDefault: () => (isPrevented = true) });
      if (isPrevented) return fail('Aborted');
      this.#url = url;
    }
    const handler = shared.schemes.get(new URL(url).protocol);
    if (handler === undefined) return fail('BlockedByClient');
    const response = await handler(new Request(url, { method: request.method }));
    const isPage = response.headers.get('content-type')?.startsWith('text/html') === true;
    // Links of our pages name the product's origin.
    const content = isPage
      ? Buffer.from((await response.text()).replaceAll('app://faultline', toPage('app://faultline')))
      : Buffer.from(await response.arrayBuffer());
    this.#tell('Fetch.fulfillRequest', {
      requestId,
      responseCode: response.status,
      responseHeaders: [...response.headers].map(([name, value]) => ({ name, value })),
      body: content.toString('base64'),
    });
  }
}

export class BrowserWindow extends EventEmitter {
  static getAllWindows = (): BrowserWindow[] => shared.windows;
  static fromWebContents = (contents: unknown) =>
    shared.windows.find((window) => window.webContents === contents);
  readonly webContents: WebContents;
  #isVisible = false;
  readonly options: object;
  constructor(options: { webPreferences: { preload: string } }) {
    super();
    this.options = options;
    this.webContents = new WebContents(options.webPreferences);
    this.webContents.on('ready-to-show', () => this.emit('ready-to-show'));
    shared.windows.push(this);
    shared.app.emit('web-contents-created', {}, this.webContents);
  }
  loadURL = (url: string): Promise<void> => this.webContents.loadURL(url);
  show = (): void => void (this.#isVisible = true);
  isVisible = (): boolean => this.#isVisible;
  isMinimized = (): boolean => false;
  focus = (): void => undefined;
}
