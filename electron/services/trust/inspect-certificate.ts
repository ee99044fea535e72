import { X509Certificate } from 'node:crypto';
import { connect, type DetailedPeerCertificate } from 'node:tls';
import { describe } from './authorities.ts';

const PATIENCE_MS = 10_000;
const MAX_CHAIN = 10;

/** What a server shows of itself, so that a person can compare it with what the office says. */
export interface ShownCertificate {
  readonly subject: string;
  readonly issuer: string;
  readonly fingerprint: string;
  readonly validTo: string;
  /** The authority at the end of the chain, if the server sends it: it can be added to the trusted ones. */
  readonly caPem?: string;
  readonly caSubject?: string;
  readonly caFingerprint?: string;
}

/**
 * Asks a server for its certificate without believing it. Nothing is sent but the greeting of TLS.
 * @returns `undefined` when it cannot be had.
 */
export function inspectCertificate(url: string): Promise<ShownCertificate | undefined> {
  const { hostname, port } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '');
  return new Promise((resolve) => {
    const socket = connect({
      host,
      port: port === '' ? 443 : Number(port),
      ...(/^[\d.]+$|:/.test(host) ? {} : { servername: host }),
      // The very point: it was not trusted, and is looked at to say why.
      rejectUnauthorized: false,
    });
    const finish = (shown: ShownCertificate | undefined): void => {
      socket.destroy();
      resolve(shown);
    };
    socket.setTimeout(PATIENCE_MS, () => finish(undefined));
    socket.once('error', () => finish(undefined));
    socket.once('secureConnect', () => finish(shownBy(socket.getPeerCertificate(true))));
  });
}

function shownBy(peer: DetailedPeerCertificate): ShownCertificate | undefined {
  if (peer.raw === undefined) return undefined;
  const leaf = new X509Certificate(peer.raw);
  let last = peer;
  for (let length = 1; length < MAX_CHAIN; length++) {
    if (last.issuerCertificate?.raw === undefined || last.issuerCertificate === last) break;
    last = last.issuerCertificate;
  }
  const authority = new X509Certificate(last.raw);
  return {
    ...describe(leaf),
    issuer: leaf.issuer.replaceAll('\n', ', '),
    ...(authority.ca && {
      caPem: authority.toString(),
      caSubject: describe(authority).subject,
      caFingerprint: authority.fingerprint256,
    }),
  };
}
