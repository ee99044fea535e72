import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface SelfMadeCa {
  /** The authority's certificate, PEM. */
  readonly ca: string;
  /** The server's, signed by it, for 127.0.0.1 and localhost. */
  readonly cert: string;
  readonly key: string;
}

/** A private authority and a certificate of it, as a company makes them (openssl). */
export async function makeCa(dir: string, name: string): Promise<SelfMadeCa> {
  const file = (ending: string): string => join(dir, `${name}.${ending}`);
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  await run('openssl', [
    ...['req', '-x509', ...newKey, '-keyout', file('ca.key'), '-out', file('ca.pem'), '-days', '30'],
    ...['-subj', `/CN=${name}`, '-addext', 'basicConstraints=critical,CA:TRUE'],
  ]);
  await run('openssl', [
    ...['req', ...newKey, '-keyout', file('key'), '-out', file('csr'), '-subj', '/CN=faultline.test'],
  ]);
  await writeFile(file('ext'), 'subjectAltName=IP:127.0.0.1,DNS:localhost\nbasicConstraints=CA:FALSE\n');
  await run('openssl', [
    ...['x509', '-req', '-in', file('csr'), '-CA', file('ca.pem'), '-CAkey', file('ca.key')],
    ...['-CAcreateserial', '-out', file('pem'), '-days', '20', '-extfile', file('ext')],
  ]);
  return {
    ca: await readFile(file('ca.pem'), 'utf8'),
    cert: await readFile(file('pem'), 'utf8'),
    key: await readFile(file('key'), 'utf8'),
  };
}
