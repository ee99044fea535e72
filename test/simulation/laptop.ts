import { Dexie } from 'dexie';
import { finishWipe } from '#electron/services/access/wipe.ts';
import { BlobStore } from '#electron/services/blobs/blob-store.ts';
import type { Journal } from '#electron/services/journal/journal.ts';
import type { TrustingDispatcher } from '#electron/services/trust/trusting-dispatcher.ts';
import { openDataDir } from '#electron/services/workspace/data-dir.ts';
import { type OpenWorkspace, WorkspaceHolder } from '#electron/services/workspace/workspace-holder.ts';
import type { StoreClient } from '#renderer/db/open-store.ts';
import type { DecideContext } from '#shared/domain/refusal.ts';
import type { DomainEvent, EventDraft } from '#shared/events/envelope.ts';
import { uuidV7 } from '#shared/events/uuid.ts';
import { Activity } from './activity.ts';
import { isExpected } from './expected-errors.ts';
import { FaultyDisk } from './faulty-disk.ts';
import type { FilePort } from './laptop-files.ts';
import type { LaptopOptions } from './laptop-options.ts';
import { Life } from './life.ts';
import { type Page, openPage } from './laptop-page.ts';
import { MemoryVault } from './memory-vault.ts';
import type { Link } from './network.ts';
import { PASSWORD } from './office.ts';
import type { Random } from './random.ts';
import type { DeviceClock } from './virtual-time.ts';
import { VirtualTimers } from './virtual-timers.ts';

export interface Person {
  readonly id: string;
  readonly roles: readonly string[];
  readonly region: string;
}

/** Everything that lives from one start of a laptop to its end. */
interface Run {
  readonly life: Life;
  readonly activity: Activity;
  readonly disk: FaultyDisk;
  readonly holder: WorkspaceHolder;
  readonly blobs: BlobStore;
  readonly timers: VirtualTimers;
  /** The page, once there is a workspace. */
  page?: Page;
}

/** No address here has a certificate. */
const NO_TRUST = { of: async () => undefined } as unknown as TrustingDispatcher;
/** Many small segments: what happens at their borders happens often. */
const SEGMENT_BYTES = 24 * 1024;
/**
 * One simulated laptop: the product's own workspace with journal, blobs, login, sync and what belongs to it on real files,
 * the real loop of the page and the real store, between ports that fail.
 */
export class Laptop {
  readonly name: string;
  readonly person: Person;
  readonly clock: DeviceClock;
  /** Facts of which the journal has said "saved": none of them may ever be missing. */
  readonly saved: DomainEvent[] = [];
  /** Refused facts that the person has looked at and let go. */
  readonly givenUp = new Set<string>();
  readonly origin: Laptop | undefined;
  /** The server was restored after this laptop was wiped: what it had handed over may be gone. */
  isForgotten = false;
  /** What went wrong and is not explained by the faults of the simulation. */
  readonly troubles: string[] = [];
  readonly #options: LaptopOptions;
  readonly #link: Link;
  readonly #url: string;
  readonly #vault: MemoryVault;
  #run: Run | undefined;
  /** Of the run that is under way, or was last: nothing that it left undone reaches the disk. */
  #port: (Pick<Run, 'life' | 'activity'> & Partial<Pick<Run, 'disk'>>) | undefined;
  #storeNumber = 1;
  #isWiped = false;
  #isLoggingIn = false;

  constructor(options: LaptopOptions) {
    this.#options = options;
    this.name = options.name;
    this.person = options.person;
    this.clock = options.clock;
    this.#vault = options.origin?.vault.copy() ?? new MemoryVault();
    this.origin = options.origin;
    this.#link = {
      name: options.name,
      isUp: true,
      isOutdated: false,
      life: new Life(),
      activity: new Activity(options.name),
    };
    this.#url = options.network.connect(this.#link);
    for (const folder of [options.folder, options.quarantineDir])
      options.files.watch(folder, () => this.#filePort());
  }

  get isCrashed(): boolean {
    return !this.#isWiped && (this.#run === undefined || this.#run.life.isOver);
  }

  /** There is power, and a workspace. */
  get isAtWork(): boolean {
    const { life, page, holder } = this.#run ?? {};
    return life?.isOver === false && page !== undefined && holder?.current !== undefined;
  }

  /** The office has revoked it, and nothing is on it any more. */
  get isWiped(): boolean {
    return this.#isWiped;
  }

  get store(): StoreClient {
    return this.#page.store;
  }

  get journal(): Journal {
    return this.workspace.journal;
  }

  get workspace(): OpenWorkspace {
    return this.#running.holder.demand();
  }

  get holder(): WorkspaceHolder {
    return this.#running.holder;
  }

  get blobs(): BlobStore {
    return this.#running.blobs;
  }

  get disk(): FaultyDisk {
    return this.#running.disk;
  }

  get link(): Link {
    return this.#link;
  }

  get life(): Life {
    return this.#running.life;
  }

  get vault(): MemoryVault {
    return this.#vault;
  }

  get folder(): string {
    return this.#options.folder;
  }

  get exportDir(): string {
    return this.#options.exportDir;
  }

  get address(): string {
    return this.#url;
  }

  get databaseName(): string {
    return `${this.#options.tenant}-${this.name}-${this.#storeNumber}`;
  }

  /** In which the person works as far as this laptop has heard. */
  get regions(): readonly string[] {
    return this.#run?.holder.current?.workspace.regions ?? [];
  }

  get #running(): Run {
    if (this.#run === undefined) throw new Error(`${this.name} is not running.`);
    return this.#run;
  }

  get #page(): Page {
    const { page } = this.#running;
    if (page === undefined) throw new Error(`${this.name} has no workspace.`);
    return page;
  }

  #filePort(): FilePort | undefined {
    const port = this.#port;
    return port && { life: port.life, activity: port.activity, isFull: port.disk?.isFull ?? false };
  }

  /** The person logs in, for the first time or again. Over a line that fails it may not come to an end, or to none yet. */
  async logIn(): Promise<void> {
    if (this.#isLoggingIn) return;
    const { holder, life } = this.#running;
    const { tenant } = this.#options;
    this.#isLoggingIn = true;
    const login =
      holder.current === undefined
        ? holder.connectServer({
            url: this.#url,
            tenant,
            user: this.person.id,
            password: PASSWORD,
            deviceName: this.name,
          })
        : holder.login(PASSWORD);
    login
      .catch((thrown: unknown) => this.#note(thrown, life))
      .finally(() => {
        this.#isLoggingIn = false;
      });
    await this.settle();
    if (holder.current !== undefined && !life.isOver) await this.#openPage();
  }

  /** Opens the workspace, if there is one, reads the journal into the store and waits for the first word to pull. */
  async start(): Promise<void> {
    const { clock, time, folder, random } = this.#options;
    const life = new Life();
    const activity = new Activity(this.name);
    this.#link.life = life;
    this.#link.activity = activity;
    this.#isLoggingIn = false;
    this.#port = { life, activity };
    const dir = await openDataDir(folder);
    // A wipe that was cut off goes on.
    await finishWipe(dir);
    const disk = new FaultyDisk(life, activity, random.fork(`disk-${clock.bootId}`));
    const timers = new VirtualTimers(time);
    const blobs = await BlobStore.open(dir.blobs);
    const holder = await WorkspaceHolder.open({
      dir,
      vault: this.#vault.during(life),
      blobs,
      clock,
      random: () => random.next(),
      trust: NO_TRUST,
      seedDemo: async () => undefined,
      exportDir: this.#options.quarantineDir,
      sealByOs: async () => undefined,
      timers,
      journalFiles: { files: disk, segmentBytes: SEGMENT_BYTES },
      onFault: (_where, thrown) => this.#note(thrown, life),
    });
    // Much of a wipe passes by the counted ports: nothing else may happen in the middle of it only because a disk is slow.
    const wipe = holder.wipe.bind(holder);
    holder.wipe = () => activity.throughout('wipe', wipe);
    this.#run = { life, activity, disk, holder, blobs, timers };
    this.#port = this.#run;
    for (const { kind, file } of holder.current?.journal.problems ?? [])
      if (kind !== 'torn') this.troubles.push(`journal: ${kind} in ${file}`);
    if (holder.current !== undefined) await this.#openPage();
    else if (holder.wiped !== undefined) await this.#forgetPage();
  }

  async #openPage(): Promise<void> {
    const run = this.#running;
    if (run.page !== undefined) return;
    run.page = openPage(this.databaseName, run, {
      nowMs: () => this.clock.nowMs(),
      onTrouble: (thrown) => this.#note(thrown, run.life),
    });
    await this.settle();
  }

  /** The power has gone. Whatever was under way ends; the next start finds what the disk kept. */
  async crash(losesStore: boolean): Promise<void> {
    const run = this.#running;
    run.life.end();
    await run.activity.idle();
    await run.page?.ended;
    await run.disk.losePower();
    this.#run = undefined;
    this.clock.reboot();
    if (losesStore) this.#storeNumber++;
  }

  /** Ends without a word; nothing is looked at any more. */
  async abandon(): Promise<void> {
    this.#run?.life.end();
    await this.#link.activity.idle();
    await this.#run?.disk.losePower();
    this.#run = undefined;
  }

  /** Nothing more happens here until the network or somebody does something. */
  async settle(): Promise<void> {
    await this.#link.activity.idle();
    await this.noticeWipe();
  }

  /** The page of a workspace that was wiped goes as well. */
  async noticeWipe(): Promise<void> {
    if (this.#run === undefined || this.#run.life.isOver) return;
    const { holder } = this.#run;
    if (holder.wiped !== undefined && holder.current === undefined) await this.#forgetPage();
  }

  /** What the page does when the workspace was wiped. */
  async #forgetPage(): Promise<void> {
    const run = this.#running;
    run.life.end();
    await run.activity.idle();
    await run.page?.ended;
    await run.disk.losePower();
    this.#run = undefined;
    this.#port = undefined;
    this.#isWiped = true;
    await Dexie.delete(this.databaseName);
  }

  /** Somebody asks for it: sends and fetches now. */
  async syncNow(): Promise<void> {
    if (this.#isWiped) return;
    this.workspace.engine?.now();
    await this.settle();
  }

  /** Tells the page that there may be something new. */
  async pull(): Promise<void> {
    if (this.#isWiped) return;
    this.workspace.engine?.pokes.emit('poke');
    await this.settle();
  }

  /** The timers that are due fire, one after the other. */
  async fireTimers(): Promise<void> {
    const { timers, life } = this.#running;
    for (let fired = 0; fired < MOST_TIMERS && !life.isOver && timers.fireNext(); fired++)
      await this.settle();
  }

  async needsLogin(): Promise<boolean> {
    const { holder } = this.#running;
    if (holder.current === undefined) return true;
    return (await holder.current.engine?.status())?.state === 'needsLogin';
  }

  /** Gives up what the server has refused: what waits behind it is sent. */
  async giveUpRefused(): Promise<void> {
    if (this.#isWiped) return;
    const { journal } = this;
    const refused = journal.outbox().filter(({ state }) => state === 'refused');
    const ids = refused.map(({ event }) => event.id);
    for (const id of ids) this.givenUp.add(id);
    if (ids.length > 0) await journal.release(ids);
    await this.settle();
  }

  /** What the page does when nobody does anything. */
  async compact(): Promise<void> {
    const { life } = this.#running;
    await this.store.compact({}).catch((thrown: unknown) => this.#note(thrown, life));
    await this.settle();
  }

  /** Writes facts as a screen does: to the journal, then to the store. @returns whether they are saved. */
  async save(drafts: readonly EventDraft[]): Promise<boolean> {
    const { host, store } = this.#page;
    const isSaved = await this.attempt(async () => {
      const { events } = await host.journal.append({ drafts: [...drafts] });
      this.saved.push(...events);
      await store.applyLocal({ events });
      return true;
    });
    return isSaved ?? false;
  }

  /** @returns `undefined` when the disk or the power did not let it. */
  takeNumber(): Promise<{ number: number; deviceCode: string } | undefined> {
    return this.attempt(() => this.#page.host.journal.takeNumber({ counter: 'ticket' }));
  }

  /** Does something that may fail as everything here may. @returns `undefined` when it did. */
  async attempt<T>(work: () => Promise<T>): Promise<T | undefined> {
    const { life } = this.#running;
    try {
      return await work();
    } catch (thrown) {
      this.#note(thrown, life);
      return undefined;
    } finally {
      await this.settle();
    }
  }

  /** @param region in which something new is opened; the home region if not given. */
  decideContext(random: Random, region = this.regions[0] ?? this.person.region): DecideContext {
    return {
      actor: this.person.id,
      roles: this.person.roles,
      scope: `region/${region}`,
      now: new Date(this.clock.nowMs()).toISOString(),
      newId: () => uuidV7(this.clock.nowMs(), random.bytes(10)),
    };
  }

  /** Keeps what the faults of the simulation do not explain. */
  #note(thrown: unknown, life: Life): void {
    if (life.isOver || isExpected(thrown)) return;
    this.troubles.push(thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown));
  }
}

/** One jump of the time makes no more of them fire. */
const MOST_TIMERS = 12;
