import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ServerClient } from '#electron/services/sync/server-client.ts';
import { Authorities } from '#electron/services/trust/authorities.ts';
import { TrustingDispatcher } from '#electron/services/trust/trusting-dispatcher.ts';
import { makeCa, type SelfMadeCa } from '#test/support/self-made-ca.ts';

let dir: string;
let made: SelfMadeCa;
let server: Server;
let url: string;
let authorities: Authorities;
let trust: TrustingDispatcher;
let client: ServerClient;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'faultline-trust-'));
  made = await makeCa(dir, 'office-ca');
  const hello = { product: 'faultline', protocol: { min: 1, max: 2 }, epoch: 'e', serverTime: '' };
  server = createServer({ key: made.key, cert: made.cert + made.ca }, (_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(hello));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  authorities = await Authorities.open(join(dir, 'authorities'));
  trust = new TrustingDispatcher(authorities);
  client = new ServerClient(url, undefined, { trust });
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await trust.close();
  await rm(dir, { recursive: true, force: true });
});

const untrusted = { code: 'sync.untrustedCertificate' };

test('[SY93] a private authority counts from the moment it is added until it is removed, also over a restart', async () => {
  await expect(client.hello()).rejects.toMatchObject(untrusted);
  const added = await authorities.add(made.ca);
  expect(added).toMatchObject({ subject: 'CN=office-ca' });
  expect((await client.hello()).epoch).toBe('e');
  const again = await Authorities.open(join(dir, 'authorities'));
  expect(again.list()).toEqual([added]);
  const restarted = new TrustingDispatcher(again);
  expect((await new ServerClient(url, undefined, { trust: restarted }).hello()).epoch).toBe('e');
  await restarted.close();
  // A connection from before is open, and must not be used.
  await authorities.remove(added.fingerprint);
  await expect(client.hello()).rejects.toMatchObject(untrusted);
  expect((await Authorities.open(join(dir, 'authorities'))).list()).toEqual([]);
});

test('[SY93] it counts for the server’s connection alone', async () => {
  await authorities.add(made.ca);
  await client.hello();
  await expect(fetch(url)).rejects.toThrow('fetch failed');
});

test('[SY93] an untrusted certificate is shown with the authority that could be added', async () => {
  const thrown = await client.hello().catch((error: unknown) => error);
  expect(thrown).toMatchObject({
    ...untrusted,
    detail: {
      reason: 'SELF_SIGNED_CERT_IN_CHAIN',
      subject: 'CN=faultline.test',
      issuer: 'CN=office-ca',
      caSubject: 'CN=office-ca',
      fingerprint: expect.stringMatching(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/) as string,
    },
  });
  await authorities.add((thrown as { detail: { caPem: string } }).detail.caPem);
  await client.hello();
});

test('[SY93] only one certificate of an authority is taken', async () => {
  const refused = { code: 'sync.badCertificate' };
  const bad = [
    made.cert,
    made.ca + made.ca,
    made.key,
    'no certificate',
    `-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----`,
    'x'.repeat(200_000),
  ];
  for (const pem of bad) await expect(authorities.add(pem), pem.slice(0, 40)).rejects.toMatchObject(refused);
  await writeFile(join(dir, 'stray.pem'), made.cert);
  expect((await Authorities.open(dir)).list().map(({ subject }) => subject)).not.toContain(
    'CN=faultline.test',
  );
  await authorities.add(made.ca);
  await authorities.add(made.ca);
  expect(authorities.list()).toHaveLength(1);
});
