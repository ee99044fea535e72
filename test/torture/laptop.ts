import { readdirSync, readFileSync } from 'node:fs';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromium, type BrowserContext, type Page } from '@playwright/test';
import type { DomainEvent, EventDraft } from '#shared/events/envelope.ts';
import { startChild, type Child } from '#test/e2e/fixtures/child.ts';
import { makeSmallDisk, type SmallDisk } from '#test/e2e/fixtures/small-disk.ts';
import { startTcpProxy, type TcpProxy } from '#test/support/tcp-proxy.ts';
import { FakeTime } from '#test/support/fake-time.ts';
import type { Ledger } from './ledger.ts';
import type { Answer, TorturePage } from './page/told.ts';

export interface LaptopOptions {
  readonly name: string;
  readonly user: string;
  readonly seed: string;
  readonly serverUrl: string;
  /** Of the page that is to be shown. */
  readonly rendererDir: string;
  readonly ledger: Ledger;
  /** Data on a disk of its own that can be filled. */
  readonly smallDiskMb?: number;
  /** The host's wall clock can be set. */
  readonly canTravel?: boolean;
}

/** Failures are tried again soon: an outage lasts seconds here. */
const SYNC_TIMING = {
  pollMs: 1_500,
  firstPauseMs: 100,
  longestPauseMs: 1_000,
  answerMs: 10_000,
  uploadSilenceMs: 5_000,
};

const ARGS = [
  '--no-sandbox',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
  '--disable-gpu',
];

/** A laptop of real processes: a host, a Chromium with a profile, and a wire of its own to the server. */
export class Laptop {
  readonly name: string;
  readonly user: string;
  readonly proxy: TcpProxy;
  readonly disk: SmallDisk | undefined;
  readonly time: FakeTime | undefined;
  readonly #folder: string;
  readonly #options: LaptopOptions;
  #host: Child | undefined;
  #port = 0;
  #context: BrowserContext | undefined;
  #page: Page | undefined;
  #starts = 0;
  isWriting = false;
  /** Hosts that ended without having been killed. */
  readonly died: string[] = [];

  private constructor(
    options: LaptopOptions,
    folder: string,
    parts: { proxy: TcpProxy; disk: SmallDisk | undefined },
  ) {
    this.name = options.name;
    this.user = options.user;
    this.#options = options;
    this.#folder = folder;
    this.proxy = parts.proxy;
    this.disk = parts.disk;
    this.time = options.canTravel === true ? FakeTime.in(folder) : undefined;
  }

  static async open(options: LaptopOptions): Promise<Laptop> {
    const folder = await mkdtemp(path.join(tmpdir(), 'faultline-torture-laptop-'));
    const disk = options.smallDiskMb === undefined ? undefined : await makeSmallDisk(options.smallDiskMb);
    const laptop = new Laptop(options, folder, { proxy: await startTcpProxy(options.serverUrl), disk });
    await laptop.start();
    return laptop;
  }

  get dataDir(): string {
    return path.join(this.disk?.folder ?? this.#folder, 'data');
  }

  /** What the host reported of itself. */
  get hostErrors(): string {
    return this.#host?.errors() ?? '';
  }

  /** Memory of the host, in megabytes; 0 where the system does not tell. */
  get hostMegabytes(): number {
    if (this.#host === undefined || process.platform !== 'linux') return 0;
    const [, kilobytes = '0'] =
      /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${this.#host.pid}/status`, 'utf8')) ?? [];
    return Number(kilobytes) / 1024;
  }

  /** Starts whatever does not run, and opens the page anew when its host is a new one. */
  async start(): Promise<void> {
    if (this.#host !== undefined && !isRunning(this.#host.pid)) {
      this.died.push(`${this.name}: the host ended by itself: ${this.#host.errors().slice(-2_000)}`);
      this.#host = undefined;
    }
    const isNewHost = this.#host === undefined;
    if (isNewHost) {
      this.#host = await this.#startHost();
      this.#port = Number(new URL(this.#host.url).port);
    }
    const isNewBrowser = this.#context === undefined;
    if (isNewBrowser) this.#context = await this.#openBrowser();
    if (isNewHost || isNewBrowser) await this.#openPage();
  }

  async killHost(): Promise<void> {
    await this.#host?.kill();
    this.#host = undefined;
  }

  /** `kill -9` of the browser, of all its processes. */
  async killBrowser(): Promise<void> {
    const context = this.#context;
    this.#context = undefined;
    this.#page = undefined;
    const pids = pidsWith(`--user-data-dir=${this.#profile}`);
    for (const pid of pids) kill(pid);
    await within(context?.close() ?? Promise.resolve(), 10_000, 'the browser did not close').catch(
      () => undefined,
    );
    await untilGone(pids);
  }

  async write(isWriting: boolean): Promise<void> {
    this.isWriting = isWriting;
    await this.call('write', isWriting);
  }

  async answer(): Promise<Answer> {
    return this.call('answer');
  }

  /** Asks the page. @throws when it does not answer within a minute. */
  async call<K extends keyof TorturePage>(
    name: K,
    ...args: Parameters<TorturePage[K]>
  ): Promise<Awaited<ReturnType<TorturePage[K]>>> {
    const page = this.#page;
    if (page === undefined) throw new Error(`${this.name} has no page.`);
    const asked = page.evaluate(
      ([method, given]) =>
        (window.torture[method] as (...all: unknown[]) => Promise<unknown>)(...(given as unknown[])),
      [name, args] as [keyof TorturePage, unknown[]],
    ) as Promise<Awaited<ReturnType<TorturePage[K]>>>;
    return within(asked, 60_000, `${this.name}: ${name} was not answered`);
  }

  /** A second host on the same data. @returns what it says on its way out; `undefined` when it was let in. */
  async startSecondHost(): Promise<string | undefined> {
    try {
      const second = await startChild('host', this.#hostOptions(0));
      await second.kill();
      return undefined;
    } catch (thrown) {
      return thrown instanceof Error ? thrown.message : String(thrown);
    }
  }

  /** The data folder as it lies there, for a second laptop that is to go on from it. */
  async copyDataTo(folder: string): Promise<void> {
    await cp(this.dataDir, folder, { recursive: true });
  }

  async close(): Promise<void> {
    await within(this.#context?.close() ?? Promise.resolve(), 10_000, 'the browser did not close').catch(
      () => undefined,
    );
    const pids = pidsWith(`--user-data-dir=${this.#profile}`);
    for (const pid of pids) kill(pid);
    await untilGone(pids);
    await this.killHost();
    await this.proxy.close();
    await this.disk?.remove();
    await rm(this.#folder, { recursive: true, force: true });
  }

  get #profile(): string {
    return path.join(this.#folder, 'profile');
  }

  #hostOptions(port: number): object {
    return {
      port,
      dataDir: this.dataDir,
      rendererDir: this.#options.rendererDir,
      version: 'torture',
      syncTiming: SYNC_TIMING,
    };
  }

  /** On the port it had: the browser's storage belongs to it. */
  async #startHost(): Promise<Child> {
    return startChild('host', this.#hostOptions(this.#port), this.time?.env ?? {});
  }

  async #openBrowser(): Promise<BrowserContext> {
    const context = await chromium.launchPersistentContext(this.#profile, {
      executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
      args: ARGS,
      handleSIGINT: false,
      handleSIGTERM: false,
      handleSIGHUP: false,
    });
    const { ledger } = this.#options;
    await context.exposeFunction('tortureAttempt', (drafts: EventDraft[]) => ledger.attempt(drafts));
    await context.exposeFunction('tortureSaved', (events: DomainEvent[]) => ledger.save(events));
    await context.exposeFunction('tortureKept', (sha256: string) => void ledger.kept.add(sha256));
    await context.addInitScript(
      `window.torturer = {
        attempt: (drafts) => window.tortureAttempt(drafts),
        saved: (events) => window.tortureSaved(events),
        kept: (sha256) => window.tortureKept(sha256),
      };`,
    );
    return context;
  }

  async #openPage(): Promise<void> {
    if (this.#context === undefined || this.#host === undefined) return;
    const old = this.#page;
    this.#page = await this.#context.newPage();
    await old?.close().catch(() => undefined);
    await this.#page.goto(this.#host.url);
    await this.#page.waitForFunction(() => 'torture' in window);
    this.#starts++;
    await this.call('open', this.proxy.url, this.user, `${this.#options.seed}/${this.#starts}`).catch(
      (thrown: unknown) => {
        throw new Error(`${this.name} did not open: ${this.hostErrors.slice(-2_000)}`, { cause: thrown });
      },
    );
    if (this.isWriting) await this.call('write', true);
  }
}

export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Processes of this machine whose command line has this argument. */
function pidsWith(argument: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => commandLine(pid).includes(argument))
    .map(Number);
}

function commandLine(pid: string | number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    // It has just ended.
    return '';
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has just ended.
  }
}

async function untilGone(pids: readonly number[]): Promise<void> {
  for (let tries = 0; tries < 500; tries++) {
    // A zombie has no command line.
    if (pids.every((pid) => commandLine(pid) === '')) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error('A browser does not end.');
}

export async function within<T>(work: Promise<T>, ms: number, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} within ${ms} ms.`)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
