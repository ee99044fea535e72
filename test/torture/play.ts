import { startPostgres, type Postgres } from '#test/support/postgres.ts';
import { drawFaults, inflict, type FaultName } from './faults.ts';
import type { DatabaseKind } from './central.ts';
import type { Fault } from './oracle.ts';
import { World } from './world.ts';

export interface TortureOptions {
  readonly rounds: number;
  readonly databases: readonly DatabaseKind[];
  /** Of the first world; the next one has the next. */
  readonly seed: number;
  readonly rendererDir: string;
  /** Ends it after the present round. */
  readonly signal?: AbortSignal;
  /** Told what happens, line by line. */
  readonly onTold: (line: string) => void;
}

export interface TortureResult {
  rounds: number;
  worlds: number;
  kills: { host: number; browser: number; server: number; postgres: number };
  faults: Partial<Record<FaultName, number>>;
  facts: number;
  attachments: number;
  checks: number;
  lost: number;
  duplicated: number;
  diverged: number;
  stuck: number;
  other: number;
  /** Processes that ended without having been killed; what they said is in `failures`. */
  died: number;
  seconds: number;
  seedOfFirstFailure: number | null;
  failures: string[];
}

const ROUNDS_A_WORLD = 20;
const CHECK_EVERY = 5;
const KILLS = {
  killHost: 'host',
  killBrowser: 'browser',
  killServer: 'server',
  killPostgres: 'postgres',
} as const;

/** Plays rounds of faults in one world after the other, and asks the oracle again and again. */
export async function play(options: TortureOptions): Promise<TortureResult> {
  const started = performance.now();
  const result: TortureResult = {
    rounds: 0,
    worlds: 0,
    kills: { host: 0, browser: 0, server: 0, postgres: 0 },
    faults: {},
    facts: 0,
    attachments: 0,
    checks: 0,
    lost: 0,
    duplicated: 0,
    diverged: 0,
    stuck: 0,
    other: 0,
    died: 0,
    seconds: 0,
    seedOfFirstFailure: null,
    failures: [],
  };
  const postgres = options.databases.includes('postgres') ? await startPostgres() : undefined;
  try {
    while (result.rounds < options.rounds && options.signal?.aborted !== true) {
      const kind = options.databases[result.worlds % options.databases.length];
      await playWorld(options, result, kind === 'postgres' ? postgres : undefined);
    }
  } finally {
    await postgres?.stop();
  }
  result.seconds = Math.round((performance.now() - started) / 1000);
  return result;
}

async function playWorld(options: TortureOptions, result: TortureResult, postgres?: Postgres): Promise<void> {
  const seed = options.seed + result.worlds;
  result.worlds++;
  const rounds = Math.min(ROUNDS_A_WORLD, options.rounds - result.rounds);
  const fail = (faults: readonly Fault[]): void => {
    for (const { kind, text } of faults) {
      result[kind]++;
      result.failures.push(`seed ${seed}: ${kind}: ${text}`);
      options.onTold(`  ${kind}: ${text}`);
    }
    if (faults.length > 0) result.seedOfFirstFailure ??= seed;
  };
  const world = await World.open(seed, options.rendererDir, postgres);
  options.onTold(`world ${seed}: ${world.central.kind}, ${world.laptops.length} laptops`);
  try {
    for (let round = 1; round <= rounds; round++) {
      const faults = await playRound(world, result, options.onTold);
      if (round % CHECK_EVERY === 0 || round === rounds || options.signal?.aborted === true) {
        faults.push(...(await world.check()));
        result.checks++;
        options.onTold(`  checked: ${world.ledger.saved.size} facts, ${faults.length} faults`);
      }
      fail(faults);
      // What is wrong stays wrong: the rounds that are left are played elsewhere.
      if (faults.length > 0 || options.signal?.aborted === true) break;
    }
  } catch (thrown) {
    fail([
      { kind: 'other', text: thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown) },
    ]);
  } finally {
    fail(world.ledger.faults.map((text): Fault => ({ kind: 'duplicated', text })));
    result.died += world.died.length;
    if (world.died.length > 0) result.seedOfFirstFailure ??= seed;
    for (const text of world.died) result.failures.push(`seed ${seed}: died: ${text}`);
    result.facts += world.ledger.saved.size;
    result.attachments += world.ledger.kept.size;
    await world.close();
  }
}

async function playRound(
  world: World,
  result: TortureResult,
  onTold: (line: string) => void,
): Promise<Fault[]> {
  const { random } = world;
  const started = performance.now();
  await world.write(true);
  const faults: Fault[] = [];
  const drawn = drawFaults(world);
  for (const name of drawn) {
    await pause(random.int(500));
    faults.push(...(await inflict(name, world)));
    result.faults[name] = (result.faults[name] ?? 0) + 1;
    if (name in KILLS) result.kills[KILLS[name as keyof typeof KILLS]]++;
  }
  await pause(random.int(900));
  await world.startEverything();
  if (random.chance(0.5)) for (const { proxy } of world.laptops) proxy.set({ k: 'open' });
  result.rounds++;
  onTold(`  ${result.rounds}: ${drawn.join(', ')} (${Math.round(performance.now() - started)} ms)`);
  return faults;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
