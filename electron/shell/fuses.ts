/**
 * Electron's fuses as we burn them, each with its reason. electron-builder.yml
 * holds the same values (`electronFuses`), because that is what flips them;
 * a test compares the two.
 */
export const FUSES = {
  runAsNode: {
    on: false,
    reason: 'the signed binary must not be a general Node for whoever sets ELECTRON_RUN_AS_NODE',
  },
  enableNodeOptionsEnvironmentVariable: {
    on: false,
    reason: 'NODE_OPTIONS could load foreign code; private CAs have their own setting',
  },
  enableNodeCliInspectArguments: {
    on: false,
    reason: 'a debugger port is a way in; only the end-to-end artefact has it',
  },
  onlyLoadAppFromAsar: { on: true, reason: 'a folder beside the archive must not replace it' },
  enableEmbeddedAsarIntegrityValidation: {
    on: true,
    reason: 'a changed archive does not start (Windows and macOS; Linux has no check)',
  },
  grantFileProtocolExtraPrivileges: { on: false, reason: 'nothing is served from file:' },
  enableCookieEncryption: {
    on: true,
    reason: 'one way: was on from the first release, so that it never has to be switched',
  },
  loadBrowserProcessSpecificV8Snapshot: {
    on: false,
    reason: 'Electron embeds a snapshot; one of ours would cost start time',
  },
} as const;

/** The fuse map in the form that electron-builder reads. */
export function fuseSettings(): Record<keyof typeof FUSES, boolean> {
  return Object.fromEntries(Object.entries(FUSES).map(([name, fuse]) => [name, fuse.on])) as Record<
    keyof typeof FUSES,
    boolean
  >;
}
