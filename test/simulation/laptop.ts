import { join } from 'node:path';
import { LoginKeeper } from '#electron/services/access/login-keeper.ts';
import { BlobStore } from '#electron/services/blobs/blob-store.ts';
import { createJournalHandlers } from '#electron/services/journal/handlers.ts';
import { Journal } from '#electron/services/journal/journal.ts';
import { createSyncHandlers } from '#electron/services/sync/handlers.ts';
import { ServerClient } from '#electron/services/sync/server-client.ts';
import { SyncEngine } from '#electron/services/sync/sync-engine.ts';
import { SyncError } from '#electron/services/sync/sync-error.ts';
import type { StoreClient } from '#renderer/db/open-store.ts';
import { runEngine, type EngineHost } from '#renderer/sync/engine.ts';
import type { DecideContext } from '#shared/domain/refusal.ts';
import type { DomainEvent, EventDraft } from '#shared/events/envelope.ts';
import type { SyncStatus } from '#shared/host/sync.ts';
import { errorCode } from '#shared/host/errors.ts';
import { uuidV7 } from '#shared/events/uuid.ts';
import { Activity } from './activity.ts';
import type { CentralServer } from './central-server.ts';
import { FaultyDisk } from './faulty-disk.ts';
import { connectHost, connectStore } from './host-side.ts';
import { Life } from './life.ts';
import { MemoryVault } from './memory-vault.ts';
import type { Link, Network } from './network.ts';
import { plantInClient, type Plant } from './plants.ts';
import type { Random } from './random.ts';
import type { DeviceClock, VirtualTime } from './virtual-time.ts';
import { VirtualTimers } from './virtual-timers.ts';

export interface Person {
  readonly id: string;
  readonly roles: readonly string[];
  readonly region: string;
}

export interface LaptopOptions {
  readonly name: string;
  readonly person: Person;
  readonly folder: string;
  readonly clock: DeviceClock;
  readonly time: VirtualTime;
  readonly random: Random;
  readonly network: Network;
  readonly server: CentralServer;
  readonly plant: Plant | undefined;
}

/** Everything that lives from one start of a laptop to its end. */
interface Run {
  readonly life: Life;
  readonly disk: FaultyDisk;
  readonly journal: Journal;
  readonly engine: SyncEngine;
  readonly keeper: LoginKeeper;
  readonly host: EngineHost;
  readonly store: StoreClient;
  readonly timers: VirtualTimers;
  readonly ended: Promise<unknown>;
}

/**
 * One simulated laptop: the real journal on real files, the real push and pull
 * of the host, the real loop of the page and the real store, between ports that fail.
 */
export class Laptop {
  readonly name: string;
  readonly person: Person;
  readonly clock: DeviceClock;
  /** Facts of which the journal has said "saved": none of them may ever be missing. */
  readonly saved: DomainEvent[] = [];
  /** Refused facts that the person has looked at and let go. */
  readonly givenUp = new Set<string>();
  /** What went wrong in the page's loop and is not the network's doing. */
  readonly troubles: string[] = [];
  /** In which the person works as far as this laptop has heard. */
  regions: readonly string[] = [];
  readonly #options: LaptopOptions;
  readonly #link: Link;
  readonly #url: string;
  #run: Run | undefined;
  readonly #plantMemory = { isWedged: false };
  #storeNumber = 1;
  readonly #vault = new MemoryVault();
  #deviceId: string;
  #deviceCode = '';

  constructor(options: LaptopOptions) {
    this.#options = options;
    this.name = options.name;
    this.person = options.person;
    this.clock = options.clock;
    this.#deviceId = `device-${options.name}`;
    this.#link = {
      name: options.name,
      isUp: true,
      isOutdated: false,
      life: new Life(),
      activity: new Activity(options.name),
    };
    this.#url = options.network.connect(this.#link);
  }

  get isCrashed(): boolean {
    return this.#run === undefined || this.#run.life.isOver;
  }

  get store(): StoreClient {
    return this.#running.store;
  }

  get journal(): Journal {
    return this.#running.journal;
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

  get databaseName(): string {
    return `${this.#options.server.tenant}-${this.name}-${this.#storeNumber}`;
  }

  get #running(): Run {
    if (this.#run === undefined) throw new Error(`${this.name} is not running.`);
    return this.#run;
  }

  async logIn(): Promise<void> {
    const { server } = this.#options;
    const keeper = this.#run?.keeper ?? this.#openKeeper(new Life());
    const answer = await server.logIn(this.person.id, {
      id: this.#deviceId,
      ...(this.#deviceCode !== '' && { code: this.#deviceCode }),
      name: this.name,
      platform: 'simulation',
      publicKey: (await keeper.key()).publicKey,
    });
    try {
      await keeper.keep(answer);
    } catch (thrown) {
      // The power went between the answer and the disk: the next start has no login yet, or the one before.
      if (this.#run?.life.isOver === true) return;
      throw thrown;
    }
    this.regions = answer.regions;
    this.#deviceId = answer.deviceId;
    this.#deviceCode = answer.deviceCode;
    if (this.#run === undefined) return;
    this.#run.engine.loggedIn();
    await this.settle();
  }

  #openKeeper(life: Life): LoginKeeper {
    const { clock } = this.#options;
    const vault = this.#vault.during(life);
    return new LoginKeeper({
      vault,
      clock,
      device: () => this.#deviceId,
      onStanding: ({ regions }) => {
        this.regions = regions;
      },
    });
  }

  /** Opens the journal, reads it into the store and waits for the first word to pull. */
  async start(): Promise<void> {
    const { clock, time, folder, random } = this.#options;
    const life = new Life();
    const activity = new Activity(this.name);
    this.#link.life = life;
    this.#link.activity = activity;
    const disk = new FaultyDisk(life, random.fork(`disk-${clock.bootId}`));
    const opened = await Journal.open({
      dir: join(folder, 'journal'),
      device: this.#deviceId,
      actor: this.person.id,
      clock,
      files: disk,
      // Many small segments: what happens at their borders happens often.
      segmentBytes: 24 * 1024,
    });
    const journal = activity.counted(opened);
    for (const { kind, file } of journal.problems)
      if (kind !== 'torn') this.troubles.push(`journal: ${kind} in ${file}`);
    const keeper = this.#openKeeper(life);
    await keeper.load();
    await keeper.key();
    const client = new ServerClient(this.#url, undefined, { tokens: keeper });
    plantInClient(client, this.#options.plant, this.#plantMemory);
    const blobs = activity.counted(await BlobStore.open(join(folder, 'blobs')));
    const timers = new VirtualTimers(time);
    const engine = new SyncEngine({
      journal,
      blobs,
      client,
      clock,
      random: () => random.next(),
      timers,
      onFault: (thrown) => this.#note(thrown, life),
    });
    const context = { journal, engine, openedAt: '', deviceCode: this.#deviceCode };
    const nowMs = (): number => clock.nowMs();
    const host = connectHost(
      createJournalHandlers(() => context),
      createSyncHandlers({ workspace: () => context, nowMs }),
      activity,
    );
    const store = connectStore(this.databaseName, nowMs, { life, disk, activity });
    const ended = runEngine(host, store, this.#events(life), life.ended).catch((thrown: unknown) => {
      this.#note(thrown, life);
    });
    this.#run = { life, disk, journal, engine, keeper, host, store, timers, ended };
    engine.start();
    await this.settle();
  }

  /** The power has gone. Whatever was under way ends; the next start finds what the disk kept. */
  async crash(losesStore: boolean): Promise<void> {
    const run = this.#running;
    run.life.end();
    await this.settle();
    await run.ended;
    await run.disk.losePower();
    this.#run = undefined;
    this.clock.reboot();
    if (losesStore) this.#storeNumber++;
  }

  /** Ends without a word; nothing is looked at any more. */
  async abandon(): Promise<void> {
    this.#run?.life.end();
    await this.#run?.disk.losePower();
    this.#run = undefined;
  }

  /** Nothing more happens here until the network or somebody does something. */
  settle(): Promise<void> {
    return this.#link.activity.idle();
  }

  /** Somebody asks for it: sends and fetches now. */
  async syncNow(): Promise<void> {
    this.#running.engine.now();
    await this.settle();
  }

  /** Tells the page that there may be something new. */
  async pull(): Promise<void> {
    this.#running.engine.pokes.emit('poke');
    await this.settle();
  }

  /** The timers that are due fire, one after the other. */
  async fireTimers(): Promise<void> {
    const { timers, life } = this.#running;
    for (let fired = 0; fired < MOST_TIMERS && !life.isOver && timers.fireNext(); fired++)
      await this.settle();
  }

  async state(): Promise<SyncStatus['state']> {
    return (await this.#running.engine.status()).state;
  }

  /** Gives up what the server has refused: what waits behind it is sent. */
  async giveUpRefused(): Promise<void> {
    const { journal } = this.#running;
    const refused = journal.outbox().filter(({ state }) => state === 'refused');
    const ids = refused.map(({ event }) => event.id);
    for (const id of ids) this.givenUp.add(id);
    if (ids.length > 0) await journal.release(ids);
    await this.settle();
  }

  /** What the page does when nobody does anything. */
  async compact(): Promise<void> {
    const { store, life } = this.#running;
    await store.compact({}).catch((thrown: unknown) => this.#note(thrown, life));
    await this.settle();
  }

  /** Writes facts as a screen does: to the journal, then to the store. @returns whether they are saved. */
  async save(drafts: readonly EventDraft[]): Promise<boolean> {
    const { host, store, life } = this.#running;
    try {
      const { events } = await host.journal.append({ drafts: [...drafts] });
      this.saved.push(...events);
      await store.applyLocal({ events });
      return true;
    } catch (thrown) {
      this.#note(thrown, life);
      return false;
    } finally {
      await this.settle();
    }
  }

  /** @returns `undefined` when the disk or the power did not let it. */
  async takeNumber(): Promise<{ number: number; deviceCode: string } | undefined> {
    const { host, life } = this.#running;
    try {
      return await host.journal.takeNumber({ counter: 'ticket' });
    } catch (thrown) {
      this.#note(thrown, life);
      return undefined;
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

  #events(life: Life): Parameters<typeof runEngine>[2] {
    return {
      onJournalRead: () => undefined,
      onBootstrap: () => undefined,
      onRebuild: () => undefined,
      onTrouble: (thrown) => this.#note(thrown, life),
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

const EXPECTED: ReadonlySet<string | undefined> = new Set([
  'journal.diskFull',
  'sync.offline',
  'sync.needsLogin',
  'sync.cutOff',
  'sync.badAnswer',
  'sync.captivePortal',
  'sync.notAServer',
  'sync.otherVersion',
  'sync.serverFault',
  'sync.damagedSegment',
  'sync.otherEpoch',
]);

/** True for what the faults of the simulation bring about by design. */
function isExpected(thrown: unknown): boolean {
  if (EXPECTED.has(errorCode(thrown))) return true;
  if (thrown instanceof DOMException && thrown.name === 'QuotaExceededError') return true;
  // A restored server does not have the segments of the manifest that was fetched before.
  return thrown instanceof SyncError && thrown.detail['serverCode'] === 'sync.unknownSegment';
}
