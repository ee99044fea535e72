import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { BlobStore } from '#electron/services/blobs/blob-store.ts';
import type { SshSecret } from '#electron/services/ssh/authentication.ts';
import { createSshHandlers } from '#electron/services/ssh/handlers.ts';
import { serveSessions } from '#electron/workers/sessions.ts';
import { connectContract } from '#shared/host/client.ts';
import { decodeFrame, encodeFrame } from '#shared/host/codec.ts';
import type { ServiceClient } from '#shared/host/define.ts';
import { memoryTransportPair } from '#shared/host/memory-transport.ts';
import type { Transport } from '#shared/host/messages.ts';
import { serveContract } from '#shared/host/serve.ts';
import { sshWorkerContract } from '#shared/host/ssh-worker.ts';
import { sshService } from '#shared/host/ssh.ts';
import { castOutput, readCast } from '#shared/domain/recording/cast-reader.ts';
import { typed } from '#test/support/ssh-client.ts';
import { TestScreen } from '#test/support/ssh-screen.ts';
import { startSimulatedDevice } from '#test/support/simulated-device.ts';
import type { SimulatedDevice } from '#test/support/simulated-device.ts';

type Ssh = ServiceClient<typeof sshService>;

const PASSWORD = 'zhengliu-48V';
const EMERGENCY = { kind: 'emergency', reason: '全站业务中断' } as const;

let dataDir: string;
let device: SimulatedDevice;
let blobs: BlobStore;
const open: (() => unknown)[] = [];

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'faultline-ssh-'));
  device = await startSimulatedDevice({ password: PASSWORD });
  blobs = await BlobStore.open(join(dataDir, 'blobs'));
});
afterEach(async () => {
  for (const close of open.splice(0)) await close();
  await device.stop();
  await rm(dataDir, { recursive: true });
});

/** Values travel as bytes, as they would between processes. */
const pair = () =>
  memoryTransportPair((message) => decodeFrame(encodeFrame(message))) as [Transport, Transport];

/** A host with a worker, as one start of the application has it. */
async function aHost(secret: SshSecret = { kind: 'password', password: PASSWORD }) {
  const [hostSide, workerSide] = pair();
  const worker = serveSessions(workerSide);
  const toWorker = await connectContract(sshWorkerContract, hostSide);
  const handlers = createSshHandlers({
    worker: async () => toWorker.client.sshWorker,
    resolveCredential: async (id) => {
      if (id !== 'smu-password') throw new Error(`No credential ${id}`);
      return secret;
    },
    blobs,
    dataDir,
    wallMs: () => Date.parse('2026-11-22T08:57:00Z'),
  });
  const contract = { ssh: sshService };
  const [pageSide, servedSide] = pair();
  serveContract(contract, { ssh: handlers }, servedSide);
  const page = await connectContract(contract, pageSide);
  open.push(
    () => page.close(),
    () => worker.close(),
    () => toWorker.close(),
  );
  return { ssh: page.client.ssh, loseWorker: () => toWorker.close(), worker };
}

function aRequest() {
  return {
    host: device.host,
    port: device.port,
    cols: 80,
    rows: 24,
    ticketId: 'ticket/1',
    title: '石桥 开关电源 2#',
    username: device.username,
    credentialId: 'smu-password',
    ground: EMERGENCY as Parameters<Ssh['connect']>[0]['ground'],
  };
}

async function connectTrusted(ssh: Ssh) {
  const first = await ssh.connect(aRequest());
  if (first.kind !== 'hostKeyUnknown') throw new Error(first.kind);
  expect(first.hostKey.fingerprint).toBe(device.hostKeyFingerprint);
  await ssh.trustHostKey({ ...where(), key: first.hostKey.key, trustedBy: 'user/wang' });
  const second = await ssh.connect(aRequest());
  if (second.kind !== 'connected') throw new Error(second.kind);
  return second.session;
}

const where = () => ({ host: device.host, port: device.port });

describe('remote access', () => {
  test('[E2] without a consent on record or an emergency with its reason is refused', async () => {
    const { ssh } = await aHost();
    for (const ground of [
      null,
      { kind: 'emergency', reason: ' ' } as const,
      { kind: 'consent', eventId: '' } as const,
    ]) {
      await expect(ssh.connect({ ...aRequest(), ground })).rejects.toMatchObject({ code: 'ssh.noConsent' });
    }
    expect(await ssh.sessions({})).toEqual([]);
  });

  test('[E2] keeps its ground, its host key and what was agreed with the session', async () => {
    const { ssh } = await aHost();
    const session = await connectTrusted(ssh);
    expect(session).toMatchObject({
      ticketId: 'ticket/1',
      ground: EMERGENCY,
      startedAt: '2026-11-22T08:57:00.000Z',
      state: 'open',
      connection: { username: 'smu', hostKey: { fingerprint: device.hostKeyFingerprint } },
    });
    expect(await ssh.sessions({})).toEqual([session]);
    expect(await ssh.knownHosts({})).toMatchObject([{ ...where(), trustedBy: 'user/wang' }]);
    await ssh.close({ sessionId: session.sessionId });
  });

  test('[R1] to a host that is forgotten asks for its key anew', async () => {
    const { ssh } = await aHost();
    await ssh.close({ sessionId: (await connectTrusted(ssh)).sessionId });
    await ssh.forgetHost(where());
    expect(await ssh.connect(aRequest())).toMatchObject({ kind: 'hostKeyUnknown' });
  });

  test('[R6] that fails names its code to the page, and never the secret', async () => {
    const { ssh } = await aHost({ kind: 'password', password: 'wrong-but-secret' });
    const error: unknown = await connectTrusted(ssh).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'ssh.authFailed' });
    expect(JSON.stringify(error)).not.toContain('wrong-but-secret');
  });
});

describe('the recording', () => {
  test('[R21] of a closed session stands in the blob store and waits for its event', async () => {
    const { ssh } = await aHost();
    const { sessionId } = await connectTrusted(ssh);
    const screen = new TestScreen(ssh.output({ sessionId }));
    await ssh.write({ sessionId, data: typed('show rect\r') });
    await screen.until('41.2 A');
    const facts = await ssh.close({ sessionId });
    expect(await screen.ended).toEqual({ why: 'closed' });
    expect(facts).toMatchObject({ state: 'ended', end: { why: 'closed' }, recording: { complete: true } });
    const bytes = await blobs.read(facts.recording!.sha256);
    expect(bytes).toHaveLength(facts.recording!.size);
    const cast = readCast(Buffer.from(bytes).toString('utf8'));
    expect(cast.header.title).toBe('石桥 开关电源 2#');
    expect(castOutput(cast.events)).toContain('通信中断');
    expect(await ssh.unclaimedRecordings({})).toEqual([facts]);
    await ssh.claimRecording({ sessionId });
    expect(await ssh.unclaimedRecordings({})).toEqual([]);
    expect(await readdir(join(dataDir, 'recordings'))).toEqual([]);
  });

  test('[R23] of a session whose process died is kept as far as it went', async () => {
    const { ssh, loseWorker } = await aHost();
    const { sessionId } = await connectTrusted(ssh);
    const screen = new TestScreen(ssh.output({ sessionId }));
    await ssh.write({ sessionId, data: typed('show battery\r') });
    await screen.until('98 %');
    const lost = expect(screen.ended).rejects.toMatchObject({ code: 'host.unavailable' });
    loseWorker();
    await lost;
    const facts = await ssh.close({ sessionId });
    expect(facts).toMatchObject({
      end: { why: 'error', code: 'ssh.workerLost' },
      recording: { complete: false },
    });
  });

  test('[R23] of an application that was killed is found at the next start', async () => {
    const before = await aHost();
    const { sessionId } = await connectTrusted(before.ssh);
    const screen = new TestScreen(before.ssh.output({ sessionId }));
    await before.ssh.write({ sessionId, data: typed('show alarm\r') });
    await screen.until('CAN0');
    await before.ssh.mark({ sessionId, label: 'before the crash' });
    const folder = join(dataDir, 'recordings');
    const left: [string, Buffer][] = [];
    for (;;) {
      const cast = await readFile(join(folder, `${sessionId}.cast`));
      if (!cast.includes('before the crash')) continue;
      left.push([`${sessionId}.cast`, Buffer.concat([cast, Buffer.from('[0.1, "o", "to')])]);
      left.push([`${sessionId}.json`, await readFile(join(folder, `${sessionId}.json`))]);
      break;
    }
    await before.ssh.close({ sessionId });
    await before.ssh.claimRecording({ sessionId });
    for (const [name, bytes] of left) await writeFile(join(folder, name), bytes);

    const after = await aHost();
    const [recovered] = await after.ssh.unclaimedRecordings({});
    expect(recovered).toMatchObject({
      sessionId,
      ticketId: 'ticket/1',
      state: 'ended',
      end: { code: 'ssh.hostLost' },
      recording: { complete: false },
    });
    const cast = readCast(Buffer.from(await blobs.read(recovered!.recording!.sha256)).toString('utf8'));
    expect(cast.torn).toBe(true);
    expect(castOutput(cast.events)).toContain('CAN0');
    expect(await after.ssh.unclaimedRecordings({})).toEqual([recovered]);
  });
});

test('[R24] a log on the device is followed over the connection already open', async () => {
  const { ssh } = await aHost();
  const { sessionId } = await connectTrusted(ssh);
  const leave = new AbortController();
  const items = ssh.tail({ sessionId, path: '/var/log/alarm.log' }, { signal: leave.signal });
  const tail = items[Symbol.asyncIterator]();
  const first = await tail.next();
  expect(first.value).toMatchObject({ kind: 'data', offset: 0 });
  device.appendLog('R2 恢复');
  const second = await tail.next();
  expect(Buffer.from((second.value as { data: Uint8Array }).data).toString('utf8')).toBe('R2 恢复\n');
  leave.abort();
  expect((await tail.next()).done).toBe(true);
  expect(await ssh.clockOffset({ sessionId })).toMatchObject({ offsetMs: expect.any(Number) });
  await ssh.close({ sessionId });
});

test('[R16] a session that nobody knows is named as over', async () => {
  const { ssh } = await aHost();
  const sessionId = '00000000-0000-4000-8000-000000000000';
  await expect(ssh.close({ sessionId })).rejects.toMatchObject({ code: 'ssh.noSession' });
  await expect(ssh.write({ sessionId, data: typed('x') })).rejects.toMatchObject({ code: 'ssh.noSession' });
});
