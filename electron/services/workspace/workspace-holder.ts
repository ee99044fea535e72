import { mkdir, rm } from 'node:fs/promises';
import type { Language, Workspace } from '#shared/host/app.ts';
import { WorkspaceSchema } from '#shared/host/app.ts';
import type { LoginAnswer, RefreshAnswer } from '#shared/sync/protocol.ts';
import { generateDeviceKey } from '../access/device-key.ts';
import { LoginKeeper } from '../access/login-keeper.ts';
import { forgetWiped, readWiped, type Wiped } from '../access/wipe.ts';
import { BlobStore } from '../blobs/blob-store.ts';
import { CarriedStore } from '../bundle/carried-store.ts';
import type { UnsentWork } from '../bundle/unsent-work.ts';
import { Journal } from '../journal/journal.ts';
import type { ServerClient } from '../sync/server-client.ts';
import type { SyncEngine } from '../sync/sync-engine.ts';
import { SyncError } from '../sync/sync-error.ts';
import { aDemoWorkspace } from './demo-workspace.ts';
import { InTurn } from './in-turn.ts';
import { JsonFile } from './json-file.ts';
import { makeEngine } from './make-engine.ts';
import { type LoginDevice, ServerDoor } from './server-door.ts';
import { SingleFlight } from './single-flight.ts';
import { SyncMemory } from './sync-memory.ts';
import { wipeWorkspace } from './wipe-workspace.ts';
import {
  alreadyInWorkspace,
  damagedWorkspace,
  noWorkspace,
  notOnServer,
  otherUser,
} from './workspace-errors.ts';
import type { WorkspaceHolderOptions } from './workspace-holder-options.ts';
import { identityOf, standing, workspaceOf } from './workspace-of-answer.ts';

export interface OpenWorkspace {
  readonly workspace: Workspace;
  readonly journal: Journal;
  readonly carried: CarriedStore;
  readonly engine: SyncEngine<ServerClient> | undefined;
  readonly openedAt: string;
}

export interface ServerLogin {
  readonly url: string;
  readonly tenant?: string | undefined;
  readonly user: string;
  readonly password: string;
  readonly deviceName: string;
}

/** The one workspace of a data folder: makes it, opens it, logs it in again, and lets it go. */
export class WorkspaceHolder {
  readonly #options: WorkspaceHolderOptions;
  readonly #file: JsonFile<typeof WorkspaceSchema>;
  readonly #memory: SyncMemory;
  readonly #keeper: LoginKeeper;
  readonly #door: ServerDoor;
  #open: OpenWorkspace | undefined;
  #wiped: Wiped | undefined;
  #isMaking = false;
  readonly #renewals = new SingleFlight<void>();
  readonly #wipes = new SingleFlight<void>();
  /** What the files say about who this laptop is changes one after the other; after a wipe nothing changes it back. */
  readonly #identity = new InTurn();
  /** Bundles are made and taken in one after the other, and none while a wipe is under way. */
  readonly #bundles = new InTurn();

  private constructor(options: WorkspaceHolderOptions) {
    this.#options = options;
    this.#file = new JsonFile(options.dir.workspace, WorkspaceSchema, () => {
      throw damagedWorkspace();
    });
    this.#memory = new SyncMemory(options.dir.sync, (thrown) => options.onFault?.('sync memory', thrown));
    this.#keeper = new LoginKeeper({
      vault: options.vault,
      clock: options.clock,
      device: () => this.demand().workspace.deviceId,
      onStanding: (answer) => this.#stand(answer),
    });
    this.#door = new ServerDoor(this.#keeper, options.trust);
  }

  /**
   * Opens the workspace of the folder, if it has one.
   * @throws JournalError `journal.locked` while another process has it; HostError `app.damagedWorkspace`.
   */
  static async open(options: WorkspaceHolderOptions): Promise<WorkspaceHolder> {
    const holder = new WorkspaceHolder(options);
    holder.#wiped = await readWiped(options.dir);
    const workspace = await holder.#file.read();
    if (workspace !== undefined) {
      const journal = await holder.#openJournal(workspace);
      await holder.#closeUnless(journal, async () => {
        await holder.#keeper.load();
        holder.#start(await holder.#prepare(workspace, journal));
      });
    }
    return holder;
  }

  get current(): OpenWorkspace | undefined {
    return this.#open;
  }

  /** What became of the workspace before, until a new one is chosen. */
  get wiped(): Wiped | undefined {
    return this.#wiped;
  }

  get door(): ServerDoor {
    return this.#door;
  }

  /** @throws HostError `app.noWorkspace`. */
  demand(): OpenWorkspace {
    if (this.#open !== undefined) return this.#open;
    throw noWorkspace();
  }

  /** @throws HostError `app.alreadyInWorkspace`. */
  startDemo(language: Language): Promise<void> {
    return this.#make(async () => {
      const workspace = aDemoWorkspace();
      const journal = await this.#openFreshJournal(workspace);
      await this.#finish(workspace, journal, () =>
        this.#options.seedDemo(journal, { language, deviceCode: workspace.deviceCode }),
      );
    });
  }

  /** @throws HostError `app.alreadyInWorkspace`, `app.badUrl` and those of a login. */
  connectServer({ url, tenant = 'main', user, password, deviceName }: ServerLogin): Promise<void> {
    return this.#make(async () => {
      const entered = await this.#door.login(url, { tenant, user, password }, { name: deviceName });
      await this.#found(entered.url, entered.answer);
    });
  }

  /** Logs the same user in again. @throws HostError `app.notOnServer` and those of a login. */
  async login(password: string): Promise<void> {
    const { serverUrl, tenant, userId, device } = this.#serverOf();
    const { answer } = await this.#door.login(serverUrl, { tenant, user: userId, password }, device);
    await this.#loggedIn(answer);
  }

  /** Of the open workspace, or of a server that is to be connected. @throws HostError `app.notOnServer` and those of a login. */
  beginBrowserLogin(to: {
    readonly url?: string | undefined;
    readonly tenant?: string | undefined;
    readonly deviceName: string;
  }): Promise<{ url: string; expiresAt: string }> {
    if (this.#open === undefined && to.url !== undefined)
      return this.#door.beginBrowserLogin(to.url, to.tenant ?? 'main', { name: to.deviceName });
    const { serverUrl, tenant, device } = this.#serverOf();
    return this.#door.beginBrowserLogin(serverUrl, tenant, device);
  }

  /** @throws HostError `app.noBrowserLogin`, `app.otherUser` and those of a login. */
  async completeBrowserLogin(code: string): Promise<void> {
    if (this.#open !== undefined) {
      const { answer } = await this.#door.completeBrowserLogin(code);
      await this.#loggedIn(answer);
      return;
    }
    await this.#make(async () => {
      const { url, answer } = await this.#door.completeBrowserLogin(code);
      await this.#found(url, answer);
    });
  }

  /** The vault was unlocked: the login that lay in it can be used now. */
  async useStoredToken(): Promise<void> {
    if (this.#keeper.token === undefined && (await this.#keeper.load()))
      this.#open?.engine?.loggedIn(this.#keeper.token);
  }

  /** Work on bundles that no wipe may come into. @throws as {@link unsent}. */
  withUnsent<T>(work: (unsent: UnsentWork) => Promise<T>): Promise<T> {
    return this.#bundles.take(async () => work(await this.unsent()));
  }

  /** What a bundle of this laptop is made of. @throws HostError `app.noWorkspace`, SyncError `sync.demo`, HostError `vault.locked`. */
  async unsent(): Promise<UnsentWork> {
    const { workspace, journal, carried } = this.demand();
    if (workspace.tenant === undefined) throw new SyncError('sync.demo', 'The demo workspace has no server.');
    const { tenant, deviceId: device, userId: actor } = workspace;
    const { blobs } = this.#options;
    return { tenant, device, actor, signer: await this.#keeper.key(), journal, carried, blobs };
  }

  /**
   * After `sync.clonedDevice`: this laptop becomes a device of its own that succeeds the one whose identity is in use
   * elsewhere. Facts from before stay those of the old one. A cut in the middle ends in the same question of the server, or in
   * a login. Asked for again while it is under way, it is the same: of two devices and two keys one would be nobody's.
   */
  becomeNewDevice(): Promise<void> {
    return this.#renewals.run(() => this.#becomeNewDevice());
  }

  async #becomeNewDevice(): Promise<void> {
    const { workspace, journal } = this.demand();
    const { serverUrl } = this.#serverOf();
    const key = generateDeviceKey();
    const answer = await this.#door.client(serverUrl).renewDevice({
      device: {
        name: workspace.deviceCode,
        platform: process.platform,
        publicKey: key.publicKey,
      },
    });
    await this.#ofThis(journal, async () => {
      const renewed = {
        ...standing(workspace, answer),
        ...identityOf(answer),
        renewed: { at: new Date(this.#options.clock.nowMs()).toISOString(), from: workspace.deviceCode },
      };
      await this.#file.write(renewed);
      await key.keep(this.#options.vault);
      this.#keeper.replaceKey(key);
      await this.#keeper.keep(answer);
      await journal.becomeDevice(answer.deviceId);
      this.#open = { ...this.demand(), workspace: renewed };
    });
    this.#options.onChanged?.();
  }

  /**
   * The office has revoked this device: what was not handed over is sealed into a file, then everything goes.
   * Asked for again while it is under way, it is the same wipe: a second one would begin with what comes after the first.
   * @throws HostError `bundle.failed`, `app.cannotQuarantine`; then nothing was destroyed.
   */
  wipe(): Promise<void> {
    return this.#wipes.run(() => this.#identity.take(() => this.#bundles.take(() => this.#wipe())));
  }

  async #wipe(): Promise<void> {
    const { engine, journal } = this.demand();
    const { dir, vault, clock, exportDir, sealByOs } = this.#options;
    this.#wiped = await wipeWorkspace({
      dir,
      vault,
      work: await this.unsent(),
      exportDir,
      nowMs: clock.nowMs(),
      sealByOs,
      letGo: async () => {
        this.#options.onWiped?.();
        await this.#keeper.forgetDevice();
        await engine?.close();
        // What is still being written would stand in the folder of the next workspace.
        await this.#memory.settled();
        await journal.close();
        this.#open = undefined;
      },
    });
    // The store stays in use: an empty one.
    await BlobStore.open(dir.blobs);
    await mkdir(dir.uploads, { recursive: true });
    this.#options.onChanged?.();
  }

  async close(): Promise<void> {
    await this.#open?.engine?.close();
    await this.#memory.settled();
    await this.#open?.journal.close();
    this.#open = undefined;
  }

  async #make(work: () => Promise<void>): Promise<void> {
    if (this.#open !== undefined || this.#isMaking) {
      throw alreadyInWorkspace();
    }
    this.#isMaking = true;
    try {
      await this.#identity.take(async () => {
        await work();
        this.#wiped = undefined;
        // The workspace stands already: what stays of the one before is told again at a start without one, no more.
        await forgetWiped(this.#options.dir).catch((thrown: unknown) =>
          this.#options.onFault?.('workspace', thrown),
        );
      });
    } finally {
      this.#isMaking = false;
    }
  }

  async #found(url: string, answer: LoginAnswer): Promise<void> {
    const workspace = workspaceOf(url, answer);
    const journal = await this.#openFreshJournal(workspace);
    await this.#finish(workspace, journal, () => this.#keeper.keep(answer));
  }

  /** The file is written last: a start that was cut off before, or could not go on, begins again. */
  #finish(workspace: Workspace, journal: Journal, prepare: () => Promise<void>): Promise<void> {
    return this.#closeUnless(journal, async () => {
      await prepare();
      const opened = await this.#prepare(workspace, journal);
      try {
        await this.#file.write(workspace);
      } catch (thrown) {
        // It may stand there although the disk refused to say that it lasts: nobody has opened what it names.
        await rm(this.#options.dir.workspace, { force: true });
        throw thrown;
      }
      this.#start(opened);
    });
  }

  /** Lets go of the journal when `work` fails: or the next try would find it in use, by this very process. */
  async #closeUnless(journal: Journal, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (thrown) {
      await journal.close();
      throw thrown;
    }
  }

  #openJournal({ deviceId, userId }: Workspace, startFresh = false): Promise<Journal> {
    const { dir, clock, journalFiles } = this.#options;
    return Journal.open({
      ...journalFiles,
      dir: dir.journal,
      device: deviceId,
      actor: userId,
      clock,
      startFresh,
    });
  }

  /** What a start that was cut off had written belongs to no workspace: it must not be sent to a server. */
  async #openFreshJournal(workspace: Workspace): Promise<Journal> {
    const journal = await this.#openJournal(workspace, true);
    // The lock is ours now: whatever another process has made before, it has finished.
    if ((await this.#file.read()) === undefined) return journal;
    await journal.close();
    throw alreadyInWorkspace();
  }

  async #prepare(workspace: Workspace, journal: Journal): Promise<OpenWorkspace> {
    const { clock, dir } = this.#options;
    const carried = await CarriedStore.open(dir.carried, () => clock.monotonicMs());
    const engine =
      workspace.serverUrl === undefined
        ? undefined
        : await makeEngine(this.#options, this.#memory, {
            journal,
            carried,
            client: this.#door.client(workspace.serverUrl),
            identity: { becomeNewDevice: () => this.becomeNewDevice(), wipe: () => this.wipe() },
          });
    const openedAt = new Date(clock.nowMs()).toISOString();
    return { workspace, journal, carried, engine, openedAt };
  }

  #start(opened: OpenWorkspace): void {
    this.#open = opened;
    opened.engine?.start();
  }

  async #loggedIn(answer: LoginAnswer): Promise<void> {
    const { workspace, journal, engine } = this.demand();
    if (answer.userId !== workspace.userId) throw otherUser();
    await this.#ofThis(journal, async () => {
      await this.#keeper.keep(answer);
      await this.#change(standing(workspace, answer));
    });
    engine?.loggedIn(answer.token);
  }

  #stand(answer: RefreshAnswer): void {
    const { workspace, journal } = this.demand();
    const renewed = standing(workspace, answer);
    if (JSON.stringify(renewed) === JSON.stringify(workspace)) return;
    this.#ofThis(journal, () => this.#change(renewed)).catch((thrown: unknown) =>
      this.#options.onFault?.('workspace', thrown),
    );
  }

  /** In its turn, and only while the workspace that it is about is still open. @throws HostError `app.noWorkspace`. */
  #ofThis(journal: Journal, work: () => Promise<void>): Promise<void> {
    return this.#identity.take(async () => {
      if (this.#open?.journal !== journal) throw noWorkspace();
      await work();
    });
  }

  async #change(workspace: Workspace): Promise<void> {
    await this.#file.write(workspace);
    this.#open = { ...this.demand(), workspace };
    this.#options.onChanged?.();
  }

  #serverOf(): { serverUrl: string; tenant: string; userId: string; device: LoginDevice } {
    const { serverUrl, tenant = 'main', userId, deviceId, deviceCode } = this.demand().workspace;
    if (serverUrl === undefined) throw notOnServer();
    return { serverUrl, tenant, userId, device: { id: deviceId, code: deviceCode, name: deviceCode } };
  }
}
