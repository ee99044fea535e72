import { z } from 'zod';
import { call, type ServiceSpec, stream } from './define.ts';
import { VaultStateSchema } from './vault.ts';

export const LANGUAGES = ['zh-CN', 'en'] as const;
export const LanguageSchema = z.enum(LANGUAGES);
export type Language = z.infer<typeof LanguageSchema>;

/** What the user chose for this computer. Everything has a default, so a lost file costs nothing. */
export const SettingsSchema = z.object({
  language: LanguageSchema,
  theme: z.enum(['light', 'dark', 'system']),
  density: z.enum(['compact', 'normal', 'field']),
});
export type Settings = z.infer<typeof SettingsSchema>;

/** Where the facts of this data folder belong, and who works on them here. */
export const WorkspaceSchema = z.object({
  kind: z.enum(['demo', 'server']),
  /** Names the renderer's database, so that two workspaces never share one. */
  workspaceId: z.string(),
  userId: z.string(),
  userName: z.string(),
  roles: z.array(z.string()),
  deviceId: z.string(),
  /** First part of every number born on this device, e.g. `SZ03`. */
  deviceCode: z.string(),
  homeRegion: z.string(),
  scopes: z.array(z.string()),
  serverUrl: z.string().optional(),
  tenant: z.string().optional(),
  /** All regions the user works in, the home region first; missing in workspaces of earlier versions. */
  regions: z.array(z.string()).optional(),
  teams: z.array(z.string()).optional(),
  /** Set when this laptop's identity was found in use elsewhere, too (a copied profile): since when it has its own, and the code before. */
  renewed: z.object({ at: z.string(), from: z.string() }).optional(),
});
export type Workspace = z.infer<typeof WorkspaceSchema>;

/** What this host can do. Screens ask here, never which host it is. */
export const CapabilitiesSchema = z.object({
  nativeMenu: z.boolean(),
  nativeDialogs: z.boolean(),
  safeStorage: z.boolean(),
  openExternal: z.boolean(),
  notifications: z.boolean(),
  autoUpdate: z.boolean(),
});
export type Capabilities = z.infer<typeof CapabilitiesSchema>;

export const AppInfoSchema = z.object({
  version: z.string(),
  hostKind: z.enum(['desktop', 'browser']),
  capabilities: CapabilitiesSchema,
  /** `null` before the first start has chosen one. */
  workspace: WorkspaceSchema.nullable(),
  settings: SettingsSchema,
  vault: VaultStateSchema,
  /** `locked`: the known user has to unlock this laptop first; nothing of the workspace is answered until then (`app.locked`). */
  access: z.enum(['open', 'locked']),
  /** What became of a workspace whose device the office revoked, until a new one is chosen. */
  wiped: z
    .object({
      at: z.string(),
      /** Facts that the office has; facts and attachments that lie encrypted in `quarantineFile` because it has not got them. */
      handedOver: z.number().int(),
      quarantined: z.number().int(),
      quarantineFile: z.string().nullable(),
    })
    .nullable(),
});
export type AppInfo = z.infer<typeof AppInfoSchema>;

/** A moment of the start, in milliseconds since the process began. */
export const PerfMarkSchema = z.object({ name: z.string().max(80), atMs: z.number().nonnegative() });
export type PerfMark = z.infer<typeof PerfMarkSchema>;

export const FileFilterSchema = z.object({
  name: z.string().max(80),
  extensions: z.array(z.string().max(20)),
});

const nothing = z.object({});

/** The application as a whole: which workspace, which settings, what the host can do. */
export const appService = {
  info: call(nothing, AppInfoSchema),
  /** The present info at once, then again whenever it changes. */
  watch: stream(nothing, AppInfoSchema),
  /** Errors: `app.alreadyInWorkspace`. */
  startDemo: call(z.object({ language: LanguageSchema }), AppInfoSchema),
  /**
   * Logs in, registers the device and makes the workspace.
   * Errors: `app.alreadyInWorkspace`, `app.badUrl`, `sync.wrongPassword`, `sync.offline`, `sync.otherVersion`, `sync.notAServer`.
   */
  connectServer: call(
    z.object({
      url: z.string().max(500),
      tenant: z.string().max(80).optional(),
      user: z.string().min(1).max(80),
      password: z.string().min(1).max(1000),
      deviceName: z.string().min(1).max(200),
    }),
    AppInfoSchema,
  ),
  /** Logs in again after the token expired. What waits is sent then. Errors as `connectServer`, and `app.notOnServer`. */
  login: call(z.object({ password: z.string().min(1).max(1000) }), AppInfoSchema),
  /** How one can log in at that server, asked before the first login. Errors: `app.badUrl`, `sync.offline`, `sync.notAServer`, `sync.captivePortal`, `sync.untrustedCertificate`. */
  serverInfo: call(
    z.object({ url: z.string().max(500) }),
    z.object({ password: z.boolean(), oidc: z.object({ name: z.string() }).nullable() }),
  ),
  /**
   * Begins signing in through the company's provider in the user's browser: opens `url` there where the host can, and answers
   * it. With `url` of a server before there is a workspace, without it to log in again. Errors as `connectServer`.
   */
  beginBrowserLogin: call(
    z.object({
      url: z.string().max(500).optional(),
      tenant: z.string().max(80).optional(),
      deviceName: z.string().min(1).max(200),
    }),
    z.object({ url: z.string(), expiresAt: z.string() }),
  ),
  /** `code` is what the last page in the browser shows. Errors: `sync.wrongCode`, `app.noBrowserLogin`, and as `connectServer`. */
  completeBrowserLogin: call(z.object({ code: z.string().min(6).max(12) }), AppInfoSchema),
  /** Locks this laptop until {@link unlock}; sync goes on where the login allows it. Error: `app.noLock` without a passphrase vault. */
  lock: call(nothing, AppInfoSchema),
  /** Lets the known user in without a network. Errors: `vault.wrongPassphrase`, `app.unlockThrottled`. */
  unlock: call(z.object({ passphrase: z.string().max(1000) }), AppInfoSchema),
  /**
   * The key of the cached pages (AES-GCM, 256 bits), wrapped at rest by the vault. `protection: 'none'` when this computer has
   * no place to keep a key: `key` is null, the cache is not encrypted, and the settings say so.
   */
  cacheKey: call(
    nothing,
    z.object({
      key: z.instanceof(Uint8Array).nullable(),
      protection: z.enum(['os', 'passphrase', 'none']),
    }),
  ),
  setSettings: call(SettingsSchema.partial(), AppInfoSchema),
  /** Keeps a mark of the screen beside those of the host. */
  mark: call(PerfMarkSchema, nothing),
  marks: call(nothing, z.object({ marks: z.array(PerfMarkSchema) })),
  /** Opens an https or mailto address outside the application. Errors: `app.badUrl`, `host.unsupported`. */
  openExternal: call(z.object({ url: z.string().max(2000) }), nothing),
  /** A native dialog; `path` is null when the user closes it. Errors: `host.unsupported` without `nativeDialogs`. */
  pickFile: call(
    z.object({ title: z.string().max(200), filters: z.array(FileFilterSchema).default([]) }),
    z.object({ path: z.string().nullable() }),
  ),
  pickSavePath: call(
    z.object({
      title: z.string().max(200),
      suggestedName: z.string().max(200),
      filters: z.array(FileFilterSchema).default([]),
    }),
    z.object({ path: z.string().nullable() }),
  ),
} satisfies ServiceSpec;
