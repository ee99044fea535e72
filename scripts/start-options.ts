import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

export interface StartOptions {
  /** Undefined: desktop where it can run, else browser. */
  readonly host?: 'desktop' | 'browser';
  /** Undefined: the browser host's fixed default. The port is part of the page's origin, and with it of its data. */
  readonly port?: number;
  readonly open: boolean;
  /** Folder of journal, vault, blobs and settings; absolute. */
  readonly data: string;
  readonly demo: boolean;
}

export const START_USAGE = `npm start -- [--host desktop|browser] [--port N] [--no-open] [--data DIR] [--demo]
  --host     desktop (Electron) or browser; without it desktop where it can run
  --port     port of the browser host on 127.0.0.1
  --no-open  do not open the browser
  --data     folder for everything this laptop keeps
  --demo     start with the demo workspace`;

/** Where an application keeps its data on this system, e.g. `~/.local/share/faultline`. */
export function defaultDataFolder(
  platform: NodeJS.Platform = process.platform,
  env: NodeJS.ProcessEnv = process.env,
  home: string = homedir(),
): string {
  if (platform === 'win32') return join(env['APPDATA'] ?? join(home, 'AppData', 'Roaming'), 'Faultline');
  if (platform === 'darwin') return join(home, 'Library', 'Application Support', 'Faultline');
  return join(env['XDG_DATA_HOME'] ?? join(home, '.local', 'share'), 'faultline');
}

/**
 * Reads the arguments of `npm start`.
 * @throws TypeError with a sentence for a person when they are not understood.
 */
export function readStartOptions(args: readonly string[]): StartOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      host: { type: 'string' },
      port: { type: 'string' },
      'no-open': { type: 'boolean', default: false },
      data: { type: 'string' },
      demo: { type: 'boolean', default: false },
    },
  });
  const { host, port } = values;
  if (host !== undefined && host !== 'desktop' && host !== 'browser') {
    throw new TypeError(`--host is desktop or browser, not "${host}".`);
  }
  const portNumber = port === undefined ? undefined : Number(port);
  if (
    portNumber !== undefined &&
    !(Number.isInteger(portNumber) && portNumber >= 0 && portNumber <= 65_535)
  ) {
    throw new TypeError(`--port is a number from 0 to 65535, not "${port}".`);
  }
  // A demo never mixes with a person's own tickets.
  const ownFolder = values.demo ? join(defaultDataFolder(), 'demo') : join(defaultDataFolder(), 'data');
  return {
    ...(host === undefined ? {} : { host }),
    ...(portNumber === undefined ? {} : { port: portNumber }),
    open: !values['no-open'],
    data: values.data === undefined ? ownFolder : resolve(values.data),
    demo: values.demo,
  };
}
