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

/** A private authority and a certificate of it, as a company makes them (openssl). `name` has no spaces. */
export async function makeCa(dir: string, name: string): Promise<SelfMadeCa> {
  const openssl = (line: string) => run('openssl', line.split(' '), { cwd: dir });
  const read = (ending: string): Promise<string> => readFile(join(dir, `${name}.${ending}`), 'utf8');
  const newKey = '-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes';
  await openssl(
    `req -x509 ${newKey} -keyout ${name}.ca.key -out ${name}.ca.pem -days 30 -subj /CN=${name} -addext basicConstraints=critical,CA:TRUE`,
  );
  await openssl(`req ${newKey} -keyout ${name}.key -out ${name}.csr -subj /CN=faultline.test`);
  const extensions = 'subjectAltName=IP:127.0.0.1,DNS:localhost\nbasicConstraints=CA:FALSE\n';
  await writeFile(join(dir, `${name}.ext`), extensions);
  await openssl(
    `x509 -req -in ${name}.csr -CA ${name}.ca.pem -CAkey ${name}.ca.key -CAcreateserial -out ${name}.pem -days 20 -extfile ${name}.ext`,
  );
  return { ca: await read('ca.pem'), cert: await read('pem'), key: await read('key') };
}
