import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { SshConnection } from '#electron/services/ssh/connection.ts';
import { KnownHosts } from '#electron/services/ssh/known-hosts.ts';
import { connectTrusting, loginTo, trusted } from '#test/support/ssh-client.ts';
import { makeKeyPair, startSshd } from '#test/support/sshd.ts';
import type { Sshd, SshdOptions } from '#test/support/sshd.ts';

const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

async function anSshd(options?: SshdOptions): Promise<Sshd> {
  const sshd = await startSshd(options);
  cleanUps.push(() => sshd.stop());
  return sshd;
}

describe('the host key', () => {
  test('[R1] of a new host is an answer with its fingerprint, and no login was tried', async () => {
    const sshd = await anSshd();
    const outcome = await SshConnection.connect(loginTo(sshd));
    expect(outcome).toMatchObject({
      kind: 'hostKeyUnknown',
      hostKey: { algorithm: 'ssh-ed25519', fingerprint: sshd.hostKeyFingerprint },
    });
    expect(sshd.log()).not.toMatch(/for root|Failed|Accepted|invalid user/i);
    expect(sshd.log()).not.toContain(sshd.username);
  });

  test('[R2] once trusted lets the connection through, pinned to that very key', async () => {
    const sshd = await anSshd();
    const connection = await connectTrusting(loginTo(sshd));
    expect(connection.facts).toMatchObject({
      username: sshd.username,
      hostKey: { fingerprint: sshd.hostKeyFingerprint },
      kex: expect.stringMatching(/^curve25519/),
      cipher: expect.stringMatching(/gcm/),
      strictKex: true,
    });
    await connection.close();
    expect(sshd.log()).toContain('Accepted publickey');
  });

  test('[R3] that changed is refused with both fingerprints, and no login was tried', async () => {
    const before = await anSshd();
    const first = await SshConnection.connect(loginTo(before));
    if (first.kind !== 'hostKeyUnknown') throw new Error(first.kind);
    await before.stop();
    const after = await anSshd({ port: before.port });
    const outcome = await SshConnection.connect({
      ...loginTo(after),
      knownKeys: [trusted(after, first.hostKey)],
    });
    expect(outcome).toMatchObject({
      kind: 'hostKeyChanged',
      hostKey: { fingerprint: after.hostKeyFingerprint },
      known: [{ fingerprint: before.hostKeyFingerprint }],
    });
    expect(after.log()).not.toContain(after.username);
  });

  test('[R4] of another type for a known host counts as changed, not as unknown', async () => {
    const before = await anSshd({ hostKeys: ['ed25519'] });
    const first = await SshConnection.connect(loginTo(before));
    if (first.kind !== 'hostKeyUnknown') throw new Error(first.kind);
    await before.stop();
    const after = await anSshd({ port: before.port, hostKeys: ['rsa'] });
    const outcome = await SshConnection.connect({
      ...loginTo(after),
      knownKeys: [trusted(after, first.hostKey)],
    });
    expect(outcome).toMatchObject({ kind: 'hostKeyChanged', hostKey: { algorithm: 'ssh-rsa', bits: 3072 } });
  });

  test('[R4] known by one type is asked for first from a server that has several', async () => {
    const both = await anSshd({ hostKeys: ['rsa'] });
    const first = await SshConnection.connect(loginTo(both));
    if (first.kind !== 'hostKeyUnknown') throw new Error(first.kind);
    await both.stop();
    const [rsa] = both.hostPrivateKeys;
    const now = await anSshd({ port: both.port, hostKeys: ['ed25519', 'ecdsa', { privateKey: rsa! }] });
    const outcome = await SshConnection.connect({
      ...loginTo(now),
      knownKeys: [trusted(now, first.hostKey)],
    });
    expect(outcome.kind).toBe('connected');
    if (outcome.kind === 'connected') await outcome.connection.close();
  });
});

describe('connecting', () => {
  test('[R6] with a key the server does not know says that the login was refused, once', async () => {
    const sshd = await anSshd();
    const { privateKey } = await makeKeyPair();
    const failure = connectTrusting({ ...loginTo(sshd), secret: { kind: 'privateKey', privateKey } });
    await expect(failure).rejects.toMatchObject({ code: 'ssh.authFailed' });
    expect(sshd.log().match(/Failed publickey/g) ?? []).toHaveLength(1);
  });

  test('[R6] with a password to a server that takes keys only names what it takes', async () => {
    const sshd = await anSshd();
    const failure = connectTrusting({ ...loginTo(sshd), secret: { kind: 'password', password: 'hunter2' } });
    await expect(failure).rejects.toMatchObject({
      code: 'ssh.authFailed',
      message: expect.stringContaining('publickey'),
    });
    await expect(failure).rejects.not.toMatchObject({ message: expect.stringContaining('hunter2') });
  });

  test('[R7] to a closed port says that nothing listens there', async () => {
    const sshd = await anSshd();
    await sshd.stop();
    await expect(SshConnection.connect(loginTo(sshd))).rejects.toMatchObject({ code: 'ssh.refused' });
  });

  test('[R7] to a name that does not exist says so', async () => {
    const sshd = await anSshd();
    await expect(
      SshConnection.connect({ ...loginTo(sshd), host: 'no-such-device.invalid' }),
    ).rejects.toMatchObject({ code: 'ssh.nameNotFound' });
  });

  test('[R8] to something that never speaks ends in time', async () => {
    const { port } = await aListener(() => undefined);
    await expect(
      SshConnection.connect({ ...aLogin(port), timeouts: { handshakeMs: 100 } }),
    ).rejects.toMatchObject({ code: 'ssh.timeout' });
  });

  test('[R7] to something that is no SSH server says so', async () => {
    const { port } = await aListener((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    await expect(SshConnection.connect(aLogin(port))).rejects.toMatchObject({
      code: expect.stringMatching(/^ssh\.(protocol|lost)$/),
    });
  });

  test('[R9] with a locked key asks for its passphrase before anybody is called', async () => {
    const { privateKey, publicKey } = await makeKeyPair('ed25519', 'open sesame');
    const sshd = await anSshd({ authorizedKeys: [publicKey] });
    const secret = { kind: 'privateKey' as const, privateKey };
    const nobody = { ...loginTo(sshd), port: 1, secret };
    await expect(SshConnection.connect(nobody)).rejects.toMatchObject({ code: 'ssh.passphraseWrong' });
    await expect(
      SshConnection.connect({ ...nobody, secret: { ...secret, passphrase: 'wrong' } }),
    ).rejects.toMatchObject({ code: 'ssh.passphraseWrong' });
    await expect(
      SshConnection.connect({ ...nobody, secret: { kind: 'privateKey', privateKey: 'no key' } }),
    ).rejects.toMatchObject({ code: 'ssh.keyUnreadable' });
    const connection = await connectTrusting({
      ...loginTo(sshd),
      secret: { ...secret, passphrase: 'open sesame' },
    });
    await connection.close();
  });

  test('[R10] never offers what Terrapin or SHA-1 break: a server with nothing else is refused', async () => {
    for (const line of [
      'Ciphers chacha20-poly1305@openssh.com',
      'Ciphers aes128-cbc',
      'MACs hmac-sha1\nCiphers aes128-ctr',
      'KexAlgorithms diffie-hellman-group14-sha1',
    ]) {
      const sshd = await anSshd({ configLines: [line] });
      await expect(SshConnection.connect(loginTo(sshd)), line).rejects.toMatchObject({
        code: 'ssh.noCommonAlgorithm',
      });
    }
  });

  test('[R10] reaches an outdated server when that is allowed for it', async () => {
    const sshd = await anSshd({
      hostKeys: ['rsa'],
      configLines: [
        'KexAlgorithms diffie-hellman-group14-sha1',
        'Ciphers aes128-cbc',
        'MACs hmac-sha1',
        'HostKeyAlgorithms ssh-rsa',
      ],
    });
    const connection = await connectTrusting({ ...loginTo(sshd), legacyAlgorithms: true });
    expect(connection.facts).toMatchObject({ cipher: 'aes128-cbc', mac: 'hmac-sha1' });
    await connection.close();
  });

  test('[R11] shows a banner as plain text only', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'faultline-banner-'));
    cleanUps.push(() => rm(folder, { recursive: true }));
    await writeFile(join(folder, 'banner'), 'Station 石桥\n\u001b[31mred\u001b]52;c;aGk=\u0007\n');
    const sshd = await anSshd({ configLines: [`Banner ${join(folder, 'banner')}`] });
    const connection = await connectTrusting(loginTo(sshd));
    expect(connection.facts.banner).toBe('Station 石桥\n [31mred ]52;c;aGk= \n');
    await connection.close();
  });

  test('[R8] that is lost later says so to whoever waits', async () => {
    const sshd = await anSshd();
    const connection = await connectTrusting(loginTo(sshd));
    await sshd.dropConnections();
    expect(await connection.closed).toMatchObject({ code: 'ssh.lost' });
    await expect(connection.openShell({ cols: 80, rows: 24 })).rejects.toMatchObject({ code: 'ssh.lost' });
  });

  test('[R12] to a server that allows one channel says why a second one fails', async () => {
    const sshd = await anSshd({ configLines: ['MaxSessions 1'] });
    const connection = await connectTrusting(loginTo(sshd));
    await connection.openShell({ cols: 80, rows: 24 });
    await expect(connection.openExec('true')).rejects.toMatchObject({ code: 'ssh.channelRefused' });
    await connection.close();
  });
});

describe('the known hosts', () => {
  test('[R5] replace a key only when told to, and survive a restart', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'faultline-hosts-'));
    cleanUps.push(() => rm(folder, { recursive: true }));
    const file = join(folder, 'known-hosts.json');
    const keys = await Promise.all(['ed25519' as const, 'ecdsa' as const].map((type) => makeKeyPair(type)));
    const [one, other] = keys.map((pair) => pair.publicKey.split(' ')[1]!);
    const at = new Date('2026-11-22T08:00:00Z');
    const store = await KnownHosts.open(file);
    await store.trust({ host: 'SMU-1.', port: 22, key: one!, trustedBy: 'wang' }, { at });
    await expect(store.trust({ host: 'smu-1', port: 22, key: other! }, { at })).rejects.toMatchObject({
      code: 'ssh.hostKeyChanged',
    });
    await store.trust({ host: 'smu-1', port: 2222, key: other! }, { at });
    const reopened = await KnownHosts.open(file);
    expect(reopened.list()).toEqual(store.list());
    expect(reopened.of('smu-1', 22)).toMatchObject([{ key: one, trustedBy: 'wang' }]);
    await reopened.trust({ host: 'smu-1', port: 22, key: other! }, { at, replace: true });
    expect(reopened.of('smu-1', 22)).toMatchObject([{ key: other, algorithm: 'ecdsa-sha2-nistp256' }]);
    await reopened.forget('smu-1', 22);
    expect((await KnownHosts.open(file)).list()).toMatchObject([{ host: 'smu-1', port: 2222 }]);
    expect(await readdir(folder)).toEqual(['known-hosts.json']);
  });

  test('[R5] that are damaged are an error, not an empty store', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'faultline-hosts-'));
    cleanUps.push(() => rm(folder, { recursive: true }));
    const file = join(folder, 'known-hosts.json');
    await writeFile(file, '{"version":1,');
    await expect(KnownHosts.open(file)).rejects.toThrow();
    expect(await readFile(file, 'utf8')).toBe('{"version":1,');
  });
});

function aLogin(port: number) {
  return {
    host: '127.0.0.1',
    port,
    username: 'nobody',
    secret: { kind: 'none' as const },
    knownKeys: [],
  };
}

async function aListener(greet: (socket: import('node:net').Socket) => void): Promise<{ port: number }> {
  const sockets = new Set<import('node:net').Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    greet(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanUps.push(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return { port: (server.address() as AddressInfo).port };
}
