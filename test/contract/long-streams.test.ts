import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { connectContract } from '#shared/host/client.ts';
import { stream } from '#shared/host/define.ts';
import { memoryTransportPair } from '#shared/host/memory-transport.ts';
import { serveContract } from '#shared/host/serve.ts';

const ITEMS = 60_000;
const contract = { flow: { count: stream(z.object({}), z.number()) } };

function usedBytes(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  return process.memoryUsage().heapUsed;
}

it('a stream that runs all day keeps nothing of what has passed', { timeout: 60_000 }, async () => {
  const [client, host] = memoryTransportPair((message) => message);
  let last = 0;
  serveContract(
    contract,
    {
      flow: {
        count: async function* () {
          for (;;) yield ++last;
        },
      },
    },
    host,
  );
  const connection = await connectContract(contract, client);
  const reading = connection.client.flow.count({})[Symbol.asyncIterator]();
  const readMore = async (): Promise<number> => {
    for (let read = 0; read < ITEMS; read++) await reading.next();
    return usedBytes();
  };
  const before = await readMore();
  const after = await readMore();
  await reading.return?.();
  connection.close();
  // Keeping a promise of each item would be some 200 bytes for each.
  expect((after - before) / ITEMS).toBeLessThan(40);
});
