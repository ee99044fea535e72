/**
 * `npm run demo`: a server, a simulated device to log in to, and the
 * application with demo data, in the browser.
 */
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DEMO_ACCOUNTS } from '#server/demo-accounts.ts';
import { startServer } from '#server/start.ts';
import { startSimulatedDevice, type SimulatedDevice } from '#test/support/simulated-device.ts';
import { runBrowserHost } from './browser-host.ts';
import { readStartOptions, type StartOptions } from './start-options.ts';
import { stopOnSignal } from './stop-on-signal.ts';

const SECONDS_BETWEEN_ALARMS = 20;
const DEVICE_PASSWORD = 'demo';
/** The demo's asset remembers it; another one is taken only while this one is in use. */
const DEVICE_PORT = 2022;

const options = understand([...process.argv.slice(2), '--demo']);
const serverData = join(options.data, 'server');
mkdirSync(serverData, { recursive: true, mode: 0o700 });

const server = await startServer({ data: serverData, demo: true });
const device = await startDevice();
const alarms = setInterval(() => {
  device.appendLog(
    `${new Date().toISOString()} WARN rectifier 3 output 51.${Math.floor(performance.now()) % 10} V, below 52.0 V`,
  );
}, SECONDS_BETWEEN_ALARMS * 1000);

console.log(`
Device    ssh://${device.username}@${device.host}:${device.port}   password ${device.password}
          host key ${device.hostKeyFingerprint}
Server    ${server.url}
          ${DEMO_ACCOUNTS.map(({ id, password }) => `${id} / ${password}`).join('   ')}
          For a second laptop: npm start -- --host browser --port 0 --data ${join(options.data, 'second')}
          then choose "Connect to a server".
Ctrl+C stops all of it.
`);
const application = await runBrowserHost({ ...options, data: join(options.data, 'laptop') }, device);

stopOnSignal(async () => {
  clearInterval(alarms);
  await application.close();
  await device.stop();
  await server.close();
});

async function startDevice(): Promise<SimulatedDevice> {
  const given = {
    password: DEVICE_PASSWORD,
    hostKey: deviceHostKey(join(options.data, 'device-host-key.pem')),
  };
  try {
    return await startSimulatedDevice({ ...given, port: DEVICE_PORT });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    return startSimulatedDevice(given);
  }
}

/** The same key at every start: a device whose key changes would rightly be refused. */
function deviceHostKey(file: string): string {
  if (!existsSync(file)) {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    writeFileSync(file, privateKey.export({ type: 'sec1', format: 'pem' }), { mode: 0o600 });
  }
  return readFileSync(file, 'utf8');
}

function understand(args: readonly string[]): StartOptions {
  const usage = `npm run demo -- [--port N] [--no-open] [--data DIR]
  --port     port of the application on 127.0.0.1
  --no-open  do not open the browser
  --data     folder for everything of the demo`;
  if (args.includes('--help')) {
    console.log(usage);
    process.exit(0);
  }
  try {
    return readStartOptions(args);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    console.error(`${error.message}\n${usage}`);
    process.exit(1);
  }
}
