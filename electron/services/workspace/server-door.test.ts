import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { LoginKeeper } from '../access/login-keeper.ts';
import type { TrustingDispatcher } from '../trust/trusting-dispatcher.ts';
import { ServerDoor } from './server-door.ts';

/** Speaks the first version of the protocol only. */
let older: Server;
let url: string;
beforeEach(async () => {
  older = createServer((request, response) => {
    request.resume();
    const isHello = request.url === '/v1/hello';
    const isOther = !isHello && request.headers['faultline-protocol'] !== '1';
    const hello = { product: 'faultline', protocol: { min: 1, max: 1 }, epoch: 'e', serverTime: '' };
    const refusal = isOther ? { code: 'sync.otherVersion' } : { code: 'auth.wrongPassword' };
    response
      .writeHead(isHello ? 200 : isOther ? 426 : 401, { 'content-type': 'application/json' })
      .end(JSON.stringify(isHello ? hello : refusal));
  });
  await new Promise<void>((resolve) => older.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(older.address() as AddressInfo).port}`;
});
afterEach(() => new Promise((resolve) => older.close(resolve)));

it('[SY90] logs in at an older server in the version that both speak', async () => {
  const keeper = { key: async () => ({ publicKey: 'key' }) } as unknown as LoginKeeper;
  const trust = { of: async () => undefined } as unknown as TrustingDispatcher;
  const door = new ServerDoor(keeper, trust);
  const who = { tenant: 'main', user: 'li.wei', password: 'demo' };
  await expect(door.login(url, who, { name: 'Laptop' })).rejects.toMatchObject({
    code: 'sync.wrongPassword',
  });
});
