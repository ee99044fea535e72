import { randomBytes } from 'node:crypto';
import type { Language, Workspace } from '#shared/host/app.ts';
import { WorkspaceSchema } from '#shared/host/app.ts';
import { HostError } from '#shared/host/errors.ts';
import type { LoginAnswer } from '#shared/sync/protocol.ts';
import { SYNC_PROTOCOL } from '#shared/sync/protocol.ts';
import type { BlobStore } from '../blobs/blob-store.ts';
import type { Clock } from '../journal/clock.ts';
import { Journal } from '../journal/journal.ts';
import { ServerClient } from '../sync/server-client.ts';
import { parseServerUrl } from '../sync/server-url.ts';
import { SyncEngine, type SyncTiming } from '../sync/sync-engine.ts';
import { SyncError } from '../sync/sync-error.ts';
import type { Vault } from '../vault/vault.ts';
import type { DataDir } from './data-dir.ts';
import { JsonFile } from './json-file.ts';

export interface OpenWorkspace {
  readonly workspace: Workspace;
  readonly journal: Journal;
  readonly engine: SyncEngine<ServerClient> | undefined;
  readonly openedAt: string;
}

export interface WorkspaceHolderOptions {
  readonly dir: DataDir;
  readonly vault: Vault;
  readonly blobs: BlobStore;
  readonly clock: Clock;
  readonly random: () => number;
  readonly seedDemo: (journal: Journal, about: { language: Language; deviceCode: string }) => Promise<void>;
  readonly timing?: Partial<SyncTiming>;
}

export interface ServerLogin {
  readonly url: string;
  readonly tenant?: string | undefined;
  readonly user: string;
  readonly password: string;
  readonly deviceName: string;
}

const TOKEN = 'server-token';
const DEMO_USER = { userId: 'li.wei', userName: '李伟', homeRegion: 'sz' } as const;
const ALL_ROLES = ['engineer', 'specialist', 'technician', 'desk', 'manager'];

/** The one workspace of a data folder: makes it, opens it, and logs it in again. */
export class WorkspaceHolder {
  readonly #options: WorkspaceHolderOptions;
  readonly #file: JsonFile<typeof WorkspaceSchema>;
  #open: OpenWorkspace | undefined;
  #isMaking = false;

  private constructor(options: WorkspaceHolderOptions) {
    this.#options = options;
    this.#file = new JsonFile(options.dir.workspace, WorkspaceSchema, damaged);
  }

  /**
   * Opens the workspace of the folder, if it has one.
   * @throws JournalError `journal.locked` while another process has it; HostError `app.damagedWorkspace`.
   */
  static async open(options: WorkspaceHolderOptions): Promise<WorkspaceHolder> {
    const holder = new WorkspaceHolder(options);
    const workspace = await holder.#file.read();
    if (workspace !== undefined) {
      await holder.#enter(
        workspace,
        await holder.#openJournal(workspace),
        await options.vault.readInternal(TOKEN),
      );
    }
    return holder;
  }

  get current(): OpenWorkspace | undefined {
    return this.#open;
  }

  /** @throws HostError `app.noWorkspace`. */
  demand(): OpenWorkspace {
    if (this.#open !== undefined) return this.#open;
    throw new HostError('app.noWorkspace', 'Choose the demo workspace or a server first.');
  }

  /** @throws HostError `app.alreadyInWorkspace`. */
  startDemo(language: Language): Promise<void> {
    return this.#make(async () => {
      const suffix = randomBytes(6).toString('hex');
      const workspace: Workspace = {
        kind: 'demo',
        workspaceId: `demo-${suffix}`,
        ...DEMO_USER,
        roles: ALL_ROLES,
        deviceId: `demo-device-${suffix}`,
        deviceCode: 'DEMO',
        scopes: ['org', `region/${DEMO_USER.homeRegion}`, `user/${DEMO_USER.userId}`],
      };
      const journal = await this.#openFreshJournal(workspace);
      await this.#finish(workspace, journal, () =>
        this.#options.seedDemo(journal, { language, deviceCode: workspace.deviceCode }),
      );
    });
  }

  /** @throws HostError `app.alreadyInWorkspace`, `app.badUrl` and those of a login. */
  connectServer(login: ServerLogin): Promise<void> {
    return this.#make(async () => {
      const url = parseServerUrl(login.url);
      const client = new ServerClient(url);
      const { protocol } = await client.hello();
      if (protocol.max < SYNC_PROTOCOL.min || protocol.min > SYNC_PROTOCOL.max) {
        throw new SyncError(
          'sync.otherVersion',
          'The server speaks another version. Update Faultline or the server.',
        );
      }
      const { tenant = 'main', user, password, deviceName } = login;
      const answer = await client.login({
        tenant,
        user,
        password,
        device: { name: deviceName, platform: process.platform },
      });
      const workspace = workspaceOf(url, answer);
      const journal = await this.#openFreshJournal(workspace);
      await this.#finish(
        workspace,
        journal,
        () => this.#options.vault.keepInternal(TOKEN, answer.token),
        answer.token,
      );
    });
  }

  /** Logs the same user in again. @throws HostError `app.notOnServer` and those of a login. */
  async login(password: string): Promise<void> {
    const { workspace, engine } = this.demand();
    if (engine === undefined || workspace.serverUrl === undefined) {
      throw new HostError('app.notOnServer', 'The demo workspace has no server to log in to.');
    }
    const { tenant = 'main', userId, deviceId, serverUrl } = workspace;
    const answer = await new ServerClient(serverUrl).login({
      tenant,
      user: userId,
      password,
      device: { id: deviceId, name: workspace.deviceCode, platform: process.platform },
    });
    // Roles and scopes may have changed since; device and user may not.
    const renewed = {
      ...workspace,
      userName: answer.userName,
      roles: answer.roles,
      scopes: answer.scopes,
      homeRegion: answer.homeRegion,
    };
    await this.#file.write(renewed);
    await this.#options.vault.keepInternal(TOKEN, answer.token);
    this.#open = { ...this.demand(), workspace: renewed };
    engine.loggedIn(answer.token);
  }

  /** The vault was unlocked: the login that lay in it can be used now. */
  async useStoredToken(): Promise<void> {
    const token = await this.#options.vault.readInternal(TOKEN);
    if (token !== undefined) this.#open?.engine?.loggedIn(token);
  }

  async close(): Promise<void> {
    await this.#open?.engine?.close();
    await this.#open?.journal.close();
    this.#open = undefined;
  }

  async #make(work: () => Promise<void>): Promise<void> {
    if (this.#open !== undefined || this.#isMaking) {
      throw alreadyInWorkspace();
    }
    this.#isMaking = true;
    try {
      await work();
    } finally {
      this.#isMaking = false;
    }
  }

  /** The file is written last: a start that was cut off before begins again. */
  async #finish(
    workspace: Workspace,
    journal: Journal,
    prepare: () => Promise<void>,
    token?: string,
  ): Promise<void> {
    try {
      await prepare();
      await this.#file.write(workspace);
    } catch (thrown) {
      await journal.close();
      throw thrown;
    }
    await this.#enter(workspace, journal, token);
  }

  #openJournal({ deviceId, userId }: Workspace, startFresh = false): Promise<Journal> {
    const { dir, clock } = this.#options;
    return Journal.open({ dir: dir.journal, device: deviceId, actor: userId, clock, startFresh });
  }

  /** What a start that was cut off had written belongs to no workspace: it must not be sent to a server. */
  async #openFreshJournal(workspace: Workspace): Promise<Journal> {
    const journal = await this.#openJournal(workspace, true);
    // The lock is ours now: whatever another process has made before, it has finished.
    if ((await this.#file.read()) === undefined) return journal;
    await journal.close();
    throw alreadyInWorkspace();
  }

  async #enter(workspace: Workspace, journal: Journal, token: string | undefined): Promise<void> {
    const { blobs, clock, random, timing } = this.#options;
    const { serverUrl } = workspace;
    const engine =
      serverUrl === undefined
        ? undefined
        : new SyncEngine({
            journal,
            blobs,
            client: new ServerClient(serverUrl, token),
            clock,
            random,
            timing,
          });
    this.#open = { workspace, journal, engine, openedAt: new Date(clock.nowMs()).toISOString() };
    engine?.start();
  }
}

function workspaceOf(serverUrl: string, answer: LoginAnswer): Workspace {
  const { tenant, userId, userName, roles, deviceId, deviceCode, homeRegion, scopes } = answer;
  return {
    kind: 'server',
    workspaceId: `server-${deviceId}`,
    userId,
    userName,
    roles,
    deviceId,
    deviceCode,
    homeRegion,
    scopes,
    serverUrl,
    tenant,
  };
}

function alreadyInWorkspace(): HostError {
  return new HostError('app.alreadyInWorkspace', 'This data folder already has a workspace.');
}

/** Beginning anew would hide the journal and what is unsent in it. */
function damaged(): never {
  throw new HostError(
    'app.damagedWorkspace',
    'The file workspace.json in the data folder is damaged. Restore it from a backup. The journal beside it is untouched.',
  );
}
