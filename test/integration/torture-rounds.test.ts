import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Truth } from '#test/simulation/truth.ts';
import { buildPage, type BuiltPage } from '#test/torture/build-page.ts';
import { inflict, type FaultName } from '#test/torture/faults.ts';
import { checkServer, truthOf } from '#test/torture/oracle.ts';
import { World } from '#test/torture/world.ts';

const chromium = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
const hasBrowser = existsSync(chromium);
if (!hasBrowser) console.warn(`NOT RUN: a world of real processes (no browser at ${chromium})`);

/**
 * Between two faults. No condition stands for it: laptops write all the while, and the next fault has to meet them in the
 * middle of whatever they then do.
 */
const LULL_MS = 300;

describe.skipIf(!hasBrowser)('a world of real processes', () => {
  let page: BuiltPage;
  let world: World;
  let truth: Truth;

  beforeAll(async () => {
    page = await buildPage();
    // Two laptops: one on a small disk, one whose clock can be set.
    world = await World.open(3_000, page.folder);
  }, 300_000);
  afterAll(async () => {
    await world?.close();
    page?.remove();
  }, 60_000);

  test('[TO1][TO2][TO3][TO4] loses nothing, doubles nothing and comes to an end, whatever is killed, cut, filled up or set back', async () => {
    const rounds: readonly (readonly FaultName[])[] = [
      ['network', 'killServer', 'killHost'],
      ['clock', 'deleteDatabase', 'fullHostDisk', 'killBrowser'],
    ];
    for (const faults of rounds) {
      await world.write(true);
      for (const name of faults) {
        expect(await inflict(name, world)).toEqual([]);
        await new Promise((resolve) => setTimeout(resolve, LULL_MS));
      }
      await world.startEverything();
    }
    expect(await world.check()).toEqual([]);
    expect(world.died).toEqual([]);
    expect(world.ledger.faults).toEqual([]);
    expect(world.ledger.saved.size).toBeGreaterThan(20);
    truth = await world.central.read(truthOf);
  }, 300_000);

  test('[TO1][TO2][TO3] the oracle sees what is missing, changed, doubled, made up, numbered with a gap, or folded wrong', () => {
    const { ledger } = world;
    const kindsOf = (change: Partial<Truth>): string[] => [
      ...new Set(checkServer({ ...truth, ...change }, ledger).map(({ kind }) => kind)),
    ];
    const [first, ...others] = truth.events;
    if (first === undefined) throw new Error('The world has no facts.');
    const { event } = first;
    const changed = { ...event, data: { ...event.data, text: 'not what was written' } };
    expect(kindsOf({})).toEqual([]);
    expect(kindsOf({ events: others })).toContain('lost');
    expect(kindsOf({ events: [{ ...first, event: changed }, ...others] })).toContain('lost');
    expect(kindsOf({ events: [first, ...truth.events] })).toContain('duplicated');
    expect(
      kindsOf({ events: [...truth.events, { ...first, event: { ...event, id: crypto.randomUUID() } }] }),
    ).toContain('duplicated');
    expect(kindsOf({ entries: truth.entries.slice(1) })).toEqual(['diverged']);
    expect(kindsOf({ rows: truth.rows.map((row) => ({ ...row, state: '{}' })) })).toEqual(['diverged']);
    expect(kindsOf({ rows: [] })).toEqual(['diverged']);
  });
});
