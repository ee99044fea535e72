import { X509Certificate } from 'node:crypto';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { HostError } from '#shared/host/errors.ts';
import { writeAtomically } from '../workspace/write-atomically.ts';

/** An authority that the user trusts for the server. */
export interface TrustedCa {
  /** SHA-256, upper-case hex with colons. */
  readonly fingerprint: string;
  readonly subject: string;
  /** An instant in UTC. */
  readonly validTo: string;
}

/** A certificate has 1 to 4 KB; a whole chain file still fits. */
const MAX_PEM = 100_000;
const MAX_AUTHORITIES = 50;
const BLOCK = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;

/**
 * Certificates of private authorities, one PEM file each in the data folder. They count for the connection to the
 * server and for nothing else; those of the system count besides them.
 */
export class Authorities {
  readonly #dir: string;
  readonly #pems = new Map<string, string>();
  /** Told when the list has changed. */
  onChanged: () => void = () => undefined;

  private constructor(dir: string) {
    this.#dir = dir;
  }

  /** Reads the files in `dir`. A file that is no certificate any more is passed over: it trusts nobody. */
  static async open(dir: string): Promise<Authorities> {
    const authorities = new Authorities(dir);
    for (const name of await namesIn(dir)) {
      if (!name.endsWith('.pem')) continue;
      const text = await readFile(join(dir, name), 'utf8');
      const certificate = parseAuthority(text);
      if (typeof certificate !== 'string')
        authorities.#pems.set(certificate.fingerprint256, certificate.toString());
    }
    return authorities;
  }

  get pems(): string[] {
    return [...this.#pems.values()];
  }

  list(): TrustedCa[] {
    return this.pems.map((pem) => describe(new X509Certificate(pem)));
  }

  /**
   * Trusts an authority from now on. Adding it twice changes nothing.
   * @throws HostError `sync.badCertificate` for anything but one certificate of an authority (RFC 5280: CA:TRUE).
   */
  async add(pem: string): Promise<TrustedCa> {
    const certificate = parseAuthority(pem);
    if (typeof certificate === 'string') throw badCertificate(certificate);
    if (!this.#pems.has(certificate.fingerprint256) && this.#pems.size >= MAX_AUTHORITIES)
      throw badCertificate('There are too many authorities already. Remove one first.');
    await mkdir(this.#dir, { recursive: true, mode: 0o700 });
    await writeAtomically(this.#path(certificate.fingerprint256), certificate.toString());
    this.#pems.set(certificate.fingerprint256, certificate.toString());
    this.onChanged();
    return describe(certificate);
  }

  /** Trusts it no more. An unknown one is not trusted anyway. */
  async remove(fingerprint: string): Promise<void> {
    if (!this.#pems.has(fingerprint)) return;
    await rm(this.#path(fingerprint), { force: true });
    this.#pems.delete(fingerprint);
    this.onChanged();
  }

  /** Their files are gone. */
  forget(): void {
    this.#pems.clear();
    this.onChanged();
  }

  #path(fingerprint: string): string {
    return join(this.#dir, `${fingerprint.replaceAll(':', '').toLowerCase()}.pem`);
  }
}

/** The certificate, or the sentence that says what is wrong with it. */
function parseAuthority(pem: string): X509Certificate | string {
  if (pem.length > MAX_PEM) return 'This file is too long for a certificate.';
  const blocks = pem.match(BLOCK) ?? [];
  const [block] = blocks;
  if (block === undefined) return 'This is no certificate in PEM form (-----BEGIN CERTIFICATE-----).';
  if (blocks.length > 1) return 'This file holds several certificates. Add that of the authority alone.';
  try {
    const certificate = new X509Certificate(block);
    return certificate.ca
      ? certificate
      : 'This is the certificate of a server or a person, not that of an authority.';
  } catch {
    // OpenSSL says no more than that it cannot read it.
    return 'This certificate is damaged.';
  }
}

/** What is shown of a certificate. */
export function describe(certificate: X509Certificate): TrustedCa {
  return {
    fingerprint: certificate.fingerprint256,
    subject: certificate.subject.replaceAll('\n', ', '),
    validTo: certificate.validToDate.toISOString(),
  };
}

async function namesIn(dir: string): Promise<string[]> {
  try {
    return (await readdir(dir)).sort();
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw thrown;
  }
}

function badCertificate(message: string): HostError {
  return new HostError('sync.badCertificate', `${message} Nothing was changed.`);
}
