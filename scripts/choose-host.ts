/** What decides between the two hosts. */
export interface HostChoice {
  readonly wanted?: 'desktop' | 'browser';
  readonly hasRuntime: boolean;
  readonly platform: NodeJS.Platform;
  readonly hasScreen: boolean;
  readonly isRoot: boolean;
}

export interface ChosenHost {
  readonly host: 'desktop' | 'browser';
  /** One line for a person when it is not the desktop though nobody asked for the browser. */
  readonly reason?: string;
}

/** Why the desktop application cannot run here even with its runtime, or undefined. */
export function desktopObstacle(
  choice: Pick<HostChoice, 'platform' | 'hasScreen' | 'isRoot'>,
): string | undefined {
  if (choice.platform !== 'linux') return undefined;
  if (!choice.hasScreen) return 'there is no screen (DISPLAY and WAYLAND_DISPLAY are not set)';
  // Chromium's sandbox refuses root, and Faultline does not run without the sandbox.
  if (choice.isRoot) return 'the desktop application does not run as root';
  return undefined;
}

/** Desktop where it was asked for or can run, else browser with the reason. */
export function chooseHost(choice: HostChoice): ChosenHost {
  if (choice.wanted !== undefined) return { host: choice.wanted };
  const obstacle =
    desktopObstacle(choice) ??
    (choice.hasRuntime ? undefined : "Electron's runtime is not here and cannot be fetched");
  return obstacle === undefined
    ? { host: 'desktop' }
    : { host: 'browser', reason: `Opening in the browser: ${obstacle}.` };
}
