import type { Network } from '#test/support/tcp-proxy.ts';
import type { Laptop } from './laptop.ts';
import type { Fault } from './oracle.ts';
import type { World } from './world.ts';

/** What can happen in a round, and how often. */
const WEIGHTS = {
  killHost: 6,
  killBrowser: 3,
  killServer: 6,
  killPostgres: 3,
  network: 8,
  fullHostDisk: 3,
  fullServerDisk: 2,
  clock: 3,
  deleteDatabase: 3,
  secondHost: 1,
  secondServer: 1,
  backup: 2,
  restore: 2,
} as const;
export type FaultName = keyof typeof WEIGHTS;

/** What cannot happen in this world is drawn again. */
export function drawFaults(world: World): FaultName[] {
  const { random, central, backups } = world;
  const count = random.weighted({ 1: 4, 2: 3, 3: 1 });
  const isPossible = (name: FaultName): boolean => {
    if (name === 'killPostgres') return central.kind === 'postgres';
    if (name === 'fullServerDisk') return central.disk !== undefined;
    if (name === 'secondServer') return central.kind === 'pglite';
    if (name === 'fullHostDisk') return world.laptops.some(({ disk }) => disk !== undefined);
    if (name === 'clock') return world.laptops.some(({ time }) => time !== undefined);
    if (name === 'restore') return backups.length > 0;
    return true;
  };
  const drawn: FaultName[] = [];
  while (drawn.length < Number(count)) {
    const name = random.weighted(WEIGHTS);
    if (isPossible(name) && !drawn.includes(name)) drawn.push(name);
  }
  return drawn;
}

/** Does it to the world. @returns what must not have come of it. */
export async function inflict(name: FaultName, world: World): Promise<Fault[]> {
  const { random, central } = world;
  const laptop = random.pick(world.laptops);
  switch (name) {
    case 'killHost':
      await laptop.killHost();
      return [];
    case 'killBrowser':
      await laptop.killBrowser();
      return [];
    case 'killServer':
      await central.kill();
      return [];
    case 'killPostgres':
      if (!world.isPostgresDown) await central.killPostgres();
      world.isPostgresDown = true;
      return [];
    case 'network':
      laptop.proxy.set(drawNetwork(world));
      return [];
    case 'fullHostDisk':
      await world.laptops.find(({ disk }) => disk !== undefined)?.disk?.fill();
      return [];
    case 'fullServerDisk':
      await central.disk?.fill();
      return [];
    case 'clock':
      setClock(world);
      return [];
    case 'deleteDatabase':
      // The host or the browser may be dead already.
      await laptop.call('deleteDatabase').catch(() => undefined);
      return [];
    case 'secondHost':
      return secondHost(laptop);
    case 'secondServer': {
      await central.start();
      return refusedAs(await central.startSecond(), 'Another Faultline server (process');
    }
    case 'backup':
      return backup(world);
    case 'restore':
      return restore(world);
  }
}

function drawNetwork({ random }: World): Network {
  switch (
    random.weighted({
      refused: 3,
      halfOpen: 2,
      dropAnswers: 3,
      resetMidAnswer: 4,
      slow: 2,
      delayed: 2,
      open: 1,
    })
  ) {
    case 'refused':
      return { k: 'refused' };
    case 'halfOpen':
      return { k: 'halfOpen' };
    case 'dropAnswers':
      return { k: 'dropAnswers' };
    case 'resetMidAnswer':
      return { k: 'resetMidAnswer', bytes: random.int(4_000) };
    case 'slow':
      return { k: 'slow', bytesPerSecond: 1_024 };
    case 'delayed':
      return { k: 'delayed', ms: 50 + random.int(1_500) };
    case 'open':
      return { k: 'open' };
  }
}

function setClock({ random, laptops }: World): void {
  const time = laptops.find((laptop) => laptop.time !== undefined)?.time;
  const seconds = Math.round(random.between(-3, 3) * 86_400);
  time?.set(`${seconds < 0 ? '' : '+'}${seconds}s`);
}

/** It has to be turned away as long as the first one lives, which it may not in this round. */
async function secondHost(laptop: Laptop): Promise<Fault[]> {
  await laptop.start();
  return refusedAs(await laptop.startSecondHost(), 'is using this data folder');
}

function refusedAs(said: string | undefined, expected: string): Fault[] {
  if (said === undefined) return [{ kind: 'other', text: `a second process was let in: ${expected}` }];
  return said.includes(expected)
    ? []
    : [{ kind: 'other', text: `a second process was told: ${said.slice(-2_000)}` }];
}

/** A backup of a server that works; on a full disk there is none. */
async function backup(world: World): Promise<Fault[]> {
  await world.startEverything();
  world.backups.push(await world.central.backup());
  return [];
}

async function restore(world: World): Promise<Fault[]> {
  await world.startEverything();
  await world.central.kill();
  await world.central.restore(world.random.pick(world.backups));
  await world.central.start();
  return [];
}
