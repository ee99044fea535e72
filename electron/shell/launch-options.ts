import path from 'node:path';
import { deepLinkIn, type DeepLink } from '#shared/domain/deep-link.ts';

export interface LaunchOptions {
  /** Folder for all data of this laptop, absolute; `undefined` means the usual one. */
  readonly dataDir: string | undefined;
  /** Start with the demo workspace. */
  readonly demo: boolean;
  /** Print the marks of the start to standard output. */
  readonly perf: boolean;
  readonly link: DeepLink | undefined;
}

/** Reads our own arguments: `--data=DIR` or `--data DIR`, `--demo`, `--perf` and a deep link. Others are Chromium's. */
export function launchOptions(argv: readonly string[], workingDir: string): LaunchOptions {
  const at = argv.indexOf('--data');
  const given =
    argv.find((argument) => argument.startsWith('--data='))?.slice('--data='.length) ?? argv[at + 1];
  const hasData = at !== -1 || argv.some((argument) => argument.startsWith('--data='));
  return {
    dataDir: hasData && given !== undefined && given !== '' ? path.resolve(workingDir, given) : undefined,
    demo: argv.includes('--demo'),
    perf: argv.includes('--perf'),
    link: deepLinkIn(argv),
  };
}
