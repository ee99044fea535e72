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
