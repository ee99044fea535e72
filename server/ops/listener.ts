import { X509Certificate, createPrivateKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { unwatchFile, watchFile } from 'node:fs';
import type { Server } from 'node:https';

/** How the server is reached. */
export interface ListenerOptions {
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** PEM files: the certificate with its chain, and its private key. Both or neither. */
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  /** Addresses or networks (CIDR) of proxies whose `X-Forwarded-For` is believed. */
  readonly trustedProxies?: readonly string[];
  /** Plain HTTP on another address than loopback, because a proxy in front speaks TLS. */
  readonly behindProxy?: boolean;
}

export interface TlsPair {
  readonly cert: Buffer;
  readonly key: Buffer;
}

const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', '::1', 'localhost']);
/** Certificates are replaced by other programs, some by changing a symbolic link: looking at the file sees all of that. */
const LOOK_EVERY_MS = 5_000;

export function isLoopback(host: string): boolean {
  return LOOPBACK.has(host);
}

/** @throws RangeError when tokens and passwords would cross a network in the clear, or half of a pair is named. */
export function checkListener(options: ListenerOptions): void {
  if ((options.tlsCert === undefined) !== (options.tlsKey === undefined))
    throw new RangeError(
      'A certificate needs its key and the other way round: give both --tls-cert and --tls-key.',
    );
  const isPlain = options.tlsCert === undefined;
  if (isPlain && !isLoopback(options.host ?? '127.0.0.1') && options.behindProxy !== true) {
    throw new RangeError(
      'Without TLS, passwords and work would cross the network in the clear. Give --tls-cert and --tls-key, or put a ' +
        'proxy that speaks TLS in front and say --behind-proxy.',
    );
  }
}

/**
 * Reads certificate and key and checks that they belong together.
 * @throws RangeError with what is wrong.
 */
export async function readTlsPair(options: ListenerOptions): Promise<TlsPair | undefined> {
  const { tlsCert, tlsKey } = options;
  if (tlsCert === undefined || tlsKey === undefined) return undefined;
  const [cert, key] = await Promise.all([read(tlsCert), read(tlsKey)]);
  let fits: boolean;
  try {
    fits = new X509Certificate(cert).checkPrivateKey(createPrivateKey(key));
  } catch (error) {
    throw new RangeError(`${tlsCert} and ${tlsKey} are not a certificate and a key in PEM.`, {
      cause: error,
    });
  }
  if (!fits) throw new RangeError(`The key in ${tlsKey} does not belong to the certificate in ${tlsCert}.`);
  return { cert, key };
}

async function read(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new RangeError(`The file ${path} cannot be read.`, { cause: error });
  }
}

export interface TlsReloading {
  /** Reads the files again now, as SIGHUP asks for. @throws RangeError; the old certificate stays in use then. */
  reload(): Promise<void>;
  stop(): void;
}

/** Takes a renewed certificate into use when its files change; connections that stand go on. */
export function reloadTls(
  server: Server,
  options: ListenerOptions,
  onFailed: (error: unknown) => void,
): TlsReloading {
  const files = [options.tlsCert, options.tlsKey].filter((file) => file !== undefined);
  const reload = async (): Promise<void> => {
    const pair = await readTlsPair(options);
    if (pair !== undefined) server.setSecureContext({ ...pair });
  };
  // The two files are written one after the other: in between they do not fit, and the second change mends it.
  const changed = (): void => void reload().catch(onFailed);
  for (const file of files) watchFile(file, { interval: LOOK_EVERY_MS, persistent: false }, changed);
  return {
    reload,
    stop: () => {
      for (const file of files) unwatchFile(file, changed);
    },
  };
}
