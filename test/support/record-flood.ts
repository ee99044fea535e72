/**
 * Run as a process of its own by a test that kills it: records a session that counts without end.
 * Arguments: host, port, user, file of the private key, path of the recording.
 */
import { readFile } from 'node:fs/promises';
import { Recorder } from '#electron/services/ssh/recorder.ts';
import { SshSession } from '#electron/services/ssh/session.ts';
import { connectTrusting, typed } from './ssh-client.ts';

const [host = '', port = '', username = '', keyFile = '', recordingPath = ''] = process.argv.slice(2);
const now = (): number => performance.now();
const connection = await connectTrusting({
  host,
  port: Number(port),
  username,
  secret: { kind: 'privateKey', privateKey: await readFile(keyFile, 'utf8') },
  knownKeys: [],
});
const size = { cols: 80, rows: 24 };
const recorder = await Recorder.start({ path: recordingPath, ...size, startedAt: new Date(), now });
const channel = await connection.openShell(size);
const session = new SshSession({ channel, recorder, charset: 'utf-8', now, lost: () => connection.lost });
await session.write(typed('stty -echo; echo START; seq 1 1000000000\n'));
await session.ended;
